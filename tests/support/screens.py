"""Screens under test: the app over a still picture, and its screen as text."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from textual.app import App
from textual.pilot import Pilot
from textual.strip import Strip

from kvmnet_tui.app import AppSettings, KvmnetApp
from kvmnet_tui.controller import Controller, Publish
from kvmnet_tui.model.interest import Interest
from kvmnet_tui.model.state import HostState
from kvmnet_tui.requests import Outcome, Request, RequestError

PATIENCE_SECONDS = 10.0


class StillHost(Controller):
    """A controller without sources: the picture stays until the test shows another."""

    def __init__(self, publish: Publish, picture: HostState) -> None:
        super().__init__((), publish)
        self._picture.replace(picture)
        self.interests: list[Interest] = []
        self.requests: list[Request] = []
        self.outcome = Outcome("Done.")
        self.refusals: list[RequestError] = []
        self._say = publish
        self._failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def look_at(self, interest: Interest) -> None:
        """Remember what the screens asked for."""
        self.interests.append(interest)

    async def perform(self, request: Request) -> Outcome:
        """Remember what was asked for; the first are refused while there are refusals."""
        self.requests.append(request)
        if self.refusals:
            raise self.refusals.pop(0)
        return self.outcome

    def show(self, picture: HostState) -> None:
        """Publish another picture."""
        self._picture.replace(picture)
        self._say(picture)

    def fail(self, error: Exception) -> None:
        """Crash."""
        self._failure.set_exception(error)

    async def run(self) -> None:
        """Publish the picture and wait."""
        self._say(self.state)
        await self._failure


class Stage:
    """The running app with everything a test needs to ask it."""

    def __init__(self, app: KvmnetApp, pilot: Pilot[None], host: StillHost) -> None:
        self.app = app
        self.pilot = pilot
        self.host = host

    @property
    def text(self) -> str:
        """What the terminal shows."""
        return screen_text(self.app)

    @property
    def lines(self) -> list[str]:
        """The same by lines."""
        return self.text.split("\n")

    async def press(self, *keys: str) -> None:
        """Press keys, and let what they cause be painted."""
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait for a condition; fail with the screen when it does not come true."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"this did not come true; the screen says\n{self.text}")
            await self.pilot.pause(0.02)

    async def sees(self, text: str) -> None:
        """Wait for a text on the screen."""
        await self.until(lambda: text in self.text)

    async def sees_no(self, text: str) -> None:
        """Wait for a text to go."""
        await self.until(lambda: text not in self.text)

    async def show(self, picture: HostState) -> None:
        """Publish another picture and let it be painted."""
        self.host.show(picture)
        await self.until(lambda: self.app.state is picture)
        await self.pilot.pause()

    @property
    def cursor_line(self) -> str:
        """The line under the table's cursor, found by its reverse style."""
        found = [
            "".join(segment.text for segment in strip).rstrip()
            for y, strip in enumerate(_strips(self.app))
            if y > 1 and any(segment.style and segment.style.reverse for segment in strip)
        ]
        return found[0] if found else ""


@asynccontextmanager
async def on_stage(
    picture: HostState,
    size: tuple[int, int] = (80, 24),
    settings: AppSettings | None = None,
) -> AsyncIterator[Stage]:
    """The app over a picture."""
    hosts: list[StillHost] = []

    def make_controller(publish: Publish) -> StillHost:
        hosts.append(StillHost(publish, picture))
        return hosts[0]

    app = KvmnetApp(make_controller, settings or AppSettings())
    async with app.run_test(size=size) as pilot:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while app.state is not picture and time.monotonic() < deadline:
            await pilot.pause(0.01)
        await pilot.pause()
        yield Stage(app, pilot, hosts[0])


def _strips(app: App[None]) -> list[Strip]:
    return list(app.screen._compositor.render_strips(app.size))


def screen_text(app: App[None]) -> str:
    """The screen's lines without styles and trailing spaces."""
    return "\n".join(strip.text.rstrip() for strip in _strips(app))
