"""What deserves attention about a bond, as remarks in its row and sentences in its detail."""

from collections.abc import Mapping

from kvmnet_tui.i18n import N_, _, ngettext
from kvmnet_tui.model.bond_health import (
    FLAP_MINUTES,
    LACP_MODE,
    BondWarning,
    all_warnings,
    differences,
    flaps,
    shared_device,
)
from kvmnet_tui.model.bonds import Bond
from kvmnet_tui.model.state import HostState
from kvmnet_tui.present.cells import flagged
from kvmnet_tui.present.table import Field, Section
from kvmnet_tui.present.text import clean

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
    BondWarning.FLAPPING: N_("flapping"),
    BondWarning.ONE_DEVICE: N_("one card"),
    BondWarning.MAC_MOVES: N_("MAC moves"),
    BondWarning.CHANGED_OUTSIDE: N_("differs from its configuration"),
    BondWarning.MADE_OUTSIDE: N_("not configured"),
}

_SENTENCES: Mapping[BondWarning, str] = {
    BondWarning.ALL_DOWN: N_("No member has a working link: nothing gets through this bond."),
    BondWarning.NO_ACTIVE: N_("No member carries the traffic now."),
    BondWarning.NO_MEMBERS: N_("The bond has no members yet."),
    BondWarning.NO_MONITORING: N_(
        "Neither MII nor ARP monitoring is on: the bond never notices a dead member."
    ),
    BondWarning.LACP_NO_PARTNER: N_(
        "The partner's MAC is all zero: the switch does not speak LACP on these ports."
    ),
    BondWarning.DIFFERENT_AGGREGATORS: N_(
        "The members are in different aggregators: only one of these carries traffic."
    ),
    BondWarning.CHURNED: N_("LACP could not settle on some member: the two ends disagree."),
    BondWarning.SINGLE_MEMBER: N_("There is one member only: nothing takes over when it fails."),
    BondWarning.SPEED_MISMATCH: N_("The members run at different speeds."),
    BondWarning.MTU_MISMATCH: N_("The bond and its members have different MTUs."),
    BondWarning.FLAPPING: N_("{members} in {minutes} minutes: check cable and switch port."),
    BondWarning.ONE_DEVICE: N_(
        "All members are ports of one card ({device}): it fails as a whole."
    ),
    BondWarning.MAC_MOVES: N_(
        "fail_over_mac=active: at a failover the bond takes another MAC, which DHCP reservations "
        "and port security do not know."
    ),
    BondWarning.CHANGED_OUTSIDE: N_(
        "The kernel has it otherwise than its configuration ({options}): it was changed past it."
    ),
    BondWarning.MADE_OUTSIDE: N_(
        "NetworkManager only watches this bond: it was made past it and is in no configuration."
    ),
}


def short_warnings(state: HostState, bond: Bond) -> tuple[str, ...]:
    """A few words for each warning, the gravest first."""
    return tuple(_(_REMARKS[warning]) for warning in all_warnings(state, bond))


def warnings_section(state: HostState, bond: Bond) -> tuple[Section, ...]:
    """A sentence for each warning; no section when there is none."""
    fields = tuple(
        Field(_(_REMARKS[warning]), flagged(warning_sentence(state, bond, warning)))
        for warning in all_warnings(state, bond)
    )
    return (Section(_("Attention"), fields),) if fields else ()


def warning_sentence(state: HostState, bond: Bond, warning: BondWarning) -> str:
    """What is wrong, with the names and numbers that belong to it."""
    if warning is BondWarning.SPEED_MISMATCH and bond.mode == LACP_MODE:
        return _("The members run at different speeds: LACP joins only those of one speed.")
    return _(_SENTENCES[warning]).format(
        members=", ".join(_flapped(name, count) for name, count in flaps(state, bond).items()),
        minutes=FLAP_MINUTES,
        device=clean(shared_device(state, bond)),
        options=", ".join(
            clean(f"{name}: {there} / {here}") for name, there, here in differences(state, bond)
        ),
    )


def _flapped(member: str, count: int) -> str:
    told = ngettext(
        "{member} lost its carrier {count} time", "{member} lost its carrier {count} times", count
    )
    return told.format(member=clean(member), count=count)
