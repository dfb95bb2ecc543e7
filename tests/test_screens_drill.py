"""The drill on the terminal: its form, the drill while it runs, its report, and breaking it off."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from kvmnet_tui.model.drill import Drill, DrillPhase, DrillStep, How, Step, TargetProgress
from kvmnet_tui.model.failovers import Cause, Failover
from kvmnet_tui.model.state import HostState
from kvmnet_tui.requests import Outcome, RequestError
from kvmnet_tui.requests.bonds import RunDrill
from kvmnet_tui.screens.drill import DrillScreen
from tests.support import pictures
from tests.support.screens import Stage, on_stage
from tests.test_history import REPORT

RUNNING = Drill(
    "bond0", "ens32", How.PULL, DrillPhase.WAITING, pictures.NOW, until=pictures.NOW + 60,
    targets=(TargetProgress("192.168.200.2", 240, 2, (0.5, 0.5, None, None, 1.0)),),
    steps=(DrillStep(pictures.NOW, Step.CARRIER_LOST, "ens32"),),
)  # fmt: skip


def drilling(phase: DrillPhase) -> HostState:
    return replace(pictures.course_host(), drill=replace(RUNNING, phase=phase))


@asynccontextmanager
async def drill_shown(picture: HostState, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Stage]:
    """A drill's screen over a picture; the drill ends when the test lets it."""
    async with on_stage(picture, size) as stage:
        stage.host.perform = stage.ends = Ending()  # type: ignore[attr-defined,method-assign]
        await stage.app.push_screen(DrillScreen(RunDrill("bond0"), stage.app.state))
        await stage.pilot.pause()
        yield stage


class Ending:
    """What becomes of the request, once it is said."""

    def __init__(self) -> None:
        self.result: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self.was_given_up = False

    async def __call__(self, _request: RunDrill) -> Outcome:
        try:
            return await self.result
        except asyncio.CancelledError:
            self.was_given_up = True
            raise


async def test_a_drill_that_is_refused_says_why() -> None:
    async with drill_shown(pictures.course_host()) as stage:
        stage.ends.result.set_exception(RequestError("It would be cut.", ("No member is up.",)))
        await stage.sees("The drill did not take place")
        assert "It would be cut." in stage.text
        assert "No member is up." in stage.text
        await stage.press("escape")
        await stage.sees_no("The drill did not take place")


async def test_a_drill_shows_what_to_do_now_and_every_answer() -> None:
    async with drill_shown(drilling(DrillPhase.WAITING)) as stage:
        await stage.sees("PULL THE CABLE NOW")
        assert "▅▅xx█" in stage.text
        assert "ens32 lost its carrier" in stage.text
        await stage.show(drilling(DrillPhase.RESTORING))
        await stage.sees("PLUG THE CABLE BACK IN")


async def test_a_drill_ends_in_its_report_and_says_where_it_is_kept() -> None:
    async with drill_shown(drilling(DrillPhase.OUTAGE), (120, 60)) as stage:
        over = replace(RUNNING, phase=DrillPhase.DONE, report=REPORT)
        stage.ends.result.set_result(Outcome("done", ("figures", "Report: /somewhere.txt")))
        await stage.show(replace(pictures.course_host(), drill=over))
        await stage.sees("Report: /somewhere.txt")
        for part in ("Failover", "103 ms", "10 of 61", "the bond did not move back to it in time"):
            assert part in stage.text
        await stage.press("escape")
        await stage.sees_no("Report: /somewhere.txt")


async def test_breaking_a_drill_off_is_asked_and_ends_it() -> None:
    async with drill_shown(drilling(DrillPhase.OUTAGE)) as stage:
        await stage.press("escape")
        await stage.sees("Break the drill off?")
        assert "ens32 is brought up again at once." in stage.text
        await stage.press("escape")
        await stage.sees_no("Break the drill off?")
        assert not stage.ends.was_given_up
        await stage.press("escape", "enter")
        await stage.until(lambda: stage.ends.was_given_up)
        await stage.sees_no("break off")


async def test_the_bell_is_switched_by_its_key() -> None:
    async with on_stage(pictures.course_host()) as stage:
        await stage.press("3", "b")
        await stage.sees("Failovers ring now.")
        await stage.press("b")
        await stage.sees("Failovers no longer ring.")


async def test_the_history_of_a_bond_is_a_key_away() -> None:
    kept = Failover(
        "bond0", "ens32", Cause.CARRIER, "active-backup", "ens36", 9.0, 9.1, 9.11, 0, 70
    )
    async with on_stage(replace(pictures.course_host(), failovers=(kept,)), (120, 30)) as stage:
        await stage.press("3", "f")
        await stage.sees("History of bond0")
        await stage.sees("carrier lost")
        assert "1 min 1 s" in stage.text
