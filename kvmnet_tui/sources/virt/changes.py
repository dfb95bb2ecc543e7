"""What libvirt's notices and two readings of one object say happened. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kvmnet_tui.model.timeline import Kind, Origin, TimelineEntry
from kvmnet_tui.model.virt import Guest, Network, Nic

_UNNUMBERED = 0  # the fold gives serials

# The live XML counts the NICs plugged in; that is the guests' doing, not a change to the network.
_CONNECTIONS = re.compile(r" connections='\d+'")

_NIC_WORDS = ("link", "type", "source", "portgroup", "mode", "model", "mtu", "vlans")


@dataclass(frozen=True, slots=True)
class Notice:
    """An event of libvirt: look again at the object with this UUID.

    `kind` is what happened, None where the event says no more than that something did.
    """

    at: float
    is_guest: bool
    uuid: str
    name: str
    kind: Kind | None = None


def of_network(
    old: Network | None, new: Network | None, notices: Sequence[Notice], at: float
) -> Iterator[TimelineEntry]:
    """The network's happenings; without notices what an audit found, which no event tells."""
    for notice in notices:
        kind = notice.kind
        if kind is Kind.NETWORK_DEFINED and old is not None:
            kind = Kind.NETWORK_CHANGED
        if kind is not None:
            yield _entry(notice.at, kind, notice.name)
    if not notices and old and new and old.active == new.active and _differs(old, new):
        yield _entry(at, Kind.NETWORK_CHANGED, new.name)


def _differs(old: Network, new: Network) -> bool:
    return (old.autostart, _plain(old.xml), old.persistent_xml) != (
        new.autostart,
        _plain(new.xml),
        new.persistent_xml,
    )


def _plain(xml: str) -> str:
    return _CONNECTIONS.sub("", xml)


def of_guest(
    old: Guest | None, new: Guest | None, notices: Sequence[Notice], at: float
) -> Iterator[TimelineEntry]:
    """The guest's happenings; those of its NICs and agent are seen from the two readings.

    libvirt's device events name an alias only, and a changed link state has no event at all.
    """
    yield from _of_lifecycle(old, notices)
    if old is None or new is None or old.id != new.id:
        return
    when = notices[-1].at if notices else at
    entries = [*_of_nics(old, new, when)]
    if old.agent_connected != new.agent_connected:
        kind = Kind.AGENT_CONNECTED if new.agent_connected else Kind.AGENT_DISCONNECTED
        entries.append(_entry(when, kind, new.name))
    if not notices and not entries and _stored(old) != _stored(new):
        entries.append(_entry(when, Kind.GUEST_CHANGED, new.name))
    yield from entries


def _stored(guest: Guest) -> object:
    """What may change without an event and shows in the guest's next run only."""
    return guest.autostart, guest.stored_nics


def _of_lifecycle(old: Guest | None, notices: Sequence[Notice]) -> Iterator[TimelineEntry]:
    paused = old is not None and old.state in {"paused", "pmsuspended"}
    for notice in notices:
        kind = notice.kind
        if kind is None or (kind is Kind.GUEST_RESUMED and not paused):
            continue  # every start "resumes" the guest once more
        paused = kind is Kind.GUEST_PAUSED
        if kind is Kind.GUEST_DEFINED and old is not None:
            kind = Kind.GUEST_CHANGED
        yield _entry(notice.at, kind, notice.name)


def _of_nics(old: Guest, new: Guest, at: float) -> Iterator[TimelineEntry]:
    had, has = _by_key(old.nics), _by_key(new.nics)
    for key in had.keys() - has.keys():
        yield _entry(at, Kind.NIC_REMOVED, new.name, _called(had[key]), before=had[key].source)
    for key, nic in has.items():
        if key not in had:
            yield _entry(at, Kind.NIC_ADDED, new.name, _called(nic), after=nic.source)
        elif had[key] != nic:
            yield _of_nic(had[key], nic, new.name, at)


def _of_nic(old: Nic, new: Nic, guest: str, at: float) -> TimelineEntry:
    """The first difference that can be told in a word; others lie in the XML."""
    for field in _NIC_WORDS:
        before, after = getattr(old, field), getattr(new, field)
        if before != after:
            return _entry(
                at,
                Kind.NIC_CHANGED,
                guest,
                _called(new),
                before=_word(before),
                after=_word(after),
            )
    return _entry(at, Kind.NIC_CHANGED, guest, _called(new))


def _word(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(str(each) for each in value)
    return "" if value is None else str(value)


def _by_key(nics: Sequence[Nic]) -> dict[tuple[str, int], Nic]:
    """NICs by MAC; libvirt allows one MAC twice in a guest, told apart by their order."""
    table: dict[tuple[str, int], Nic] = {}
    for nic in nics:
        again = 0
        while (nic.mac, again) in table:
            again += 1
        table[nic.mac, again] = nic
    return table


def _called(nic: Nic) -> str:
    return nic.device or nic.mac


def _entry(
    at: float, kind: Kind, subject: str, other: str = "", *, before: str = "", after: str = ""
) -> TimelineEntry:
    return TimelineEntry(_UNNUMBERED, at, Origin.LIBVIRT, kind, subject, other, before, after)
