"""The changes as a source: their folders, looked at often while one is under way, else seldom."""

import asyncio
from contextlib import suppress

from kvmnet_tui.change import folders
from kvmnet_tui.events import ChangesRead
from kvmnet_tui.model.change import ChangeStatus
from kvmnet_tui.model.interest import Interest
from kvmnet_tui.model.state import HostState, SourceName
from kvmnet_tui.sources.source import Inbox
from kvmnet_tui.sources.threads import Worker

OFTEN = 0.5
SELDOM = 2.0


class ChangesSource:
    """Says what became of changes of the host's own networking."""

    name = SourceName.MANAGERS

    def __init__(self) -> None:
        self._stamp: object = None
        self._wake = asyncio.Event()
        self._changes: tuple[ChangeStatus, ...] = ()

    async def run(self, inbox: Inbox) -> None:
        """Read them now and whenever their files change, until cancelled."""
        worker = Worker("changes")
        self._stamp = None
        try:
            while True:
                changes = await worker.call(self._read)
                if changes is not None:
                    inbox.put(ChangesRead(changes, are_hidden=not folders.may_look()))
                is_busy = any(not change.is_over for change in self._changes)
                with suppress(TimeoutError):
                    # Not wait_for: Python 3.11's loses a cancellation that comes with the event.
                    async with asyncio.timeout(OFTEN if is_busy else SELDOM):
                        await self._wake.wait()
                self._wake.clear()
        finally:
            worker.close()

    def look_at(self, interest: Interest) -> None:
        """Changes are read whatever is on screen."""

    def follow(self, before: HostState, after: HostState) -> None:
        """What was asked for may have begun a change, or ended one."""
        if after.tasks is not before.tasks:
            self._wake.set()

    def _read(self) -> tuple[ChangeStatus, ...] | None:
        """All changes, None when no journal has been written since."""
        stamp = tuple(_stamp(identifier) for identifier in folders.known_ids())
        if stamp == self._stamp:
            return None
        self._stamp = stamp
        self._changes = folders.read_all()
        return self._changes


def _stamp(identifier: str) -> object:
    folder = folders.folder_of(identifier)
    try:
        return identifier, (folder / "journal.json").stat().st_mtime_ns if folder else 0
    except OSError:
        return identifier, 0
