"""What happened between two pictures: pure differences, told as timeline entries."""

from collections.abc import Iterable, Iterator, Mapping

from kvmnet_tui import bond_happenings as bonding
from kvmnet_tui.bond_happenings import not_told_before, of_bonds
from kvmnet_tui.model.links import Link
from kvmnet_tui.model.moments import Moment, Notice
from kvmnet_tui.model.state import Phase, SourceName, SourceStatus
from kvmnet_tui.model.timeline import Kind, Origin, TimelineEntry
from kvmnet_tui.model.virt import Lease, Network

__all__ = ["not_told_before", "of_bonds", "of_leases", "of_links", "of_moments", "of_source"]

Links = Mapping[int, Link]
_UNNUMBERED = 0  # the fold gives serials


def of_source(
    name: SourceName, before: SourceStatus, after: SourceStatus
) -> tuple[TimelineEntry, ...]:
    """A source that was live and is lost, or came back."""
    if after.phase is Phase.LOST and before.phase is not Phase.LOST:
        kind = Kind.SOURCE_LOST
    elif after.phase is Phase.LIVE and before.phase is Phase.LOST:
        kind = Kind.SOURCE_LIVE
    else:
        return ()
    entry = TimelineEntry(
        _UNNUMBERED,
        after.since,
        Origin.PROGRAM,
        kind,
        name.value,
        before=before.problem.value,
        after=after.problem.value,
    )
    return (entry,)


def of_links(
    at: float, before: Links, after: Links, changed: Iterable[int]
) -> tuple[TimelineEntry, ...]:
    """What happened to the links whose indexes are in `changed`."""
    return tuple(
        entry
        for index in sorted(changed)
        if before.get(index) is not after.get(index)
        for entry in _of_link(at, before, after, index)
    )


def of_moments(before: Links, moments: Iterable[Moment]) -> tuple[list[TimelineEntry], Links]:
    """What happened moment by moment, and the links as they were after the last one."""
    entries: list[TimelineEntry] = []
    for moment in moments:
        index = moment.link.index
        after = {**before, index: moment.link}
        entries.extend(_of_link(moment.at, before, after, index))
        if moment.notice is Notice.PEERS:
            entries.extend(bonding.of_notice(moment))
        before = after
    return entries, before


def _of_link(at: float, before: Links, after: Links, index: int) -> Iterator[TimelineEntry]:
    old, new = before.get(index), after.get(index)
    if new is None:
        if old is not None:
            yield _kernel(at, Kind.LINK_REMOVED, old.name)
        return
    if old is None:
        yield _kernel(at, Kind.LINK_ADDED, new.name, other=_name(after, new.master))
        return
    if old.name != new.name:
        yield _kernel(at, Kind.LINK_RENAMED, new.name, before=old.name, after=new.name)
    yield from _of_up_and_carrier(at, old, new)
    yield from bonding.of_link(at, before, after, old, new)
    yield from _of_master(at, before, after, old, new)
    if old.port and new.port and old.port.state != new.port.state:
        bridge = _name(after, new.master)
        was, now = old.port.state, new.port.state
        yield _kernel(at, Kind.PORT_STATE, new.name, other=bridge, before=was, after=now)
    if old.mtu != new.mtu:
        yield _kernel(at, Kind.MTU_CHANGED, new.name, before=str(old.mtu), after=str(new.mtu))
    if old.mac != new.mac:
        yield _kernel(at, Kind.MAC_CHANGED, new.name, before=old.mac, after=new.mac)
    yield from _of_addresses(at, old, new)


def _of_up_and_carrier(at: float, old: Link, new: Link) -> Iterator[TimelineEntry]:
    if old.is_up != new.is_up:
        yield _kernel(at, Kind.LINK_UP if new.is_up else Kind.LINK_DOWN, new.name)
    changes = new.carrier_changes - old.carrier_changes
    if old.has_carrier != new.has_carrier:
        kind = Kind.CARRIER_FOUND if new.has_carrier else Kind.CARRIER_LOST
        yield _kernel(at, kind, new.name, count=max(1, (changes + 1) // 2))
    elif changes >= 2:  # it flapped faster than it was looked at
        yield _kernel(at, Kind.CARRIER_LOST, new.name, count=changes // 2)
        if new.has_carrier:
            yield _kernel(at, Kind.CARRIER_FOUND, new.name, count=changes // 2)


def _of_master(
    at: float, before: Links, after: Links, old: Link, new: Link
) -> Iterator[TimelineEntry]:
    if old.master == new.master:
        return
    if old.master:
        left = Kind.MEMBER_LEFT if old.member else Kind.PORT_LEFT
        yield _kernel(at, left, new.name, other=_name(before, old.master))
    if new.master:
        joined = Kind.MEMBER_JOINED if new.member else Kind.PORT_JOINED
        yield _kernel(at, joined, new.name, other=_name(after, new.master))


def _of_addresses(at: float, old: Link, new: Link) -> Iterator[TimelineEntry]:
    if old.addresses is new.addresses:
        return
    had = {address.cidr for address in old.addresses}
    has = {address.cidr for address in new.addresses}
    for cidr in sorted(had - has):
        yield _kernel(at, Kind.ADDRESS_REMOVED, new.name, before=cidr)
    for cidr in sorted(has - had):
        yield _kernel(at, Kind.ADDRESS_ADDED, new.name, after=cidr)


def _kernel(
    at: float,
    kind: Kind,
    subject: str,
    *,
    other: str = "",
    before: str = "",
    after: str = "",
    count: int = 1,
) -> TimelineEntry:
    return TimelineEntry(_UNNUMBERED, at, Origin.KERNEL, kind, subject, other, before, after, count)


def _name(links: Links, index: int) -> str:
    link = links.get(index)
    return link.name if link else ""


def of_leases(at: float, network: Network, leases: tuple[Lease, ...]) -> tuple[TimelineEntry, ...]:
    """Leases given and gone since the network's were last read."""
    had = {(lease.address, lease.mac) for lease in network.leases}
    has = {(lease.address, lease.mac) for lease in leases}
    gone = [(Kind.LEASE_REMOVED, address, mac) for address, mac in sorted(had - has)]
    given = [(Kind.LEASE_ADDED, address, mac) for address, mac in sorted(has - had)]
    return tuple(
        TimelineEntry(_UNNUMBERED, at, Origin.LIBVIRT, kind, network.name, other=mac, after=address)
        for kind, address, mac in gone + given
    )
