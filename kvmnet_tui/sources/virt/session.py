"""One live connection: everything read once, then what events and audits say has changed."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from kvmnet_tui.events import Event, GuestsRead, Happened, NetworksRead
from kvmnet_tui.model.interest import Interest
from kvmnet_tui.model.state import HostState, Problem
from kvmnet_tui.model.timeline import Kind, TimelineEntry
from kvmnet_tui.model.virt import Guest, Network
from kvmnet_tui.sources.source import Inbox
from kvmnet_tui.sources.virt import changes
from kvmnet_tui.sources.virt.address import network_folder
from kvmnet_tui.sources.virt.agents import Addresses, Agents
from kvmnet_tui.sources.virt.changes import Notice
from kvmnet_tui.sources.virt.connection import Connection
from kvmnet_tui.sources.virt.failure import Failure, Lost
from kvmnet_tui.sources.virt.guests import Guests
from kvmnet_tui.sources.virt.leases import Leases
from kvmnet_tui.sources.virt.networks import Networks
from kvmnet_tui.sources.virt.notices import Subscriptions
from kvmnet_tui.sources.virt.readings import Change, Readings
from kvmnet_tui.sources.virt.timing import Timing

AUDIT_OBJECTS = 8
# Over a slow line each object is a round trip or two: a batch must fit into a call's time limit.
BATCH = 25
# A start or a redefinition is a burst of events within a millisecond or two.
SETTLE_SECONDS = 0.01

Record = TypeVar("Record")

_PLUGGED = frozenset({Kind.GUEST_STARTED, Kind.NIC_ADDED, Kind.NIC_CHANGED, Kind.NETWORK_STARTED})


class Session:
    """A connection from its opening to its loss. Belongs to the event loop."""

    def __init__(self, uri: str, read_only: bool, inbox: Inbox, timing: Timing) -> None:
        self._inbox = inbox
        self._audit_seconds = timing.audit
        self._lost: asyncio.Future[Failure] = asyncio.get_running_loop().create_future()
        connect = partial(Connection, uri, read_only, timing.keepalive)
        self._connection = connect(self._on_lost)
        self._networks = Networks(network_folder(uri))
        self._guests = Guests()
        self._subscriptions = Subscriptions(self._on_notice)
        self._notices: list[Notice] = []
        self._noticed = asyncio.Event()
        self._leases = Leases(self._connection, self._networks, inbox)
        self._agents = Agents(connect, self._agent_answered)

    @property
    def connection(self) -> Connection:
        """The connection; what takes long in it holds up everything else."""
        return self._connection

    @property
    def restriction(self) -> Failure:
        """Why the connection may only look, in libvirt's words; no problem when it was asked to."""
        refusal = self._connection.refusal
        return Failure(Problem.NO_RIGHTS if refusal else Problem.NONE, refusal)

    async def open(self) -> None:
        """Connect, however long it takes; raises Lost."""
        await self._connection.open()

    def hang_up(self) -> None:
        """Break the connection, so that a call which hangs in it fails now."""
        self._connection.hang_up()

    async def begin(self) -> None:
        """Subscribe, and only then read everything; raises Lost."""
        await self._connection.call(self._subscriptions.subscribe)
        await self._read_all(self._networks)
        await self._leases.read()
        networks = await self._connection.call(self._networks.snapshot)
        self._inbox.put(NetworksRead(networks, complete=True))
        await self._read_all(self._guests)
        guests = await self._connection.call(self._guests.snapshot)
        self._inbox.put(GuestsRead(guests, complete=True))
        for uuid, guest in guests.items():
            self._agents.note(uuid, guest)

    async def follow_up(self) -> None:
        """Tell what changes until the connection is lost; raises Lost."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._raise_when_lost())
                tasks.create_task(self._reread_forever())
                tasks.create_task(self._audit_forever())
                tasks.create_task(self._leases.run())
                tasks.create_task(self._agents.run())
        except ExceptionGroup as group:
            lost, bugs = group.split(Lost)
            raise _first_of(bugs or lost or group) from group

    async def close(self) -> None:
        """Take the subscriptions back and close, whatever state the connection is in."""
        if self._lost.done():
            self._connection.hang_up()
        await self._connection.close(self._subscriptions.unsubscribe)

    def notice(self, notice: Notice) -> None:
        """Look at an object again although libvirt has said nothing: some changes have no event."""
        self._on_notice(notice)

    def look_at(self, interest: Interest) -> None:
        """Keep leases and agents' addresses fresh while somebody looks at them."""
        self._leases.watch(interest.guests)
        self._agents.watch(interest.guests)

    def follow(self, before: HostState, after: HostState) -> None:
        """Learn from the kernel's neighbours that a lease was granted."""
        self._leases.follow(before, after)

    def _on_lost(self, failure: Failure) -> None:
        if not self._lost.done():
            self._lost.set_result(failure)

    async def _raise_when_lost(self) -> None:
        raise Lost(await self._lost)

    async def _read_all(self, readings: "Networks | Guests") -> None:
        uuids = await self._connection.call(readings.begin)
        for start in range(0, len(uuids), BATCH):
            batch = uuids[start : start + BATCH]
            await self._connection.call(partial(readings.read, uuids=batch))

    def _on_notice(self, notice: Notice) -> None:
        self._notices.append(notice)
        self._noticed.set()

    async def _reread_forever(self) -> None:
        while True:
            await self._noticed.wait()
            await asyncio.sleep(SETTLE_SECONDS)
            self._noticed.clear()
            notices, self._notices = self._notices, []
            await self._reread(notices)

    async def _reread(self, notices: Sequence[Notice]) -> None:
        """Look again at every object with a notice, once."""
        for_networks = _by_uuid(notices, of_guests=False)
        for_guests = _by_uuid(notices, of_guests=True)
        networks = await self._look_again(self._networks, for_networks)
        guests = await self._look_again(self._guests, for_guests)
        self._tell(networks, guests, for_networks, for_guests)

    async def _look_again(
        self, readings: Readings[Record, Any], notices: Mapping[str, object]
    ) -> Mapping[str, Change[Record]]:
        if not notices:
            return {}
        return await self._connection.call(partial(readings.look_again, uuids=tuple(notices)))

    async def _audit_forever(self) -> None:
        while True:
            await asyncio.sleep(self._audit_seconds)
            audit = partial(self._networks.audit, count=AUDIT_OBJECTS)
            networks = await self._connection.call(audit)
            guests = await self._connection.call(partial(self._guests.audit, count=AUDIT_OBJECTS))
            self._tell(networks, guests, {}, {})

    def _tell(
        self,
        networks: Mapping[str, Change[Network]],
        guests: Mapping[str, Change[Guest]],
        for_networks: Mapping[str, Sequence[Notice]],
        for_guests: Mapping[str, Sequence[Notice]],
    ) -> None:
        now = time.time()
        entries: list[TimelineEntry] = []
        for uuid, net in networks.items():
            entries += changes.of_network(net.old, net.new, for_networks.get(uuid, ()), now)
        for uuid, dom in guests.items():
            entries += changes.of_guest(dom.old, dom.new, for_guests.get(uuid, ()), now)
            self._agents.note(uuid, dom.new)
        if any(entry.kind in _PLUGGED for entry in entries):
            self._leases.guest_plugged()
        entries.sort(key=lambda entry: entry.at)
        self._put(networks, guests, entries)

    def _put(
        self,
        networks: Mapping[str, Change[Network]],
        guests: Mapping[str, Change[Guest]],
        entries: Sequence[TimelineEntry],
    ) -> None:
        events: list[Event] = []
        if networks:
            events.append(NetworksRead({uuid: each.new for uuid, each in networks.items()}))
        if guests:
            events.append(GuestsRead({uuid: each.new for uuid, each in guests.items()}))
        if entries:
            events.append(Happened(tuple(entries)))
        for event in events:
            self._inbox.put(event)

    async def _agent_answered(self, uuid: str, addresses: Addresses) -> None:
        said = partial(self._guests.agent_said, uuid=uuid, addresses=addresses)
        change = await self._connection.call(said)
        if change.old != change.new:
            self._inbox.put(GuestsRead({uuid: change.new}))


def _by_uuid(notices: Sequence[Notice], *, of_guests: bool) -> Mapping[str, list[Notice]]:
    table: defaultdict[str, list[Notice]] = defaultdict(list)
    for notice in notices:
        if notice.is_guest == of_guests:
            table[notice.uuid].append(notice)
    return table


def _first_of(group: ExceptionGroup[Exception]) -> Exception:
    """One exception of a group of groups: which one hardly matters, and it can say what it is."""
    error = group.exceptions[0]
    return _first_of(error) if isinstance(error, ExceptionGroup) else error
