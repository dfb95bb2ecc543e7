"""The managers as a source: their files, read in a thread when links or the files change."""

import asyncio
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from kvmnet_tui.events import ManagersRead, SourceChanged
from kvmnet_tui.model.interest import Interest
from kvmnet_tui.model.links import Manager
from kvmnet_tui.model.state import HostState, Phase, SourceName, SourceStatus
from kvmnet_tui.sources.managers.backends import fingerprint, read_managers
from kvmnet_tui.sources.source import Inbox
from kvmnet_tui.sources.threads import call_in_thread

PACE: Final = 1.0  # seconds at least between two readings
EVERY: Final = 10.0  # seconds between looks at the files while no link comes or goes


class ManagersSource:
    """Says who manages each link. `root` is the folder that the managers' files are below."""

    name = SourceName.MANAGERS

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root
        self._links: dict[int, str] = {}
        self._links_changed = asyncio.Event()
        self._seen: object = None

    def look_at(self, interest: Interest) -> None:
        """Managers are read whatever is on screen."""

    def follow(self, before: HostState, after: HostState) -> None:
        """Read again when a link came, went or has another name."""
        if after.topology is before.topology:
            return
        links = {index: link.name for index, link in after.links.items()}
        if links != self._links:
            self._links = links
            self._links_changed.set()

    async def run(self, inbox: Inbox) -> None:
        """Say who manages what, then when that changes."""
        self._seen = None
        live = False
        await self._links_changed.wait()
        while True:
            came_or_went = self._links_changed.is_set()
            self._links_changed.clear()
            managers = await self._read(came_or_went)
            if managers is not None:
                inbox.put(ManagersRead(managers))
            if not live:
                live = True
                inbox.put(SourceChanged(self.name, SourceStatus(Phase.LIVE, time.time())))
            await asyncio.sleep(PACE)
            # The managers take notice of a new link somewhat later than we do.
            with suppress(TimeoutError):
                async with asyncio.timeout(PACE if came_or_went else EVERY - PACE):
                    await self._links_changed.wait()

    async def _read(self, anyway: bool) -> dict[int, Manager] | None:
        """The managers; None when nothing they are read from has changed."""
        links, seen, root = self._links, self._seen, self._root

        def read() -> tuple[object, dict[int, Manager] | None]:
            stamp = fingerprint(root)
            changed = anyway or stamp != seen
            return stamp, read_managers(root, links) if changed else None

        self._seen, managers = await call_in_thread("managers", read)
        return managers
