"""A bond from whoever knows it: the driver's report where there is one, else netlink alone.

The two are never mixed. The report is read again within milliseconds of every netlink message
about the bond, and dropped when it cannot be read, so it is never older than netlink's part by
more than that; a mixture could show a moment that never was.
"""

from kvmnet_tui.model.bonds import Bond, Member
from kvmnet_tui.model.joins import natural_key
from kvmnet_tui.model.links import BondSettings, Link
from kvmnet_tui.model.state import HostState


def bond_names(state: HostState) -> tuple[str, ...]:
    """The host's bonds in natural order, reported or seen by netlink only."""
    seen = {link.name for link in state.links.values() if link.kind == "bond"}
    return tuple(sorted(seen | state.bonds.keys(), key=natural_key))


def bond_of(state: HostState, name: str) -> Bond | None:
    """The bond called `name`, None when there is none."""
    report = state.bonds.get(name)
    if report is not None:
        return report
    link = state.link_named(name)
    return _of_netlink(state, link) if link and link.kind == "bond" else None


def _of_netlink(state: HostState, link: Link) -> Bond:
    """What netlink says of a bond: no speeds, delays, ARP targets or LACP conversation."""
    settings = link.bond or BondSettings(mode="")
    members = (state.links.get(index) for index in state.topology.slaves.get(link.index, ()))
    return Bond(
        name=link.name,
        mode=settings.mode,
        active_member=_name(state, settings.active_member),
        primary=_name(state, settings.primary),
        mii_status="up" if link.has_carrier else "down",
        miimon_ms=settings.miimon_ms,
        arp_interval_ms=settings.arp_interval_ms,
        members=tuple(_member(member) for member in members if member),
    )


def _member(link: Link) -> Member:
    settings = link.member
    if settings is None:
        return Member(link.name)
    return Member(
        name=link.name,
        mii_status=settings.mii_status,
        link_failures=settings.link_failures,
        permanent_mac=settings.permanent_mac,
        queue_id=settings.queue_id,
        aggregator_id=settings.aggregator_id,
    )


def _name(state: HostState, index: int) -> str:
    link = state.links.get(index)
    return link.name if link else ""
