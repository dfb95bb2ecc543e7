"""What happened to bonds, told by the kernel's messages and by the driver's reports alike.

Messages come first and in the kernel's order; reports add what no message tells (going down, going
back, what LACP negotiated). Who of the two tells a thing first is who is listened to.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from kvmnet_tui.model.bonds import Bond, Member
from kvmnet_tui.model.links import Link
from kvmnet_tui.model.moments import Moment
from kvmnet_tui.model.timeline import Kind, Origin, TimelineEntry

Links = Mapping[int, Link]
_UNNUMBERED = 0  # the fold gives serials
_LOOK_BACK = 400  # entries searched for what was told last

_MOVES = frozenset({Kind.ACTIVE_MEMBER, Kind.FAILED_BACK})
_TOLD_BY_BOTH = _MOVES | {Kind.MEMBER_MII}
_NEW_LIFE = {Kind.MEMBER_JOINED, Kind.MEMBER_LEFT, Kind.LINK_ADDED, Kind.LINK_REMOVED}


def of_link(
    at: float, before: Links, after: Links, old: Link, new: Link
) -> Iterator[TimelineEntry]:
    """A member whose MII status changed, or a bond whose active member moved, as netlink says."""
    if old.member and new.member and old.master == new.master:
        was, now = old.member, new.member
        if was.mii_status != now.mii_status:
            failures = now.link_failures - was.link_failures
            bond, states = _name(after, new.master), (was.mii_status, now.mii_status)
            yield _member_mii(at, (new.name, bond), states, failures)
    if old.bond and new.bond and old.bond.active_member != new.bond.active_member:
        active = new.bond.active_member
        member_was = _name(before, old.bond.active_member)
        is_primary = bool(active) and active == new.bond.primary
        yield _move(at, new.name, member_was, _name(after, active), is_primary=is_primary)


def of_notice(moment: Moment) -> Iterator[TimelineEntry]:
    """A gratuitous ARP for each address that the link has; one without has nothing to announce."""
    for address in moment.link.addresses:
        if not address.is_ipv6:
            yield _entry(moment.at, Kind.PEERS_NOTIFIED, moment.link.name, after=address.ip)


def of_bonds(
    at: float, before: Mapping[str, Bond], after: Mapping[str, Bond], changed: Iterable[str]
) -> tuple[TimelineEntry, ...]:
    """What the reports tell: active members that moved, MII status, what LACP negotiated."""
    return tuple(
        entry
        for name in sorted(changed)
        if name in before and name in after
        for entry in _of_bond(at, before[name], after[name])
    )


def _of_bond(at: float, old: Bond, new: Bond) -> Iterator[TimelineEntry]:
    former = {member.name: member for member in old.members}
    for member in new.members:
        known = former.get(member.name)
        if known is None:
            continue
        if known.mii_status != member.mii_status:
            failures = member.link_failures - known.link_failures
            states = (known.mii_status, member.mii_status)
            yield _member_mii(at, (member.name, new.name), states, failures)
        yield from _of_lacp_member(at, new, known, member)
    if old.active_member != new.active_member:
        is_primary = bool(new.active_member) and new.active_member == new.primary
        yield _move(at, new.name, old.active_member, new.active_member, is_primary=is_primary)
    was = old.lacp.partner_mac if old.lacp else ""
    now = new.lacp.partner_mac if new.lacp else ""
    if was != now and was and now:
        yield _entry(at, Kind.LACP_PARTNER, new.name, before=was, after=now)


def _of_lacp_member(at: float, bond: Bond, old: Member, new: Member) -> Iterator[TimelineEntry]:
    if None not in (old.aggregator_id, new.aggregator_id):
        was, now = str(old.aggregator_id), str(new.aggregator_id)
        if was != now:
            yield _entry(at, Kind.LACP_AGGREGATOR, new.name, other=bond.name, before=was, after=now)
    was, now = _churn(old), _churn(new)
    if was != now and was and now:
        yield _entry(at, Kind.LACP_CHURN, new.name, other=bond.name, before=was, after=now)


def _churn(member: Member) -> str:
    """The worse of the two ends; the kernel's words are none, monitoring and churned."""
    states = (member.actor_churn, member.partner_churn)
    return "churned" if "churned" in states else member.actor_churn


def not_told_before(
    timeline: tuple[TimelineEntry, ...], entries: Iterable[TimelineEntry]
) -> tuple[TimelineEntry, ...]:
    """`entries` without what the other of the two told already; a step between them is joined."""
    kept: list[TimelineEntry] = []
    for entry in entries:
        if entry.kind not in _TOLD_BY_BOTH:
            kept.append(entry)
            continue
        last = _told_last(timeline, kept, entry)
        if last is None:
            kept.append(entry)
        elif last.after != entry.after and last.at <= entry.at:
            kept.append(replace(entry, before=last.after))
    return tuple(kept)


def _told_last(
    timeline: tuple[TimelineEntry, ...], newest: list[TimelineEntry], entry: TimelineEntry
) -> TimelineEntry | None:
    """The last entry about the same thing, None when its life began anew since."""
    kinds = _MOVES if entry.kind in _MOVES else {entry.kind}
    for told in (*reversed(newest), *reversed(timeline[-_LOOK_BACK:])):
        if told.subject != entry.subject:
            continue
        if told.kind in _NEW_LIFE:
            return None
        if told.kind in kinds:
            return told
    return None


def _member_mii(
    at: float, member_of_bond: tuple[str, str], states: tuple[str, str], failures: int
) -> TimelineEntry:
    (member, bond), (before, after) = member_of_bond, states
    entry = _entry(at, Kind.MEMBER_MII, member, before=before, after=after)
    return replace(entry, other=bond, count=max(1, failures))


def _move(at: float, bond: str, before: str, after: str, *, is_primary: bool) -> TimelineEntry:
    kind = Kind.FAILED_BACK if is_primary and before else Kind.ACTIVE_MEMBER
    return _entry(at, kind, bond, before=before, after=after)


def _entry(
    at: float, kind: Kind, subject: str, *, other: str = "", before: str = "", after: str = ""
) -> TimelineEntry:
    return TimelineEntry(_UNNUMBERED, at, Origin.BONDING, kind, subject, other, before, after)


def _name(links: Links, index: int) -> str:
    link = links.get(index)
    return link.name if link else ""
