"""A bond whichever source knows it: /proc/net/bonding in full, else netlink's part of it."""

from collections.abc import Iterator

from kvmnet_tui.model.bonds import Bond, Member
from kvmnet_tui.model.joins import natural_key
from kvmnet_tui.model.links import Link
from kvmnet_tui.model.state import HostState

ACTIVE_BACKUP = "active-backup"


def bond_names(state: HostState) -> list[str]:
    """The bonds of the host in natural order."""
    of_kernel = {link.name for link in _bond_links(state)}
    return sorted(of_kernel | state.bonds.keys(), key=natural_key)


def bond_named(state: HostState, name: str) -> Bond | None:
    """The bond of this name, None when there is none."""
    known = state.bonds.get(name)
    if known is not None:
        return known
    link = state.link_named(name)
    return _from_netlink(state, link) if link and link.kind == "bond" else None


def bridge_of_bond(state: HostState, name: str) -> str:
    """The bridge that the bond is a port of, "" for none."""
    link = state.link_named(name)
    master = state.links.get(link.master) if link else None
    return master.name if master and master.kind == "bridge" else ""


def _bond_links(state: HostState) -> Iterator[Link]:
    return (link for link in state.topology.links.values() if link.kind == "bond")


def _from_netlink(state: HostState, link: Link) -> Bond:
    settings = link.bond
    members = tuple(
        _member(state.links[index])
        for index in state.topology.slaves.get(link.index, ())
        if index in state.links
    )
    return Bond(
        link.name,
        mode=settings.mode if settings else "",
        active_member=_name(state, settings.active_member) if settings else "",
        primary=_name(state, settings.primary) if settings else "",
        mii_status="up" if link.has_carrier else "down",
        miimon_ms=settings.miimon_ms if settings else 0,
        arp_interval_ms=settings.arp_interval_ms if settings else 0,
        members=members,
    )


def _member(link: Link) -> Member:
    said = link.member
    if said is None:
        return Member(link.name)
    return Member(
        link.name,
        mii_status=said.mii_status,
        link_failures=said.link_failures,
        permanent_mac=said.permanent_mac,
        queue_id=said.queue_id,
        aggregator_id=said.aggregator_id,
    )


def _name(state: HostState, index: int) -> str:
    link = state.links.get(index)
    return link.name if link else ""
