"""Failovers found in the timeline: pure, entry by entry."""

from collections.abc import Callable
from dataclasses import replace

from kvmnet_tui.model.bond_reports import bond_names, bond_of
from kvmnet_tui.model.failovers import Cause, Failover
from kvmnet_tui.model.state import HostState
from kvmnet_tui.model.timeline import Kind, TimelineEntry

ANNOUNCED_SECONDS = 3.0  # a gratuitous ARP later than this belongs to something else
_LOSSES = {Kind.CARRIER_LOST: Cause.CARRIER, Kind.LINK_DOWN: Cause.SET_DOWN}
_MOVES = {Kind.ACTIVE_MEMBER, Kind.FAILED_BACK}


class FailoverFinder:
    """Takes the timeline's entries in their order and tells each failover as it becomes known.

    `tell` gets a failover again whenever more of it is known; the key stays the same.
    """

    def __init__(self, tell: Callable[[Failover], None]) -> None:
        self._tell = tell
        self._lost: dict[tuple[str, str], Failover] = {}
        self._moved: dict[str, Failover] = {}

    def take(self, state: HostState, entry: TimelineEntry) -> None:
        """One entry; `state` knows who is a member of what."""
        if entry.kind in _LOSSES:
            self._take_loss(state, entry)
        elif entry.kind is Kind.MEMBER_MII:
            self._take_status(state, entry)
        elif entry.kind in _MOVES:
            self._take_move(state, entry)
        elif entry.kind is Kind.PEERS_NOTIFIED:
            self._take_announcement(state, entry)

    def _take_loss(self, state: HostState, entry: TimelineEntry) -> None:
        bond = _bond_with(state, entry.subject)
        if not bond:
            return
        key = (bond, entry.subject)
        known = self._lost.get(key)
        if known is not None and known.noticed_at:
            return  # it is out already
        cause = _LOSSES[entry.kind]
        if known is not None and known.cause is Cause.SET_DOWN:
            cause = Cause.SET_DOWN  # which takes the carrier away as well
        mode = _mode(state, bond)
        self._lost[key] = Failover(bond, entry.subject, cause, mode, lost_at=entry.at)

    def _take_status(self, state: HostState, entry: TimelineEntry) -> None:
        key = (entry.other, entry.subject)
        known = self._lost.get(key)
        if entry.after == "down":
            if known is None:
                known = Failover(
                    entry.other, entry.subject, Cause.MONITOR, _mode(state, entry.other)
                )
            if not known.noticed_at:
                self._lost[key] = replace(known, noticed_at=entry.at)
                self._tell(self._lost[key])
        elif entry.after == "up" and known is not None:
            del self._lost[key]
            if known.noticed_at or known.moved_at:
                restored = replace(known, restored_at=entry.at)
                if self._moved.get(entry.other, restored).key == restored.key:
                    self._moved.pop(entry.other, None)
                self._tell(restored)

    def _take_move(self, state: HostState, entry: TimelineEntry) -> None:
        key = (entry.subject, entry.before)
        known = self._lost.get(key)
        if known is not None and not known.moved_at:
            moved = replace(known, moved_at=entry.at, took_over=entry.after)
            self._lost[key] = moved
        elif not entry.before:
            return  # from nobody: the members it had before are told of already
        else:
            cause = Cause.FAILBACK if entry.kind is Kind.FAILED_BACK else Cause.CHOICE
            mode = _mode(state, entry.subject)
            moved = Failover(
                entry.subject, entry.before, cause, mode, entry.after, moved_at=entry.at
            )
        self._moved[entry.subject] = moved
        self._tell(moved)

    def _take_announcement(self, state: HostState, entry: TimelineEntry) -> None:
        """By the bond itself, or by the bridge it is plugged into."""
        for bond, moved in list(self._moved.items()):
            above = _bridge_of(state, bond)
            late = entry.at - moved.moved_at > ANNOUNCED_SECONDS
            if entry.subject in (bond, above) and not moved.announced_at and not late:
                told = replace(moved, announced_at=entry.at)
                self._moved[bond] = told
                if (bond, moved.member) in self._lost:
                    self._lost[bond, moved.member] = told
                self._tell(told)


def _bond_with(state: HostState, member: str) -> str:
    link = state.link_named(member)
    master = state.links.get(link.master) if link else None
    if master is not None and master.kind == "bond":
        return master.name
    for name in bond_names(state):
        bond = bond_of(state, name)
        if bond is not None and any(one.name == member for one in bond.members):
            return name
    return ""


def _bridge_of(state: HostState, bond: str) -> str:
    link = state.link_named(bond)
    master = state.links.get(link.master) if link else None
    return master.name if master else ""


def _mode(state: HostState, name: str) -> str:
    bond = bond_of(state, name)
    return bond.mode if bond else ""
