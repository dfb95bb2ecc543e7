"""What deserves attention about a bond; `present` says each as a sentence."""

import re
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum

from kvmnet_tui.model.bonds import Bond, Member
from kvmnet_tui.model.links import Link, Manager
from kvmnet_tui.model.state import HostState
from kvmnet_tui.model.timeline import Kind

LinkNamed = Callable[[str], Link | None]

SINGLE_ACTIVE_MODES = frozenset({"active-backup", "balance-tlb", "balance-alb"})
LACP_MODE = "802.3ad"
NO_MAC = "00:00:00:00:00:00"

# The driver counts a member as usable until its down delay is over.
_USABLE = {"up", "going down"}

FLAP_MINUTES = 10
FLAPS = 3  # carriers lost in that time
# A PCI device's functions, `0000:03:00.0` and `.1`, are the ports of one card.
_PCI = re.compile(r"([0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2})\.[0-7]")
_MODE_NUMBERS = (
    "balance-rr",
    "active-backup",
    "balance-xor",
    "broadcast",
    "802.3ad",
    "balance-tlb",
    "balance-alb",
)


class BondWarning(StrEnum):
    """What may be wrong, the gravest first."""

    ALL_DOWN = "all-down"
    NO_ACTIVE = "no-active"
    NO_MEMBERS = "no-members"
    NO_MONITORING = "no-monitoring"
    LACP_NO_PARTNER = "lacp-no-partner"
    DIFFERENT_AGGREGATORS = "different-aggregators"
    CHURNED = "churned"
    SINGLE_MEMBER = "single-member"
    SPEED_MISMATCH = "speed-mismatch"
    MTU_MISMATCH = "mtu-mismatch"
    FLAPPING = "flapping"
    ONE_DEVICE = "one-device"
    MAC_MOVES = "mac-moves"
    CHANGED_OUTSIDE = "changed-outside"
    MADE_OUTSIDE = "made-outside"


def warnings(bond: Bond, link_named: LinkNamed) -> tuple[BondWarning, ...]:
    """What deserves attention, the gravest first; `link_named` is `HostState.link_named`."""
    found = {*_of_members(bond), *_of_lacp(bond), *_of_links(bond, link_named)}
    if not bond.is_monitored:
        found.add(BondWarning.NO_MONITORING)
    return tuple(warning for warning in BondWarning if warning in found)


def usable_members(bond: Bond) -> tuple[Member, ...]:
    """The members that can carry traffic now."""
    return tuple(member for member in bond.members if member.mii_status in _USABLE)


def _of_members(bond: Bond) -> Iterator[BondWarning]:
    usable = usable_members(bond)
    if not bond.members:
        yield BondWarning.NO_MEMBERS
    elif not usable:
        yield BondWarning.ALL_DOWN
    elif bond.mode in SINGLE_ACTIVE_MODES and not bond.active_member:
        yield BondWarning.NO_ACTIVE
    if len(bond.members) == 1:
        yield BondWarning.SINGLE_MEMBER
    # active-backup uses one member at a time: a slower spare is a choice, not a mistake.
    speeds = {member.speed_mbps for member in usable} - {None}
    if len(speeds) > 1 and bond.mode != "active-backup":
        yield BondWarning.SPEED_MISMATCH


def _of_lacp(bond: Bond) -> Iterator[BondWarning]:
    """LACP's troubles; with every cable out they say nothing that ALL_DOWN does not."""
    usable = usable_members(bond)
    if bond.mode != LACP_MODE or not usable:
        return
    if bond.lacp and bond.lacp.has_aggregator is False:
        yield BondWarning.NO_ACTIVE
    if bond.lacp and bond.lacp.partner_mac == NO_MAC:
        yield BondWarning.LACP_NO_PARTNER
    if len({member.aggregator_id for member in usable} - {None}) > 1:
        yield BondWarning.DIFFERENT_AGGREGATORS
    if any("churned" in (member.actor_churn, member.partner_churn) for member in usable):
        yield BondWarning.CHURNED


def _of_links(bond: Bond, link_named: LinkNamed) -> Iterator[BondWarning]:
    links = map(link_named, (bond.name, *(member.name for member in bond.members)))
    if len({link.mtu for link in links if link}) > 1:
        yield BondWarning.MTU_MISMATCH


def all_warnings(state: HostState, bond: Bond) -> tuple[BondWarning, ...]:
    """Those, and what the bond's past, its hardware and its configuration give rise to."""
    found = set(warnings(bond, state.link_named))
    if flaps(state, bond):
        found.add(BondWarning.FLAPPING)
    if shared_device(state, bond):
        found.add(BondWarning.ONE_DEVICE)
    if bond.fail_over_mac == "active":
        found.add(BondWarning.MAC_MOVES)
    manager = manager_of(state, bond)
    if manager is not None and manager.watches_only:
        found.add(BondWarning.MADE_OUTSIDE)
    if differences(state, bond):
        found.add(BondWarning.CHANGED_OUTSIDE)
    return tuple(warning for warning in BondWarning if warning in found)


def flaps(state: HostState, bond: Bond) -> Mapping[str, int]:
    """How often each member lost its carrier lately, for those that did so too often."""
    names = {member.name for member in bond.members}
    since = state.now - FLAP_MINUTES * 60
    counts: dict[str, int] = {}
    for entry in reversed(state.timeline):
        if entry.at < since:
            break
        if entry.kind is Kind.CARRIER_LOST and entry.subject in names:
            counts[entry.subject] = counts.get(entry.subject, 0) + entry.count
    return {name: count for name, count in counts.items() if count >= FLAPS}


def shared_device(state: HostState, bond: Bond) -> str:
    """The one device that all members are ports of, "" when they are not."""
    links = [state.link_named(member.name) for member in bond.members]
    devices = {_device(link) for link in links}
    return devices.pop() if len(links) > 1 and len(devices) == 1 else ""


def _device(link: Link | None) -> str:
    parent = link.parent_device if link else ""
    match = _PCI.fullmatch(parent)
    return match[1] if match else parent


def manager_of(state: HostState, bond: Bond) -> Manager | None:
    """Who manages the bond, as far as is known."""
    link = state.link_named(bond.name)
    return state.managers.get(link.index) if link else None


def differences(state: HostState, bond: Bond) -> tuple[tuple[str, str, str], ...]:
    """Options that the kernel's bond has otherwise than its configuration: name, there, here."""
    manager = manager_of(state, bond)
    live = {
        "mode": bond.mode,
        "miimon": str(bond.miimon_ms),
        "updelay": str(bond.up_delay_ms),
        "downdelay": str(bond.down_delay_ms),
        "arp_interval": str(bond.arp_interval_ms),
        "primary": bond.primary,
        "primary_reselect": bond.primary_reselect,
        "fail_over_mac": bond.fail_over_mac or "none",
    }
    told = manager.bond_options if manager else ()
    return tuple(
        (name, _option(name, value), live[name])
        for name, value in told
        if name in live and live[name] and _option(name, value) != live[name]
    )


def _option(name: str, value: str) -> str:
    """The driver's own word: modes may be given by number."""
    if name == "mode" and value.isdecimal() and int(value) < len(_MODE_NUMBERS):
        return _MODE_NUMBERS[int(value)]
    return value


def last_failure(state: HostState, bond: Bond, member: Member) -> float:
    """When the member failed last, in this run or an earlier one; 0 when that is not known."""
    times = [
        entry.at
        for entry in state.timeline
        if entry.kind is Kind.MEMBER_MII and entry.subject == member.name and entry.after == "down"
    ]
    times += [
        one.noticed_at or one.at
        for one in state.failovers
        if one.bond == bond.name and one.member == member.name and one.lost_at + one.noticed_at
    ]
    return max(times, default=0.0)
