"""Every bonding mode in its own terms: what it does, and what a member does in it."""

from collections.abc import Mapping

from kvmnet_tui.i18n import N_, _
from kvmnet_tui.model.bond_health import LACP_MODE, NO_MAC, usable_members
from kvmnet_tui.model.bonds import Bond, Member
from kvmnet_tui.present.table import Cell, Severity

ACTIVE_BACKUP = "active-backup"

_MODES: Mapping[str, str] = {
    "balance-rr": N_("Packets are sent through the members in turn; all receive."),
    ACTIVE_BACKUP: N_("One member carries everything, the others stand by."),
    "balance-xor": N_("Each flow keeps to one member, chosen by a hash; all receive."),
    "broadcast": N_("Every packet is sent through every member."),
    LACP_MODE: N_("LACP joins the members with the switch's ports; flows are shared by a hash."),
    "balance-tlb": N_("Sending is shared by load; one member receives everything."),
    "balance-alb": N_("Sending and receiving are shared by load, without the switch's help."),
}

_RESELECT: Mapping[str, str] = {
    "always": N_("always: the primary takes over again as soon as it is up"),
    "better": N_("better: the primary takes over again only if it is faster"),
    "failure": N_("failure: the primary takes over again only when the active member fails"),
}


def mode_sentence(mode: str) -> str:
    """What the mode does; empty for one that is not known."""
    return _(_MODES[mode]) if mode in _MODES else ""


def reselect_text(policy: str) -> str:
    """The primary's policy in words."""
    word = policy.partition(" ")[0]
    return _(_RESELECT[word]) if word in _RESELECT else policy


def role(bond: Bond, member: Member) -> Cell:
    """What a member does now: only active-backup has an active one and standbys."""
    if member not in usable_members(bond):
        return Cell(_("out"), Severity.ERROR)
    if bond.mode == ACTIVE_BACKUP:
        if bond.active_member == member.name:
            return Cell(_("active"), Severity.OK)
        return Cell(_("standby"), Severity.DIM)
    if bond.mode == LACP_MODE:
        return _lacp_role(bond, member)
    return Cell(_shared_role(bond, member), Severity.OK)


def _shared_role(bond: Bond, member: Member) -> str:
    is_active = bond.active_member == member.name
    return {
        "balance-rr": _("in turn"),
        "balance-xor": _("by hash"),
        "broadcast": _("everything"),
        "balance-tlb": _("sends, receives") if is_active else _("sends"),
        "balance-alb": _("by load"),
    }.get(bond.mode, _("member"))


def _lacp_role(bond: Bond, member: Member) -> Cell:
    lacp = bond.lacp
    if lacp is None or member.aggregator_id is None or lacp.aggregator_id is None:
        return Cell(_("member"), Severity.DIM)  # the rest is told to root only
    if lacp.aggregator_id != member.aggregator_id:
        return Cell(_("left out"), Severity.WARNING)
    if lacp.partner_mac == NO_MAC:
        return Cell(_("no partner"), Severity.WARNING)
    return Cell(_("aggregated"), Severity.OK)
