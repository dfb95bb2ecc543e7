"""The drill in the picture: performs the request, and shows how far it is."""

import asyncio
from collections.abc import Callable

from kvmnet_tui.drill.surroundings import Surroundings, read_surroundings
from kvmnet_tui.events import DrillChanged
from kvmnet_tui.model.drill import Drill, DrillReport
from kvmnet_tui.model.interest import Interest
from kvmnet_tui.model.state import HostState, SourceName
from kvmnet_tui.requests import Context, Outcome, Performers, RequestError
from kvmnet_tui.requests.bonds import RunDrill
from kvmnet_tui.sources.source import Inbox
from kvmnet_tui.sources.threads import call_in_thread

Keep = Callable[[DrillReport], str]  # returns where it is kept; OSError


class DrillSource:
    """Says what a drill does while one is under way. `keep` stores its report."""

    name = SourceName.BONDING

    def __init__(
        self, keep: Keep, surroundings: Callable[[], Surroundings] = read_surroundings
    ) -> None:
        self._keep = keep
        self._surroundings = surroundings
        self._inbox: Inbox | None = None
        self._busy = False

    async def run(self, inbox: Inbox) -> None:
        """Lend the inbox to the drills."""
        self._inbox = inbox
        await asyncio.Event().wait()

    def look_at(self, interest: Interest) -> None:
        """A drill is shown whatever is on screen."""

    def follow(self, before: HostState, after: HostState) -> None:
        """A drill watches its bond by itself."""

    def performers(self) -> Performers:
        """Who runs drills."""
        return {RunDrill: self.perform}

    async def perform(self, request: RunDrill, context: Context) -> Outcome:
        """Run a drill; RequestError when it must not be, or when it broke off."""
        from kvmnet_tui.drill.plan import make_plan, refusals  # noqa: PLC0415 - with the first one
        from kvmnet_tui.drill.run import DrillRun  # noqa: PLC0415

        around = await call_in_thread("surroundings", self._surroundings)
        reasons = refusals(context.state, around, request)
        if reasons:
            raise RequestError(reasons[0], reasons[1:])
        run = DrillRun(make_plan(context.state, around, request), context, self._show)
        try:
            report = await run.run()
        except RequestError as error:
            run.failed(error.sentence)
            raise
        except BaseException:
            run.failed("")
            raise
        return await self._outcome(report)

    async def _outcome(self, report: DrillReport) -> Outcome:
        from kvmnet_tui.codec import encode  # noqa: PLC0415 - with the first drill
        from kvmnet_tui.present.drill_report import (  # noqa: PLC0415
            report_lines,
            report_sentence,
        )

        lines = report_lines(report)
        try:
            kept = await call_in_thread("report", lambda: self._keep(report))
        except OSError as error:
            kept = error.strerror or str(error)
        return Outcome(report_sentence(report), (*lines, kept), encode(report))

    def _show(self, drill: Drill) -> None:
        if self._inbox is not None:
            self._inbox.put(DrillChanged(drill))
