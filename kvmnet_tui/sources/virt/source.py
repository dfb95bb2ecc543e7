"""The libvirt source: connects, says what is wrong while it cannot, and connects again."""

import asyncio
import shutil
import time
from typing import TYPE_CHECKING

from kvmnet_tui.events import SourceChanged
from kvmnet_tui.model.interest import Interest
from kvmnet_tui.model.state import HostState, Phase, Problem, SourceName, SourceStatus
from kvmnet_tui.model.timeline import Kind
from kvmnet_tui.sources.source import Inbox
from kvmnet_tui.sources.threads import call_in_thread
from kvmnet_tui.sources.virt.address import is_local_daemon
from kvmnet_tui.sources.virt.changes import Notice
from kvmnet_tui.sources.virt.failure import Failure, Lost
from kvmnet_tui.sources.virt.timing import Timing

if TYPE_CHECKING:
    from kvmnet_tui.sources.virt.connection import Connection
    from kvmnet_tui.sources.virt.session import Session

DEFAULT_TIMING = Timing()

DAEMONS = ("libvirtd", "virtqemud", "virtnetworkd")
DAEMON_PATH = "/usr/sbin:/usr/local/sbin:/sbin:/usr/bin:/usr/local/bin"


class VirtSource:
    """Networks and guests of the libvirt at `uri`."""

    name = SourceName.LIBVIRT

    def __init__(self, uri: str, read_only: bool, timing: Timing = DEFAULT_TIMING) -> None:
        self._uri = uri
        self._read_only = read_only
        self._timing = timing
        self._interest = Interest()
        self._session: Session | None = None
        self._status = SourceStatus(Phase.STARTING)

    @property
    def connection(self) -> "Connection | None":
        """The live connection, None while there is none."""
        return self._session.connection if self._session else None

    def notice_network(self, uuid: str, name: str) -> None:
        """Look at a network that was changed here: virNetworkUpdate has no event (libvirt 9.0)."""
        if self._session is not None:
            notice = Notice(time.time(), False, uuid, name, Kind.NETWORK_CHANGED)
            self._session.notice(notice)

    def notice_guest(self, uuid: str) -> None:
        """Look at a guest that was changed here: what is stored changes without an event."""
        if self._session is not None:
            self._session.notice(Notice(time.time(), True, uuid, ""))

    async def run(self, inbox: Inbox) -> None:
        """Connect and tell until cancelled."""
        self._say(inbox, Phase.STARTING, Failure(Problem.NONE))
        try:
            session_class = await call_in_thread("import libvirt", _session_class)
        except ImportError as error:
            self._say(inbox, Phase.ABSENT, Failure(Problem.NOT_INSTALLED, str(error)))
            await asyncio.Event().wait()
            return
        retry = self._timing.first_retry
        while True:
            was_live = await self._connect(inbox, session_class)
            retry = self._timing.first_retry if was_live else retry
            await asyncio.sleep(retry)
            retry = min(2 * retry, self._timing.last_retry)

    def look_at(self, interest: Interest) -> None:
        """Keep leases and agents' addresses fresh while somebody looks at guests."""
        self._interest = interest
        if self._session is not None:
            self._session.look_at(interest)

    def follow(self, before: HostState, after: HostState) -> None:
        """Learn from the kernel's neighbours that a lease was granted."""
        if self._session is not None:
            self._session.follow(before, after)

    async def _connect(self, inbox: Inbox, session_class: "type[Session]") -> bool:
        """One connection from its opening to its loss; whether it was ever live."""
        session = session_class(self._uri, self._read_only, inbox, self._timing)
        self._session = session
        session.look_at(self._interest)
        was_live = False
        try:
            await self._open(inbox, session)
            await session.begin()
            was_live = True
            self._say(inbox, Phase.LIVE, session.restriction)
            await session.follow_up()
        except Lost as lost:
            self._say_lost(inbox, lost.failure)
        finally:
            self._session = None
            await session.close()
        return was_live

    async def _open(self, inbox: Inbox, session: "Session") -> None:
        opening = asyncio.ensure_future(session.open())
        try:
            await asyncio.wait([opening], timeout=self._timing.open)
            if opening.done():
                return opening.result()
            silence = Failure(Problem.NOT_ANSWERING)
            self._say_lost(inbox, silence)
            session.hang_up()
            # Not every call ends when hung up on: the kernel's own connect does not. Then there
            # is nothing better than to wait for it, and no second attempt beside it.
            await asyncio.wait([opening])
            if opening.exception() is not None:
                raise Lost(silence) from None
        finally:
            opening.cancel()

    def _say_lost(self, inbox: Inbox, failure: Failure) -> None:
        if failure.problem is Problem.NOT_RUNNING and not _has_daemon(self._uri):
            self._say(inbox, Phase.ABSENT, Failure(Problem.NOT_INSTALLED, failure.detail))
        else:
            self._say(inbox, Phase.LOST, failure)

    def _say(self, inbox: Inbox, phase: Phase, failure: Failure) -> None:
        """Say how things stand, and since when the phase is what it is."""
        since = self._status.since if self._status.phase is phase else 0.0
        self._status = SourceStatus(phase, since or time.time(), failure.problem, failure.detail)
        inbox.put(SourceChanged(self.name, self._status))


def _session_class() -> "type[Session]":
    """Import the libraries, which takes longer than the first frame may."""
    from kvmnet_tui.sources.virt.session import Session  # noqa: PLC0415

    return Session


def _has_daemon(uri: str) -> bool:
    """Whether the daemon that the URI asks for is installed, as far as can be told from here."""
    return not is_local_daemon(uri) or any(
        shutil.which(daemon, path=DAEMON_PATH) for daemon in DAEMONS
    )
