"""The controller: joins the sources into one stream of HostState. No Textual here."""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence

from kvmnet_tui.events import Event, SourceChanged, fold
from kvmnet_tui.model.interest import Interest
from kvmnet_tui.model.state import HostState, Phase, Problem, SourceStatus
from kvmnet_tui.performing import Performing, Picture
from kvmnet_tui.requests import Outcome, Performers, Request
from kvmnet_tui.sources.source import Source

Publish = Callable[[HostState], None]

FLUSHES_PER_SECOND = 18.0
FLUSH_BURST = 4.0
RESTART_SECONDS = 2.0


class Pacer:
    """A token bucket: single changes pass at once, floods at most so many times a second."""

    def __init__(self, per_second: float, burst: float, now: float) -> None:
        self._per_second = per_second
        self._burst = burst
        self._tokens = burst
        self._at = now

    def delay(self, now: float) -> float:
        """Take a token; seconds to wait until it may be used."""
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._per_second) - 1.0
        self._at = now
        return max(0.0, -self._tokens / self._per_second)


class Controller:
    """Runs the sources, folds what they say and publishes each new picture.

    `publish` is called on the event loop, at most FLUSHES_PER_SECOND in the long run, and never
    with the same picture twice.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        publish: Publish,
        host: str = "",
        performers: Callable[[], Performers] = dict,
        *,
        read_only: bool = False,
    ) -> None:
        self._picture = Picture(HostState(host=host))
        self._performing = Performing(performers, self._picture, self.put, read_only=read_only)
        self._sources = tuple(sources)
        self._publish = publish
        self._events: list[Event] = []
        self._takes: list[Callable[[], Iterable[Event]]] = []
        self._wake = asyncio.Event()

    @property
    def state(self) -> HostState:
        """The newest picture."""
        return self._picture.state

    async def perform(self, request: Request) -> Outcome:
        """Have a request done, as a task of the picture; raises RequestError."""
        return await self._performing.perform(request)

    async def until(self, condition: Callable[[HostState], bool], seconds: float) -> bool:
        """Wait until the picture satisfies `condition`; False when it does not in time."""
        return await self._picture.until(condition, seconds)

    def put(self, event: Event) -> None:
        """Inbox: say one thing."""
        self._events.append(event)
        self._wake.set()

    def pull(self, take: Callable[[], Iterable[Event]]) -> None:
        """Inbox: have `take` called once at the next flush."""
        self._takes.append(take)
        self._wake.set()

    def look_at(self, interest: Interest) -> None:
        """Tell the sources what is on screen now."""
        for source in self._sources:
            source.look_at(interest)

    async def run(self) -> None:
        """Run until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for source in self._sources:
                tasks.create_task(self._keep_running(source), name=f"source {source.name}")
            tasks.create_task(self._flush_forever(), name="controller")

    async def _keep_running(self, source: Source) -> None:
        while True:
            try:
                await source.run(self)
            except Exception as error:  # noqa: BLE001 - a bug in a source becomes a message
                failed = f"{type(error).__name__}: {error}"
                status = SourceStatus(Phase.LOST, time.time(), Problem.FAILED, failed)
                self.put(SourceChanged(source.name, status))
            await asyncio.sleep(RESTART_SECONDS)

    async def _flush_forever(self) -> None:
        pacer = Pacer(FLUSHES_PER_SECOND, FLUSH_BURST, time.monotonic())
        while True:
            await self._wake.wait()
            delay = pacer.delay(time.monotonic())
            if delay:
                await asyncio.sleep(delay)
            self._flush()

    def _flush(self) -> None:
        self._wake.clear()
        takes, self._takes = self._takes, []
        events, self._events = self._events, []
        before = state = self.state
        for event in events:
            state = fold(state, event)
        for take in takes:
            for event in take():
                state = fold(state, event)
        if state is before:
            return
        self._picture.replace(state)
        self._publish(state)
        for source in self._sources:
            source.follow(before, state)
