"""What the sources say, and how each saying changes the picture: `fold(state, event)`."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from kvmnet_tui import happenings
from kvmnet_tui.model.bonds import Bond
from kvmnet_tui.model.change import ChangeStatus
from kvmnet_tui.model.drill import Drill
from kvmnet_tui.model.failovers import Failover
from kvmnet_tui.model.joins import AddressBook, Topology
from kvmnet_tui.model.links import Counters, ForwardingEntry, Link, Manager, Neighbour, Rates
from kvmnet_tui.model.moments import Moment
from kvmnet_tui.model.routes import Route
from kvmnet_tui.model.sriov import PhysicalFunction
from kvmnet_tui.model.state import HostState, SourceName, SourceStatus
from kvmnet_tui.model.tasks import Task
from kvmnet_tui.model.timeline import TimelineEntry
from kvmnet_tui.model.virt import Guest, Lease, Network

TIMELINE_LIMIT = 2_000
TASK_LIMIT = 50
FAILOVER_LIMIT = 500
RATE_HISTORY = 16

Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class SourceChanged:
    """A source came up, went away or says why it is not there. `at` in seconds since the epoch."""

    name: SourceName
    status: SourceStatus


@dataclass(frozen=True, slots=True)
class KernelChanged:
    """Links and neighbours that are new or different (a record) or gone (None).

    With `complete` the mappings are all there is: what they do not name is gone. `at` is when
    the kernel's messages were received, in seconds since the epoch. `moments` are steps on the
    way from the last picture, for the links of bonds.
    """

    at: float
    links: Mapping[int, Link | None] = field(default_factory=dict)
    neighbours: Mapping[tuple[int, str], Neighbour | None] = field(default_factory=dict)
    complete: bool = False
    moments: tuple[Moment, ...] = ()


@dataclass(frozen=True, slots=True)
class CountersRead:
    """One bulk reading of counters; `read_at` in seconds of the monotonic clock."""

    read_at: float
    counters: Mapping[int, Counters]


@dataclass(frozen=True, slots=True)
class ForwardingRead:
    """The MAC tables of the bridges somebody looks at, all others dropped."""

    forwarding: Mapping[int, tuple[ForwardingEntry, ...]]


@dataclass(frozen=True, slots=True)
class BondsRead:
    """Bonds that were re-read (a record) or are gone (None), by name."""

    at: float
    bonds: Mapping[str, Bond | None]


@dataclass(frozen=True, slots=True)
class NetworksRead:
    """Networks that were re-read or are gone (None), by UUID; `complete` as in KernelChanged."""

    networks: Mapping[str, Network | None]
    complete: bool = False


@dataclass(frozen=True, slots=True)
class LeasesRead:
    """The leases of one network, all of them."""

    at: float
    network: str
    leases: tuple[Lease, ...]


@dataclass(frozen=True, slots=True)
class GuestsRead:
    """Guests that were re-read or are gone (None), by UUID; `complete` as in KernelChanged."""

    guests: Mapping[str, Guest | None]
    complete: bool = False


@dataclass(frozen=True, slots=True)
class ManagersRead:
    """Who manages each link, by link index, all of them."""

    managers: Mapping[int, Manager]


@dataclass(frozen=True, slots=True)
class RoutesRead:
    """The host's routes, all of them."""

    routes: tuple[Route, ...]


@dataclass(frozen=True, slots=True)
class SriovRead:
    """The cards that can be split, all of them."""

    functions: tuple[PhysicalFunction, ...]


@dataclass(frozen=True, slots=True)
class Happened:
    """Happenings a source knows of by itself, oldest first; their serials are given when folded."""

    entries: tuple[TimelineEntry, ...]


@dataclass(frozen=True, slots=True)
class TaskChanged:
    """A request that began, told how far it is, or ended."""

    task: Task


@dataclass(frozen=True, slots=True)
class ChangesRead:
    """The changes of the host's own networking, all that are known, oldest first.

    `are_hidden`: this account may not see them.
    """

    changes: tuple[ChangeStatus, ...]
    are_hidden: bool = False


@dataclass(frozen=True, slots=True)
class DrillChanged:
    """A failover drill that began, went on or ended."""

    drill: Drill


@dataclass(frozen=True, slots=True)
class FailoversTold:
    """Failovers that are new, or of which more is known than before (the same `key`)."""

    failovers: tuple[Failover, ...]


Event = (
    SourceChanged
    | KernelChanged
    | CountersRead
    | ForwardingRead
    | BondsRead
    | NetworksRead
    | LeasesRead
    | GuestsRead
    | ManagersRead
    | RoutesRead
    | SriovRead
    | Happened
    | TaskChanged
    | ChangesRead
    | DrillChanged
    | FailoversTold
)


def fold(state: HostState, event: Event) -> HostState:
    """The picture after `event`; the same object when nothing changed."""
    return _FOLDS[type(event)](state, event)


def _merged(
    old: Mapping[Key, Value], new: Mapping[Key, Value | None], complete: bool
) -> Mapping[Key, Value]:
    """`old` with `new` laid over it; unchanged records keep their identity, None removes."""
    if complete:
        return {
            key: old[key] if old.get(key) == value else value
            for key, value in new.items()
            if value is not None
        }
    if all(old.get(key) == value for key, value in new.items()):
        return old
    table = dict(old)
    for key, value in new.items():
        if value is None:
            table.pop(key, None)
        elif table.get(key) != value:
            table[key] = value
    return table


def _recorded(state: HostState, entries: tuple[TimelineEntry, ...]) -> HostState:
    if not entries:
        return state
    serial = state.timeline[-1].serial + 1 if state.timeline else 1
    numbered = tuple(replace(entry, serial=serial + offset) for offset, entry in enumerate(entries))
    return replace(state, timeline=(state.timeline + numbered)[-TIMELINE_LIMIT:])


def _source_changed(state: HostState, event: SourceChanged) -> HostState:
    before = state.source(event.name)
    if before == event.status:
        return state
    entries = happenings.of_source(event.name, before, event.status)
    state = replace(state, sources={**state.sources, event.name: event.status})
    return _recorded(state, entries)


def _kernel_changed(state: HostState, event: KernelChanged) -> HostState:
    links = _merged(state.links, event.links, event.complete)
    neighbours = _merged(state.neighbours, event.neighbours, event.complete)
    if links is state.links and neighbours is state.neighbours and not event.moments:
        return state
    changed = links.keys() | state.links.keys() if event.complete else event.links.keys()
    first_picture = event.complete and not state.links
    entries: tuple[TimelineEntry, ...] = ()
    if not first_picture:
        steps, seen = happenings.of_moments(state.links, event.moments)
        told = happenings.of_links(event.at, seen, links, changed)
        entries = happenings.not_told_before(state.timeline, (*steps, *told))
    moved = any(_plugs(state.links.get(key)) != _plugs(links.get(key)) for key in changed)
    state = replace(
        state,
        links=links,
        neighbours=neighbours,
        topology=Topology(links, state.guests, state.networks) if moved else state.topology,
        address_book=state.address_book
        if neighbours is state.neighbours
        else AddressBook(state.networks, state.guests, neighbours),
    )
    return _recorded(_without_gone_links(state, changed), entries)


def _plugs(link: Link | None) -> object:
    """The part of a link that decides its place in the tree."""
    if link is None:
        return None
    return link.name, link.kind, link.master, link.lower, link.lower_elsewhere, link.altnames


def _without_gone_links(state: HostState, changed: Iterable[int]) -> HostState:
    """Forget the counters, rates and managers of links that are no more (indexes are reused)."""
    gone = [index for index in changed if index not in state.links]
    if not gone:
        return state

    def kept(table: Mapping[int, Value]) -> Mapping[int, Value]:
        if not any(index in table for index in gone):
            return table
        return {index: value for index, value in table.items() if index in state.links}

    return replace(
        state,
        counters=kept(state.counters),
        rates=kept(state.rates),
        managers=kept(state.managers),
        forwarding=kept(state.forwarding),
    )


def _counters_read(state: HostState, event: CountersRead) -> HostState:
    # A link that went while its counters were read would otherwise be remembered for ever.
    known = {index: now for index, now in event.counters.items() if index in state.links}
    rates = {
        index: _rates(state.counters.get(index), now, state.rates.get(index), event.read_at)
        for index, now in known.items()
    }
    return replace(
        state,
        counters={**state.counters, **known},
        rates={**state.rates, **rates},
    )


def _rates(before: Counters | None, now: Counters, last: Rates | None, read_at: float) -> Rates:
    """Rates since the last reading; zero when there is none, or when the totals went backwards."""
    if before is None or last is None or read_at <= last.read_at:
        return Rates(read_at)
    seconds = read_at - last.read_at

    def per_second(field_name: str) -> float:
        difference: int = getattr(now, field_name) - getattr(before, field_name)
        # One zero for all the idle links, of which there may be thousands.
        return difference / seconds if difference > 0 else 0.0

    rx, tx = per_second("rx_bytes"), per_second("tx_bytes")
    return Rates(
        read_at,
        rx_bytes=rx,
        tx_bytes=tx,
        rx_packets=per_second("rx_packets"),
        tx_packets=per_second("tx_packets"),
        rx_history=_longer(last.rx_history, rx),
        tx_history=_longer(last.tx_history, tx),
        drops=_drops(before, now, last),
    )


# One history of each length for all the idle links, of which there may be thousands.
_QUIET = tuple((0.0,) * length for length in range(RATE_HISTORY + 1))


def _longer(history: tuple[float, ...], rate: float) -> tuple[float, ...]:
    """The history with one more rate, without the oldest when there are too many."""
    if rate == 0.0 and history == _QUIET[len(history)]:
        return _QUIET[min(len(history) + 1, RATE_HISTORY)]
    return (*history, rate)[-RATE_HISTORY:]


def _drops(before: Counters, now: Counters, last: Rates) -> tuple[int, ...]:
    """What was dropped in each of the last intervals; nothing at all for the calm majority."""
    new = max(0, now.rx_dropped + now.tx_dropped - before.rx_dropped - before.tx_dropped)
    if not new and not last.drops:
        return ()
    drops = (*last.drops, new)[-RATE_HISTORY:]
    return drops if any(drops) else ()


def _forwarding_read(state: HostState, event: ForwardingRead) -> HostState:
    if event.forwarding == state.forwarding:
        return state
    return replace(state, forwarding=event.forwarding)


def _bonds_read(state: HostState, event: BondsRead) -> HostState:
    bonds = _merged(state.bonds, event.bonds, complete=False)
    if bonds is state.bonds:
        return state
    told = happenings.of_bonds(event.at, state.bonds, bonds, event.bonds.keys())
    entries = happenings.not_told_before(state.timeline, told)
    return _recorded(replace(state, bonds=bonds), entries)


def _networks_read(state: HostState, event: NetworksRead) -> HostState:
    networks = _merged(state.networks, event.networks, event.complete)
    return _with_virt(state, networks, state.guests)


def _leases_read(state: HostState, event: LeasesRead) -> HostState:
    network = state.networks.get(event.network)
    if network is None or network.leases == event.leases:
        return state
    entries = happenings.of_leases(event.at, network, event.leases)
    networks = {**state.networks, network.uuid: replace(network, leases=event.leases)}
    return _recorded(_with_virt(state, networks, state.guests), entries)


def _guests_read(state: HostState, event: GuestsRead) -> HostState:
    guests = _merged(state.guests, event.guests, event.complete)
    return _with_virt(state, state.networks, guests)


def _with_virt(
    state: HostState, networks: Mapping[str, Network], guests: Mapping[str, Guest]
) -> HostState:
    if networks is state.networks and guests is state.guests:
        return state
    return replace(
        state,
        networks=networks,
        guests=guests,
        topology=Topology(state.links, guests, networks),
        address_book=AddressBook(networks, guests, state.neighbours),
    )


def _managers_read(state: HostState, event: ManagersRead) -> HostState:
    if event.managers == state.managers:
        return state
    return replace(state, managers=event.managers)


def _routes_read(state: HostState, event: RoutesRead) -> HostState:
    return state if event.routes == state.routes else replace(state, routes=event.routes)


def _sriov_read(state: HostState, event: SriovRead) -> HostState:
    return state if event.functions == state.sriov else replace(state, sriov=event.functions)


def _happened(state: HostState, event: Happened) -> HostState:
    return _recorded(state, event.entries)


def _task_changed(state: HostState, event: TaskChanged) -> HostState:
    tasks = {task.serial: task for task in state.tasks} | {event.task.serial: event.task}
    return replace(state, tasks=tuple(tasks.values())[-TASK_LIMIT:])


def _changes_read(state: HostState, event: ChangesRead) -> HostState:
    if (event.changes, event.are_hidden) == (state.changes, state.changes_hidden):
        return state
    return replace(state, changes=event.changes, changes_hidden=event.are_hidden)


def _drill_changed(state: HostState, event: DrillChanged) -> HostState:
    return replace(state, drill=event.drill)


def _failovers_told(state: HostState, event: FailoversTold) -> HostState:
    if not event.failovers:
        return state
    known = {one.key: one for one in state.failovers} | {one.key: one for one in event.failovers}
    ordered = sorted(known.values(), key=lambda one: one.at)
    return replace(state, failovers=tuple(ordered)[-FAILOVER_LIMIT:])


_FOLDS: Mapping[type, Callable[[HostState, Any], HostState]] = {
    SourceChanged: _source_changed,
    KernelChanged: _kernel_changed,
    CountersRead: _counters_read,
    ForwardingRead: _forwarding_read,
    BondsRead: _bonds_read,
    NetworksRead: _networks_read,
    LeasesRead: _leases_read,
    GuestsRead: _guests_read,
    ManagersRead: _managers_read,
    RoutesRead: _routes_read,
    SriovRead: _sriov_read,
    Happened: _happened,
    TaskChanged: _task_changed,
    ChangesRead: _changes_read,
    DrillChanged: _drill_changed,
    FailoversTold: _failovers_told,
}
