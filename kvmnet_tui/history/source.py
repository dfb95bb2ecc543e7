"""The history in the picture: past failovers are read once, new ones kept as they happen."""

import asyncio
import time
from functools import partial

from kvmnet_tui.events import FailoversTold, Happened
from kvmnet_tui.failovers import FailoverFinder
from kvmnet_tui.history.store import ROOTS_FOLDER, History, merged
from kvmnet_tui.model.failovers import Failover
from kvmnet_tui.model.interest import Interest
from kvmnet_tui.model.state import HostState, SourceName
from kvmnet_tui.model.timeline import Kind, Origin, TimelineEntry
from kvmnet_tui.sources.source import Inbox
from kvmnet_tui.sources.threads import Worker


class HistorySource:
    """Keeps failovers in `history`, or only in memory without one."""

    name = SourceName.BONDING

    def __init__(self, history: History | None) -> None:
        self._history = history
        self._found: asyncio.Queue[Failover] = asyncio.Queue()
        self._finder = FailoverFinder(self._found.put_nowait)
        self._seen = 0

    async def run(self, inbox: Inbox) -> None:
        """Say what is kept, then what happens."""
        worker = Worker("history")
        told = False
        try:
            inbox.put(FailoversTold(await worker.call(self._read)))
            while True:
                failovers = [await self._found.get()]
                while not self._found.empty():
                    failovers.append(self._found.get_nowait())
                inbox.put(FailoversTold(tuple(failovers)))
                trouble = await worker.call(partial(self._keep, tuple(failovers)))
                if trouble and not told:
                    told = True
                    inbox.put(Happened((_not_kept(trouble),)))
        finally:
            worker.close()
            if self._history is not None:
                self._history.close()

    def look_at(self, interest: Interest) -> None:
        """Failovers are kept whatever is on screen."""

    def follow(self, _before: HostState, after: HostState) -> None:
        """Look for failovers among the new entries of the timeline."""
        timeline = after.timeline
        if not timeline or timeline[-1].serial <= self._seen:
            return
        first = max(0, self._seen + 1 - timeline[0].serial)
        for entry in timeline[first:]:
            self._finder.take(after, entry)
        self._seen = timeline[-1].serial

    def _read(self) -> tuple[Failover, ...]:
        if self._history is None:
            return ()
        own = self._history.failovers()
        if self._history.folder == ROOTS_FOLDER:
            return own
        return merged((History(ROOTS_FOLDER).failovers(), own))

    def _keep(self, failovers: tuple[Failover, ...]) -> str:
        """Append them; why that cannot be, "" when it could or another process does it."""
        if self._history is None:
            return ""
        try:
            if self._history.is_recorder():
                for failover in failovers:
                    self._history.append(failover)
        except OSError as error:
            return f"{error.filename or self._history.folder}: {error.strerror or error}"
        return ""


def _not_kept(trouble: str) -> TimelineEntry:
    return TimelineEntry(0, time.time(), Origin.PROGRAM, Kind.HISTORY_LOST, trouble)
