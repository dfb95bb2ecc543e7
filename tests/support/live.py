"""A controller that runs for the length of a `with`, and waiting for what its pictures show."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from kvmnet_tui.controller import Controller
from kvmnet_tui.model.state import HostState
from kvmnet_tui.requests import Performers
from kvmnet_tui.sources.source import Source

PATIENCE = 10.0


class LiveHost:
    """Keeps every picture the controller published, in order."""

    def __init__(
        self, *sources: Source, performers: Callable[[], Performers], read_only: bool
    ) -> None:
        self.pictures: list[HostState] = []
        self.controller = Controller(
            sources, self._publish, performers=performers, read_only=read_only
        )
        self._published = asyncio.Event()

    @property
    def state(self) -> HostState:
        """The newest picture."""
        return self.controller.state

    async def until(
        self, condition: Callable[[HostState], object], seconds: float = PATIENCE
    ) -> HostState:
        """The first picture from now on that meets the condition; AssertionError when none does."""
        try:
            async with asyncio.timeout(seconds):
                while not condition(self.state):
                    self._published.clear()
                    await self._published.wait()
        except TimeoutError:
            raise AssertionError(f"not seen within {seconds} s; last: {self.state}") from None
        return self.state

    def _publish(self, state: HostState) -> None:
        self.pictures.append(state)
        self._published.set()


@asynccontextmanager
async def live_host(
    *sources: Source, performers: Callable[[], Performers] = dict, read_only: bool = False
) -> AsyncIterator[LiveHost]:
    """A host whose sources run until the end of the `with`, and who performs its requests."""
    host = LiveHost(*sources, performers=performers, read_only=read_only)
    task = asyncio.create_task(host.controller.run())
    try:
        yield host
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
