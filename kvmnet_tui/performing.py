"""Performs requests: finds who can, follows how far they are, and turns crashes into sentences."""

import asyncio
import itertools
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from kvmnet_tui.events import TaskChanged
from kvmnet_tui.i18n import _
from kvmnet_tui.model.state import HostState
from kvmnet_tui.model.tasks import Task, TaskPhase
from kvmnet_tui.requests import Outcome, Performers, Request, RequestError
from kvmnet_tui.sources.threads import call_in_thread

Load = Callable[[], Performers]
Put = Callable[[TaskChanged], None]


class Performing:
    """The requests of one controller; each is a task of the picture from begin to end.

    `load` runs in a thread before the first request: it may import what takes long.
    """

    def __init__(
        self, load: Load, picture: "Picture", put: Put, *, read_only: bool = False
    ) -> None:
        self._load = load
        self._performers: Performers | None = None
        self._read_only = read_only
        self._picture = picture
        self._put = put
        self._serials = itertools.count(1)

    async def perform(self, request: Request) -> Outcome:
        """Do it; raises RequestError when it was not done."""
        task = Task(next(self._serials), request.title, time.time())
        self._put(TaskChanged(task))
        progress = _Progress(task, self._picture, self._put)
        try:
            outcome = await self._do(request, progress)
        except RequestError as error:
            self._end(progress.task, TaskPhase.FAILED, error.sentence, error.details)
            raise
        except asyncio.CancelledError:
            self._end(progress.task, TaskPhase.FAILED, _("Given up."), ())
            raise
        self._end(progress.task, TaskPhase.DONE, outcome.sentence, outcome.details)
        return outcome

    async def _do(self, request: Request, progress: "_Progress") -> Outcome:
        if request.changes and self._read_only:
            raise RequestError(_("Started with --read-only: nothing is changed."))
        try:
            perform = (await self._loaded()).get(type(request))
            if perform is None:
                told = _("Nothing here can do this: {title}.")
                raise RequestError(told.format(title=request.title))
            return await perform(request, progress)
        except RequestError:
            raise
        except Exception as error:  # a bug becomes a sentence, and the screens go on
            reason = f"{type(error).__name__}: {error}"
            told = _("{title}: this failed unexpectedly ({reason}).")
            raise RequestError(told.format(title=request.title, reason=reason)) from error

    async def _loaded(self) -> Performers:
        if self._performers is None:
            self._performers = await call_in_thread("performers", self._load)
        return self._performers

    def _end(self, task: Task, phase: TaskPhase, sentence: str, details: tuple[str, ...]) -> None:
        ended = replace(task, phase=phase, sentence=sentence, details=details, ended=time.time())
        self._put(TaskChanged(ended))


class Picture:
    """The newest picture, and who waits for it to change."""

    def __init__(self, state: HostState) -> None:
        self.state = state
        self._changed: asyncio.Future[None] | None = None

    def replace(self, state: HostState) -> None:
        """Another picture."""
        self.state = state
        if self._changed is not None and not self._changed.done():
            self._changed.set_result(None)
        self._changed = None

    async def change(self) -> None:
        """Wait for the next one."""
        if self._changed is None:
            self._changed = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._changed)

    async def until(self, condition: Callable[[HostState], bool], seconds: float) -> bool:
        """Wait until the picture satisfies `condition`; False when it does not in time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not condition(self.state):
                    await self.change()
        return condition(self.state)


class _Progress:
    """What a performer is given: the context of one task."""

    def __init__(self, task: Task, picture: Picture, put: Put) -> None:
        self.task = task
        self._picture = picture
        self._put = put

    @property
    def state(self) -> HostState:
        return self._picture.state

    def tell(self, sentence: str) -> None:
        self.task = replace(self.task, told=sentence)
        self._put(TaskChanged(self.task))

    async def until(self, condition: Callable[[HostState], bool], seconds: float) -> bool:
        return await self._picture.until(condition, seconds)
