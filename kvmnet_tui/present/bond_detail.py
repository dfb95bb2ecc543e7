"""The detail of a bond and of a member: everything /proc/net/bonding says, and what happened."""

from collections.abc import Iterable

from kvmnet_tui.i18n import _
from kvmnet_tui.model.bond_health import last_failure
from kvmnet_tui.model.bond_reports import bond_names, bond_of
from kvmnet_tui.model.bonds import Bond, Lacp, LacpPort, Member
from kvmnet_tui.model.state import HostState
from kvmnet_tui.model.timeline import Kind, TimelineEntry
from kvmnet_tui.present.bond_modes import mode_sentence, reselect_text, role
from kvmnet_tui.present.bond_warnings import warnings_section
from kvmnet_tui.present.cells import UNKNOWN, counter_fields, mii_state, or_dash, plain
from kvmnet_tui.present.failovers import failovers_section
from kvmnet_tui.present.plugs import bridge_of_bond
from kvmnet_tui.present.sentences import entry_sentence, entry_severity
from kvmnet_tui.present.table import Cell, Field, Section
from kvmnet_tui.present.text import clean_block
from kvmnet_tui.present.units import date_time, speed_text, time_ms

LAST_EVENTS = 20
LAST_FAILOVERS = 10
_DAY_SECONDS = 86_400


def bond_detail(state: HostState, bond: Bond) -> tuple[Section, ...]:
    """Warnings first, then settings, members, LACP, the last events, and lines not understood."""
    link = state.link_named(bond.name)
    counters = state.counters.get(link.index) if link else None
    return (
        *warnings_section(state, bond),
        Section(_("Bond"), tuple(_bond_fields(state, bond))),
        _members(state, bond),
        *_lacp(bond.lacp),
        _events(state, bond),
        *failovers_section(state, bond.name, LAST_FAILOVERS),
        *_unknown(bond.unknown),
        Section(_("Counters"), counter_fields(counters)),
    )


def member_detail(state: HostState, bond: Bond, member: Member) -> tuple[Section, ...]:
    """One member with both ends of its LACP conversation."""
    link = state.link_named(member.name)
    counters = state.counters.get(link.index) if link else None
    return (
        Section(_("Member"), tuple(_member_fields(state, bond, member))),
        *_lacp_port(_("LACP: this host (actor)"), member.actor),
        *_lacp_port(_("LACP: the switch (partner)"), member.partner),
        *_unknown(member.unknown),
        Section(_("Counters"), counter_fields(counters)),
    )


def _bond_fields(state: HostState, bond: Bond) -> Iterable[Field]:
    yield Field(_("Name"), plain(bond.name))
    yield Field(_("Mode"), plain(bond.mode))
    if explained := mode_sentence(bond.mode):
        yield Field(_("How it works"), Cell(explained))
    yield Field(_("MII status"), mii_state(bond.mii_status))
    yield Field(_("Active member"), or_dash(bond.active_member))
    yield Field(_("Primary member"), or_dash(bond.primary))
    optional = (
        (_("Primary reselect"), reselect_text(bond.primary_reselect)),
        (_("Fail over MAC"), bond.fail_over_mac),
        (_("Transmit hash policy"), bond.hash_policy),
    )
    yield from _optional(optional)
    yield Field(_("Bridge"), or_dash(bridge_of_bond(state, bond.name)))
    yield from _monitoring(bond)
    yield from _optional(((_("Driver version"), bond.driver_version),))


def _monitoring(bond: Bond) -> Iterable[Field]:
    yield Field(_("MII polling interval"), _milliseconds(bond.miimon_ms))
    yield Field(_("Up delay"), _milliseconds(bond.up_delay_ms))
    yield Field(_("Down delay"), _milliseconds(bond.down_delay_ms))
    yield Field(_("Peer notification delay"), _milliseconds(bond.peer_notification_delay_ms))
    yield Field(_("ARP polling interval"), _milliseconds(bond.arp_interval_ms))
    missed = "" if bond.arp_missed_max is None else str(bond.arp_missed_max)
    yield from _optional(
        (
            (_("ARP missed maximum"), missed),
            (_("ARP targets"), ", ".join(bond.arp_targets)),
            (_("IPv6 targets"), ", ".join(bond.ns_targets)),
        )
    )


def _milliseconds(value: int) -> Cell:
    if not value:
        return UNKNOWN
    return Cell(_("{milliseconds} ms").format(milliseconds=value))


def _optional(pairs: Iterable[tuple[str, str]]) -> Iterable[Field]:
    return (Field(label, plain(value)) for label, value in pairs if value)


def _members(state: HostState, bond: Bond) -> Section:
    header = (
        _("Member"),
        _("MII"),
        _("Role"),
        _("Speed"),
        _("Duplex"),
        _("Failures"),
        _("Last failure"),
        _("Permanent MAC"),
    )
    rows = tuple(
        (
            plain(member.name),
            mii_state(member.mii_status),
            role(bond, member),
            or_dash(speed_text(member.speed_mbps)),
            or_dash(member.duplex or ""),
            Cell(str(member.link_failures)),
            last_failure_cell(state, bond, member),
            or_dash(member.permanent_mac),
        )
        for member in bond.members
    )
    return Section(_("Members"), (), header, rows, "" if rows else _("none"))


def last_failure_cell(state: HostState, bond: Bond, member: Member) -> Cell:
    """When the member failed last; a dash where it never did or nobody saw it."""
    at = last_failure(state, bond, member)
    return Cell(date_time(at)) if at else UNKNOWN


def _lacp(lacp: Lacp | None) -> tuple[Section, ...]:
    if lacp is None:
        return ()
    activity = {None: "", True: _("active mode"), False: _("passive mode")}[lacp.active]
    pairs = (
        (_("Activity"), activity),
        (_("Rate"), lacp.rate),
        (_("Minimum links"), _text(lacp.min_links)),
        (_("Aggregator selection"), lacp.aggregator_selection),
        (_("System priority"), _text(lacp.system_priority)),
        (_("System MAC"), lacp.system_mac),
        (_("Active aggregator"), _aggregator(lacp)),
        (_("Ports in it"), _text(lacp.port_count)),
        (_("Actor key"), _text(lacp.actor_key)),
        (_("Partner key"), _text(lacp.partner_key)),
        (_("Partner MAC"), lacp.partner_mac),
    )
    return (Section(_("LACP (802.3ad)"), tuple(_optional(pairs))),)


def _aggregator(lacp: Lacp) -> str:
    return _("none") if lacp.has_aggregator is False else _text(lacp.aggregator_id)


def _text(number: int | None) -> str:
    return "" if number is None else str(number)


def _member_fields(state: HostState, bond: Bond, member: Member) -> Iterable[Field]:
    yield Field(_("Name"), plain(member.name))
    yield Field(_("Bond"), plain(bond.name))
    yield Field(_("MII status"), mii_state(member.mii_status))
    yield Field(_("Role"), role(bond, member))
    yield Field(_("Speed"), or_dash(speed_text(member.speed_mbps)))
    yield Field(_("Duplex"), or_dash(member.duplex or ""))
    yield Field(_("Link failures"), Cell(str(member.link_failures)))
    yield Field(_("Last failure"), last_failure_cell(state, bond, member))
    yield Field(_("Permanent MAC"), or_dash(member.permanent_mac))
    yield from _optional(
        (
            (_("Queue"), _text(member.queue_id)),
            (_("Priority"), _text(member.priority)),
            (_("Aggregator"), _text(member.aggregator_id)),
            (_("Actor churn"), _churn(member.actor_churn, member.actor_churned)),
            (_("Partner churn"), _churn(member.partner_churn, member.partner_churned)),
        )
    )


def _churn(state: str, times: int | None) -> str:
    if not state or times is None:
        return state
    return _("{state}, churned {count} times").format(state=state, count=times)


def _lacp_port(title: str, port: LacpPort | None) -> tuple[Section, ...]:
    if port is None:
        return ()
    pairs = (
        (_("System priority"), _text(port.system_priority)),
        (_("System MAC"), port.system_mac),
        (_("Key"), _text(port.key)),
        (_("Port priority"), _text(port.port_priority)),
        (_("Port number"), _text(port.port_number)),
        (_("Port state"), port_state_text(port.port_state)),
    )
    return (Section(title, tuple(_optional(pairs))),)


# Bits of the port state, IEEE 802.1AX 6.4.2.3, lowest first; the names are the standard's.
_PORT_STATE_BITS = (
    "activity",
    "short-timeout",
    "aggregation",
    "synchronization",
    "collecting",
    "distributing",
    "defaulted",
    "expired",
)


def port_state_text(state: int | None) -> str:
    """`61: activity, aggregation, synchronization, collecting, distributing`."""
    if state is None:
        return ""
    names = [name for bit, name in enumerate(_PORT_STATE_BITS) if state >> bit & 1]
    return f"{state}: {', '.join(names)}" if names else str(state)


def _events(state: HostState, bond: Bond) -> Section:
    entries = events_of(state.timeline, bond)[-LAST_EVENTS:]
    rows = tuple(
        (
            Cell(date_time(entry.at).partition(" ")[0]),
            Cell(time_ms(entry.at)),
            Cell(entry_sentence(entry), entry_severity(entry)),
        )
        for entry in entries
    )
    header = (_("Date"), _("Time"), _("What happened"))
    nothing = "" if rows else _("nothing since the program started")
    return Section(_("Last events"), (), header if rows else (), rows, nothing)


def events_of(timeline: tuple[TimelineEntry, ...], bond: Bond) -> list[TimelineEntry]:
    """What happened to the bond and its members, oldest first."""
    names = {bond.name, *(member.name for member in bond.members)}
    return [entry for entry in timeline if entry.subject in names or entry.other == bond.name]


def is_about_bond(state: HostState, entry: TimelineEntry, name: str) -> bool:
    """Whether an entry is about the bond, "" for any: itself, its members, its bridge's ARPs."""
    for bond in (name,) if name else bond_names(state):
        found = bond_of(state, bond)
        if found is not None and (events_of((entry,), found) or entry.subject == bond):
            return True
        is_announced = entry.kind is Kind.PEERS_NOTIFIED
        if is_announced and entry.subject == bridge_of_bond(state, bond):
            return True
    return False


def _unknown(lines: tuple[str, ...]) -> tuple[Section, ...]:
    if not lines:
        return ()
    return (Section(_("Also reported by the driver"), text=clean_block("\n".join(lines))),)
