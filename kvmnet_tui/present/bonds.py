"""The Bonds table: every bond, its members under it, and what deserves attention."""

from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

from kvmnet_tui.i18n import N_, _
from kvmnet_tui.model.bond_reports import bond_names, bond_of
from kvmnet_tui.model.bonds import Bond, Member
from kvmnet_tui.model.joins import natural_key
from kvmnet_tui.model.state import HostState, Phase, Problem, SourceName
from kvmnet_tui.present.bond_detail import bond_detail, member_detail
from kvmnet_tui.present.bond_modes import role
from kvmnet_tui.present.bond_warnings import short_warnings
from kvmnet_tui.present.cells import EMPTY, UNKNOWN, count, flagged, mii_state, or_dash, plain
from kvmnet_tui.present.glyphs import glyphs
from kvmnet_tui.present.sentences import full_status_sentence, state_word
from kvmnet_tui.present.table import Cell, Column, Section, Severity
from kvmnet_tui.present.text import clean
from kvmnet_tui.present.units import speed_text


class BondRow(NamedTuple):
    """A bond's line."""

    bond: str


class MemberRow(NamedTuple):
    """A member's line."""

    bond: str
    member: str


class BondsView:
    """A tree: bonds by name, their members in the driver's order."""

    name = "bonds"
    columns = (
        Column("name", N_("Bond / member"), 15),
        Column("state", N_("MII"), 12, live=True),
        Column("mode", N_("Mode / speed"), 13, priority=1),
        Column("role", N_("Role"), 12, priority=1, live=True),
        Column("failures", N_("Failures"), 8, right=True, priority=2, live=True),
        Column("notes", N_("Remarks"), 14, grow=1, priority=1, live=True),
        Column("monitor", N_("Monitoring"), 12, priority=3),
        Column("lacp", N_("LACP"), 30, priority=4, live=True),
    )

    def keys(self, state: HostState) -> Sequence[Hashable]:
        """Each bond, then its members."""
        order: list[Hashable] = []
        for name in bond_names(state):
            bond = bond_of(state, name)
            order.append(BondRow(name))
            order.extend(MemberRow(name, one.name) for one in (bond.members if bond else ()))
        return order

    def depends_on(self, state: HostState) -> object:
        """The bonds, as their driver and as the kernel's links tell of them."""
        return state.bonds, state.topology

    def parent(self, _state: HostState, key: Hashable) -> Hashable | None:
        """The bond of a member."""
        return BondRow(key.bond) if isinstance(key, MemberRow) else None

    def cells(self, state: HostState, key: Hashable) -> tuple[Cell, ...]:
        """The row of a bond or of a member."""
        bond, member = _found(state, key)
        if bond is None:
            return (EMPTY,) * len(self.columns)
        return _bond_cells(state, bond) if member is None else _member_cells(bond, member)

    def sort_value(self, state: HostState, key: Hashable, column: str) -> Any:
        """Failures by number, everything else as it reads."""
        position = next(at for at, one in enumerate(self.columns) if one.key == column)
        text = self.cells(state, key)[position].text
        return int(text or 0) if column == "failures" else natural_key(text)

    def detail(self, state: HostState, key: Hashable) -> tuple[Section, ...]:
        """Everything of a bond or of a member."""
        bond, member = _found(state, key)
        if bond is None:
            return ()
        return bond_detail(state, bond) if member is None else member_detail(state, bond, member)

    def empty_reason(self, state: HostState) -> str:
        """Why there are no bonds: no driver, nothing configured, or a source that is lost."""
        status = state.source(SourceName.BONDING)
        if status.problem is Problem.NO_DRIVER:
            return _(
                "The kernel's bonding driver is not loaded (modprobe bonding), so there is no bond."
            )
        if status.phase is not Phase.LIVE:
            return full_status_sentence(SourceName.BONDING, status)
        return _("No bond is configured on this host.")


def _found(state: HostState, key: Hashable) -> tuple[Bond | None, Member | None]:
    if isinstance(key, BondRow):
        return bond_of(state, key.bond), None
    bond = bond_of(state, key.bond) if isinstance(key, MemberRow) else None
    if bond is None or not isinstance(key, MemberRow):
        return None, None
    member = next((one for one in bond.members if one.name == key.member), None)
    return (bond, member) if member else (None, None)


def _bond_cells(state: HostState, bond: Bond) -> tuple[Cell, ...]:
    warnings = short_warnings(state, bond)
    mii = mii_state(bond.mii_status)
    if warnings and bond.mii_status == "up":
        mii = flagged(state_word(bond.mii_status))
    return (
        Cell(clean(bond.name), Severity.ACCENT),
        mii,
        plain(bond.mode),
        plain(f"{glyphs().arrow} {bond.active_member}") if bond.active_member else UNKNOWN,
        count(sum(one.link_failures for one in bond.members), Severity.WARNING),
        Cell(", ".join(warnings), Severity.WARNING) if warnings else EMPTY,
        Cell(_monitoring(bond)),
        or_dash(_lacp_of_bond(bond)),
    )


def _monitoring(bond: Bond) -> str:
    if bond.miimon_ms:
        return _("MII {milliseconds} ms").format(milliseconds=bond.miimon_ms)
    if bond.arp_interval_ms:
        return _("ARP {milliseconds} ms").format(milliseconds=bond.arp_interval_ms)
    return _("none")


def _lacp_of_bond(bond: Bond) -> str:
    lacp = bond.lacp
    if lacp is None or lacp.aggregator_id is None:
        return ""
    return _("aggregator {number}, partner {mac}").format(
        number=lacp.aggregator_id, mac=clean(lacp.partner_mac)
    )


def _member_cells(bond: Bond, member: Member) -> tuple[Cell, ...]:
    signs = glyphs()
    branch = signs.tree_last if member is bond.members[-1] else signs.tree_next
    speed = " ".join(part for part in (speed_text(member.speed_mbps), member.duplex) if part)
    aggregator = member.aggregator_id
    return (
        Cell(branch + clean(member.name)),
        mii_state(member.mii_status),
        or_dash(speed),
        role(bond, member),
        count(member.link_failures, Severity.WARNING),
        EMPTY,
        EMPTY,
        EMPTY if aggregator is None else Cell(_("aggregator {number}").format(number=aggregator)),
    )
