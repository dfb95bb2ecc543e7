"""What deserves attention about a bond, as remarks in its row and sentences in its detail."""

from collections.abc import Mapping

from kvmnet_tui.i18n import N_, _
from kvmnet_tui.model.bond_health import BondWarning, warnings
from kvmnet_tui.model.bonds import Bond
from kvmnet_tui.model.state import HostState
from kvmnet_tui.present.cells import flagged
from kvmnet_tui.present.table import Field, Section

_REMARKS: Mapping[BondWarning, str] = {
    BondWarning.ALL_DOWN: N_("all members down"),
    BondWarning.NO_ACTIVE: N_("no active member"),
    BondWarning.NO_MEMBERS: N_("no members"),
    BondWarning.NO_MONITORING: N_("not monitored"),
    BondWarning.LACP_NO_PARTNER: N_("no LACP partner"),
    BondWarning.DIFFERENT_AGGREGATORS: N_("different aggregators"),
    BondWarning.CHURNED: N_("LACP churned"),
    BondWarning.SINGLE_MEMBER: N_("single member"),
    BondWarning.SPEED_MISMATCH: N_("different speeds"),
    BondWarning.MTU_MISMATCH: N_("different MTUs"),
}

_SENTENCES: Mapping[BondWarning, str] = {
    BondWarning.ALL_DOWN: N_("No member has a working link: nothing gets through this bond."),
    BondWarning.NO_ACTIVE: N_("No member carries the traffic now."),
    BondWarning.NO_MEMBERS: N_("The bond has no members yet."),
    BondWarning.NO_MONITORING: N_(
        "Neither MII nor ARP monitoring is on: the bond never notices a dead member."
    ),
    BondWarning.LACP_NO_PARTNER: N_(
        "No LACP partner answers: check that the switch's ports are set to 802.3ad."
    ),
    BondWarning.DIFFERENT_AGGREGATORS: N_(
        "The members are in different aggregators: only one of these carries traffic."
    ),
    BondWarning.CHURNED: N_("LACP could not settle on some member: the two ends disagree."),
    BondWarning.SINGLE_MEMBER: N_("There is one member only: nothing takes over when it fails."),
    BondWarning.SPEED_MISMATCH: N_("The members run at different speeds."),
    BondWarning.MTU_MISMATCH: N_("The bond and its members have different MTUs."),
}


def short_warnings(state: HostState, bond: Bond) -> tuple[str, ...]:
    """A few words for each warning, the gravest first."""
    return tuple(_(_REMARKS[warning]) for warning in warnings(bond, state.link_named))


def warnings_section(state: HostState, bond: Bond) -> tuple[Section, ...]:
    """A sentence for each warning; no section when there is none."""
    fields = tuple(
        Field(_(_REMARKS[warning]), flagged(_(_SENTENCES[warning])))
        for warning in warnings(bond, state.link_named)
    )
    return (Section(_("Attention"), fields),) if fields else ()
