"""What every command needs: a controller that performs a request, and ways to print the answer."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from kvmnet_tui.complaint import complain
from kvmnet_tui.controller import Controller, Publish
from kvmnet_tui.i18n import _
from kvmnet_tui.model.state import HostState, Phase, SourceName
from kvmnet_tui.model.tasks import TaskPhase
from kvmnet_tui.present.sentences import not_there_sentence
from kvmnet_tui.present.text import clean, clean_block
from kvmnet_tui.requests import Outcome, Request, RequestError
from kvmnet_tui.show import json_text

MakeController = Callable[[Publish], Controller]
Result = TypeVar("Result")

SPOKE_SECONDS = 15.0
DONE, REFUSED = 0, 2


@dataclass(frozen=True, slots=True)
class Shop:
    """What one run of a command works with."""

    make_controller: MakeController

    def state(self, needs: Iterable[SourceName]) -> HostState:
        """The picture once all of `needs` spoke; raises RequestError when one is not there."""

        async def look(controller: Controller) -> HostState:
            return controller.state

        return self.use(look, needs)

    def ask(
        self,
        build: Callable[[HostState], Request],
        needs: Iterable[SourceName] = (SourceName.LIBVIRT, SourceName.KERNEL),
        hears: Iterable[SourceName] = (),
    ) -> Outcome:
        """Have what `build` makes of the picture done, telling on stderr how far it is.

        Waits for what `needs` and `hears` name; the latter may be missing. Raises RequestError.
        """

        async def do(controller: Controller) -> Outcome:
            return await controller.perform(build(controller.state))

        return self.use(do, needs, hears)

    def use(
        self,
        work: Callable[[Controller], Awaitable[Result]],
        needs: Iterable[SourceName],
        hears: Iterable[SourceName] = (),
    ) -> Result:
        """Run `work` beside a live controller; raises RequestError."""
        return asyncio.run(_use(self.make_controller, work, tuple(needs), tuple(hears)))


async def _use(
    make_controller: MakeController,
    work: Callable[[Controller], Awaitable[Result]],
    needs: tuple[SourceName, ...],
    hears: tuple[SourceName, ...],
) -> Result:
    teller = _Teller()
    controller = make_controller(teller.show)
    run = asyncio.create_task(controller.run())
    try:
        await controller.until(lambda state: _spoke(state, (*needs, *hears)), SPOKE_SECONDS)
        _require(controller.state, needs)
        return await work(controller)
    finally:
        run.cancel()
        with suppress(asyncio.CancelledError):
            await run


def _spoke(state: HostState, needs: tuple[SourceName, ...]) -> bool:
    return all(state.source(name).phase is not Phase.STARTING for name in needs)


def _require(state: HostState, needs: tuple[SourceName, ...]) -> None:
    for name in needs:
        status = state.source(name)
        if status.phase is not Phase.LIVE:
            raise RequestError(not_there_sentence(name, status))


class _Teller:
    """Prints how far the running tasks are, each sentence once."""

    def __init__(self) -> None:
        self._last = ""

    def show(self, state: HostState) -> None:
        """Look at a new picture."""
        for task in state.tasks:
            if task.phase is TaskPhase.RUNNING and task.told not in ("", self._last):
                self._last = task.told
                sys.stderr.write(f"{clean(task.told)}\n")
                sys.stderr.flush()


def finish(work: Callable[[], Outcome], *, as_json: bool = False) -> int:
    """Do it and print what became of it: the exit status."""
    try:
        outcome = work()
    except RequestError as error:
        return refuse(error)
    tell(outcome, as_json=as_json)
    return DONE


def refuse(error: RequestError) -> int:
    """One sentence on stderr, what belongs to it on further lines, and the exit status."""
    complain(error.sentence)
    for line in error.details:
        sys.stderr.write(f"  {clean(line)}\n")
    return REFUSED


def tell(outcome: Outcome, *, as_json: bool = False) -> None:
    """Print an outcome: a sentence and its lines, or its record."""
    if as_json:
        print_json(outcome.record)
        return
    print_lines((outcome.sentence, *(f"  {line}" for line in outcome.details)))


def print_lines(lines: Iterable[str]) -> None:
    """Lines of text, made safe for a terminal."""
    sys.stdout.writelines(f"{clean(line)}\n" for line in lines)
    sys.stdout.flush()


def print_text(text: str) -> None:
    """A text of several lines, such as XML or a diff, made safe for a terminal."""
    sys.stdout.write(f"{clean_block(text)}\n")
    sys.stdout.flush()


def print_json(record: Any) -> None:
    """A record, or a list of them."""
    sys.stdout.write(f"{json_text(record)}\n")
    sys.stdout.flush()


def can_ask() -> bool:
    """Whether somebody sits at a terminal."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def confirmed(question: str, lines: Iterable[str] = ()) -> bool:
    """Ask on the terminal, below the lines that it is about; without one the answer is no."""
    if not can_ask():
        complain(_("Nothing was done: say --yes where nobody can be asked."))
    sys.stderr.writelines(f"  {clean(line)}\n" for line in lines)
    if not can_ask():
        return False
    sys.stderr.write(f"{clean(question)} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}
