"""Runs a drill from its baseline to its report, step by step."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from kvmnet_tui.drill.helpers import HelperError, Prober, Restorer
from kvmnet_tui.drill.log import Log
from kvmnet_tui.drill.plan import (
    PULL_SECONDS,
    DrillPlan,
    detection_seconds,
)
from kvmnet_tui.drill.report import Measured, make_report
from kvmnet_tui.i18n import _
from kvmnet_tui.model.bond_health import LACP_MODE
from kvmnet_tui.model.drill import Drill, DrillPhase, DrillReport, DrillStep, How, Remark, Step
from kvmnet_tui.requests import Context, RequestError
from kvmnet_tui.sources.threads import call_in_thread

SHOW_SECONDS = 0.1  # between two pictures of a drill
LOOK_SECONDS = 0.02  # between two looks at what is waited for
READY_SECONDS = 10.0
LAST_ANSWERS_SECONDS = 1.2  # a probe counts as lost after a second
SYSFS = Path("/sys/class/net")

Show = Callable[[Drill], None]


class DrillRun:
    """One drill. `show` is called with each picture of it."""

    def __init__(self, plan: DrillPlan, context: Context, show: Show) -> None:
        self._plan = plan
        self._context = context
        self._show = show
        self._log = Log(plan.bond.name, plan.member, [one.address for one in plan.targets])
        self._measured = Measured(began=time.time())
        self._restorer: Restorer | None = None
        self._drill = Drill(
            plan.bond.name, plan.member, plan.how, DrillPhase.BASELINE, self._measured.began
        )
        self._answering: frozenset[int] = frozenset()

    async def run(self) -> DrillReport:
        """From begin to end; RequestError says why there is no report."""
        showing = asyncio.create_task(self._keep_showing())
        try:
            report = await self._run()
        except HelperError as error:
            raise RequestError(
                _("The drill broke off, and the member was brought up: {reason}").format(
                    reason=error
                )
            ) from error
        finally:
            showing.cancel()
            with suppress(asyncio.CancelledError):
                await showing
        self._drill = replace(self._drill, phase=DrillPhase.DONE, report=report, until=0.0)
        self._show_now()
        return report

    def failed(self, sentence: str) -> None:
        """Show that it came to nothing, and why."""
        self._drill = replace(self._drill, phase=DrillPhase.FAILED, sentence=sentence, until=0.0)
        self._show_now()

    async def _run(self) -> DrillReport:
        prober = await Prober.start(self._plan, self._log.take)
        self._check = prober.check
        try:
            await self._baseline()
            try:
                await self._take_away()
                await self._wait_for_answers()
                await self._bring_back()
            finally:
                self._let_go()
            await asyncio.sleep(LAST_ANSWERS_SECONDS)
        finally:
            await prober.stop()
        self._measured.ended = time.time()
        return make_report(self._context.state.host, self._plan, self._log, self._measured)

    # The phases.

    async def _baseline(self) -> None:
        self._phase(
            DrillPhase.BASELINE, self._plan.baseline_seconds, _("Measuring how it is before.")
        )
        if not await self._until(lambda: self._log.is_ready, READY_SECONDS):
            raise HelperError(_("the probes could not be started"))
        await self._until(lambda: False, self._plan.baseline_seconds)
        self._answering = self._log.answering()
        self._measured.baseline_until = time.time()
        if not self._answering:
            words = tuple(dict.fromkeys(self._log.troubles.values()))
            raise RequestError(
                _("Nothing that is probed answers even now: a drill could measure nothing."), words
            )

    async def _take_away(self) -> None:
        plan, asked = self._plan, time.time()
        if plan.how is How.DOWN:
            try:
                self._restorer = await Restorer.start(plan)
            except HelperError as error:
                raise RequestError(_restorer_refused(plan, str(error))) from error
            asked = time.time()
            self._phase(DrillPhase.OUTAGE, plan.patience, _("Taking {member} down."))
            await self._restorer.take_down()
        else:
            self._phase(DrillPhase.WAITING, PULL_SECONDS, _("Pull the cable of {member} now."))
        seconds = READY_SECONDS if plan.how is How.DOWN else PULL_SECONDS
        if not await self._until(lambda: self._carrier_step(asked) is not None, seconds):
            raise RequestError(
                _("{member} did not lose its carrier in time: nothing was measured.").format(
                    member=plan.member
                )
            )
        step = self._carrier_step(asked)
        self._measured.lost_at = step.at if step else asked
        self._phase(DrillPhase.OUTAGE, plan.patience, _("{member} is gone: waiting for answers."))

    def _carrier_step(self, since: float) -> DrillStep | None:
        log, member = self._log, self._plan.member
        lost = log.step_after(since, Step.CARRIER_LOST, member)
        return lost or log.step_after(since, Step.SET_DOWN, member)

    async def _wait_for_answers(self) -> None:
        """Until answers come steadily and the driver had its time; else until patience ends."""
        plan, lost_at = self._plan, self._measured.lost_at
        noticed = lost_at + detection_seconds(plan.bond)

        def recovered() -> bool:
            moved = self._member_is_out() or time.time() > noticed + self._plan.settle_seconds
            return moved and self._log.is_steady(lost_at, self._answering)

        if await self._until(recovered, plan.patience):
            self._phase(
                DrillPhase.TAKEN_OVER, self._plan.settle_seconds, _("The traffic has moved.")
            )
            await self._until(lambda: False, self._plan.settle_seconds)
        else:
            self._measured.remarks.append(Remark.NO_ANSWER)
        self._measured.failover_until = time.time()

    def _member_is_out(self) -> bool:
        return bool(self._log.state(self._plan.member, "mii") == "down")

    async def _bring_back(self) -> None:
        plan, log, asked = self._plan, self._log, time.time()
        if self._restorer is not None:
            seconds = READY_SECONDS
            self._phase(DrillPhase.RESTORING, seconds, _("Bringing {member} up."))
            await self._restorer.bring_up()
        else:
            seconds = PULL_SECONDS
            self._phase(DrillPhase.RESTORING, seconds, _("Plug the cable of {member} back in."))
        if not await self._until(lambda: bool(log.state(plan.member, "carrier")), seconds):
            self._measured.remarks.append(Remark.NOT_BACK)
            return
        found = log.step_after(asked - self._plan.settle_seconds, Step.CARRIER_FOUND, plan.member)
        self._measured.found_at = found.at if found else asked
        self._phase(DrillPhase.FAILBACK, plan.back_patience, _("Waiting for {member} to carry."))
        await self._wait_for_member()
        await self._until(
            lambda: log.is_steady(self._measured.found_at, self._answering), plan.patience
        )
        await self._until(lambda: False, self._plan.settle_seconds)
        self._measured.failback_until = time.time()

    async def _wait_for_member(self) -> None:
        plan, log = self._plan, self._log
        if not await self._until(lambda: log.state(plan.member, "mii") == "up", plan.back_patience):
            self._measured.remarks.append(Remark.MEMBER_STAYS_OUT)
            return
        if plan.bond.mode == LACP_MODE:
            await self._until(self._is_in_old_aggregator, plan.back_patience)
        elif plan.bond.active_member == plan.member:
            await self._wait_for_failback()

    def _is_in_old_aggregator(self) -> bool:
        others = (one.name for one in self._plan.bond.members if one.name != self._plan.member)
        mine = self._log.state(self._plan.member, "aggregator")
        return any(self._log.state(other, "aggregator") == mine for other in others)

    async def _wait_for_failback(self) -> None:
        """The primary takes over by itself; others are asked to where that is wanted."""
        plan, log = self._plan, self._log
        returns = plan.bond.primary == plan.member and not plan.bond.primary_reselect.startswith(
            "failure"
        )

        def is_back() -> bool:
            return bool(log.state(plan.bond.name, "active") == plan.member)

        if returns:
            if not await self._until(is_back, plan.patience):
                self._measured.remarks.append(Remark.NO_FAILBACK)
        elif plan.give_back:
            self._log.add(DrillStep(time.time(), Step.GIVEN_BACK, plan.bond.name, plan.member))
            await _make_active(plan.bond.name, plan.member)
            await self._until(is_back, plan.patience)

    def _let_go(self) -> None:
        if self._restorer is not None:
            self._restorer.close()
            self._restorer = None

    # Waiting and showing.

    async def _until(self, condition: Callable[[], bool], seconds: float) -> bool:
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() >= end:
                return False
            self._check()
            if self._drill.phase is DrillPhase.WAITING:
                self._log.forget_old()
            await asyncio.sleep(LOOK_SECONDS)
        return True

    def _phase(self, phase: DrillPhase, seconds: float, sentence: str) -> None:
        told = sentence.format(member=self._plan.member)
        self._context.tell(told)
        until = time.time() + seconds
        self._drill = replace(self._drill, phase=phase, until=until, sentence=told)
        self._show_now()

    async def _keep_showing(self) -> None:
        while True:
            await asyncio.sleep(SHOW_SECONDS)
            self._show_now()

    def _show_now(self) -> None:
        self._drill = replace(
            self._drill, targets=self._log.progress(), steps=self._log.ordered_steps()
        )
        self._show(self._drill)


def _restorer_refused(plan: DrillPlan, words: str) -> str:
    if words == "busy":
        return _("Another drill is under way on {bond}.").format(bond=plan.bond.name)
    return _("Nothing was done: what would bring {member} up again cannot run ({reason}).").format(
        member=plan.member, reason=words
    )


async def _make_active(bond: str, member: str) -> None:
    path = SYSFS / bond / "bonding" / "active_slave"
    with suppress(OSError):  # the mode has none, or the member went down again
        await call_in_thread("active-member", lambda: path.write_text(member))
