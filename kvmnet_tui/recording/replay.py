"""Plays a recording as if the host were there: a controller whose pictures come from a file."""

import asyncio
from dataclasses import replace

from kvmnet_tui.controller import Controller, Publish
from kvmnet_tui.i18n import _
from kvmnet_tui.model.interest import Interest
from kvmnet_tui.model.state import HostState
from kvmnet_tui.recording.player import Recording
from kvmnet_tui.requests import Outcome, Request, RequestError

SPEEDS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 64.0)
LONGEST_WAIT = 3.0  # seconds: nobody wants to watch a quiet night


class ReplayController(Controller):
    """Publishes a recording's pictures in their own time, times the speed."""

    def __init__(self, recording: Recording, publish: Publish, *, is_paused: bool = False) -> None:
        super().__init__((), publish, recording.host, read_only=True)
        self._recording = recording
        self._show_picture = publish
        self._position = 0
        self._speed = SPEEDS.index(1.0)
        self._is_paused = is_paused
        self._touched = asyncio.Event()

    async def run(self) -> None:
        """Play until cancelled; at the end it rests, and can be gone back from."""
        self._show()
        while True:
            self._touched.clear()
            if self._is_paused or self._position + 1 >= len(self._recording):
                await self._touched.wait()
                continue
            try:
                async with asyncio.timeout(self._wait()):
                    await self._touched.wait()
            except TimeoutError:
                self._go(self._position + 1)

    def _wait(self) -> float:
        here, there = (self._recording.at(self._position + ahead) for ahead in (0, 1))
        return min(LONGEST_WAIT, max(0.0, there - here) / SPEEDS[self._speed])

    def look_at(self, interest: Interest) -> None:
        """A recording holds what it holds."""

    async def perform(self, _request: Request) -> Outcome:
        """Nothing can be done to the past."""
        raise RequestError(_("This is a recording: nothing can be done in it."))

    # The user's keys.

    def pause(self) -> None:
        """Stop, or go on; from the end begin anew."""
        if not self._is_paused and self._position + 1 >= len(self._recording):
            self._position = 0
        else:
            self._is_paused = not self._is_paused
        self._show()

    def step(self, pictures: int) -> None:
        """Pause and go so many pictures on, or back."""
        self._is_paused = True
        self._go(self._position + pictures)

    def jump(self, direction: int) -> None:
        """Go to the next picture (or the last, backwards) in which something happened."""
        here = self._recording.picture(self._position).timeline
        serial = here[-1].serial if here else 0
        position = self._position
        while 0 <= position + direction < len(self._recording):
            position += direction
            timeline = self._recording.picture(position).timeline
            if (timeline[-1].serial if timeline else 0) != serial:
                break
        self._go(position)

    def faster(self, steps: int) -> None:
        """Change the speed."""
        self._speed = min(len(SPEEDS) - 1, max(0, self._speed + steps))
        self._show()

    def _go(self, position: int) -> None:
        self._position = min(len(self._recording) - 1, max(0, position))
        self._show()

    def _show(self) -> None:
        self._touched.set()
        state = self._recording.picture(self._position)
        self._picture.replace(self._marked(state))
        self._show_picture(self.state)

    def _marked(self, state: HostState) -> HostState:
        if state.replay is None:
            return state
        moment = replace(state.replay, speed=SPEEDS[self._speed], is_paused=self._is_paused)
        return replace(state, replay=moment)
