"""What deserves attention about a bond; `present` says each as a sentence."""

from collections.abc import Callable, Iterator
from enum import StrEnum

from kvmnet_tui.model.bonds import Bond, Member
from kvmnet_tui.model.links import Link

LinkNamed = Callable[[str], Link | None]

SINGLE_ACTIVE_MODES = frozenset({"active-backup", "balance-tlb", "balance-alb"})
LACP_MODE = "802.3ad"
NO_MAC = "00:00:00:00:00:00"

# The driver counts a member as usable until its down delay is over.
_USABLE = {"up", "going down"}


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
