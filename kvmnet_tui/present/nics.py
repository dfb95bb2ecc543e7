"""The NICs table: every guest's NICs in one flat list, with rates and what deserves attention."""

from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

from kvmnet_tui.i18n import N_, _
from kvmnet_tui.model.joins import natural_key
from kvmnet_tui.model.links import Counters, Rates
from kvmnet_tui.model.state import HostState, Phase, SourceName
from kvmnet_tui.model.virt import Guest, Nic
from kvmnet_tui.present.cells import (
    EMPTY,
    LIVE_NUMBERS,
    UNKNOWN,
    count,
    dim,
    error_cells,
    flagged,
    live_number,
    or_dash,
    plain,
    rate_cells,
    shown_addresses,
    sourced,
    total_cells,
)
from kvmnet_tui.present.nic_alerts import NicAlert, alert_word, alerts_of
from kvmnet_tui.present.nic_detail import nic_at, nic_detail, nic_state, shown_nics
from kvmnet_tui.present.plugs import counters_of_nic, network_of_nic, rates_of_nic
from kvmnet_tui.present.sentences import full_status_sentence
from kvmnet_tui.present.table import Cell, Column, Section, Severity

_PACKETS = frozenset({"rx_packets", "tx_packets"})


class NicRow(NamedTuple):
    """A NIC's line: the guest's UUID and the position in `shown_nics`."""

    guest: str
    position: int


class NicsView:
    """One row a NIC, by guest and in the order of its configuration."""

    name = "nics"
    columns = (
        Column("guest", N_("Guest"), 14, grow=2),
        Column("nic", N_("NIC"), 8),
        Column("state", N_("State"), 14, live=True),
        Column("bridge", N_("Bridge"), 10, priority=2),
        Column("network", N_("Network"), 10, grow=1, priority=3),
        Column("addresses", N_("Addresses"), 18, grow=3, priority=1),
        Column("rx", N_("RX"), 9, right=True, priority=1, live=True),
        Column("tx", N_("TX"), 9, right=True, priority=1, live=True),
        Column("rx_packets", N_("RX pkt/s"), 8, right=True, priority=4, live=True),
        Column("tx_packets", N_("TX pkt/s"), 8, right=True, priority=4, live=True),
        Column("errors", N_("Errors"), 6, right=True, priority=5, live=True),
        Column("drops", N_("Drops"), 6, right=True, priority=5, live=True),
        Column("mac", N_("MAC"), 17, priority=6),
        Column("model", N_("Model"), 8, priority=7),
        Column("spark", N_("Traffic"), 8, priority=8, live=True),
        Column("received", N_("Received"), 8, right=True, priority=9, live=True),
        Column("sent", N_("Sent"), 8, right=True, priority=9, live=True),
    )

    def keys(self, state: HostState) -> Sequence[Hashable]:
        """Every guest's NICs, the guests by name."""
        return [
            NicRow(guest.uuid, at)
            for guest in sorted(state.guests.values(), key=lambda guest: natural_key(guest.name))
            for at in range(len(shown_nics(guest)))
        ]

    def depends_on(self, state: HostState) -> object:
        """The guests."""
        return state.topology.guests

    def cells(self, state: HostState, key: Hashable) -> tuple[Cell, ...]:
        """The row of a NIC."""
        guest, nic = found_nic(state, key)
        if guest is None or nic is None or not isinstance(key, NicRow):
            return (EMPTY,) * len(self.columns)
        counters, rates = counters_of_nic(state, nic), rates_of_nic(state, nic)
        rx, tx, spark = rate_cells(rates)
        errors, drops = error_cells(counters)
        addresses = shown_addresses(state.address_book.addresses_of(nic.mac))
        received, sent = total_cells(counters)
        return (
            plain(guest.name),
            plain(nic_name(nic, key.position)),
            attention(state, guest, nic),
            or_dash(bridge_of(state, nic)),
            or_dash(network_of(state, nic)),
            Cell(sourced(addresses)) if addresses else UNKNOWN,
            rx,
            tx,
            _packets(rates, "rx_packets"),
            _packets(rates, "tx_packets"),
            errors,
            drops,
            dim(nic.mac),
            or_dash(nic.model),
            spark,
            received,
            sent,
        )

    def sort_value(self, state: HostState, key: Hashable, column: str) -> Any:
        """Numbers by size, the state by what deserves most attention, all else as it reads."""
        guest, nic = found_nic(state, key)
        if column in LIVE_NUMBERS or column in _PACKETS:
            return _number(state, nic, column)
        if column == "state":
            return (9, "") if guest is None or nic is None else _urgency(state, guest, nic)
        if guest is None or nic is None:
            return natural_key("")
        return natural_key(_text(state, guest, nic, key, column))

    def detail(self, state: HostState, key: Hashable) -> tuple[Section, ...]:
        """All of one NIC."""
        guest, nic = found_nic(state, key)
        return () if guest is None or nic is None else nic_detail(state, guest, nic)

    def empty_reason(self, state: HostState) -> str:
        """Why there are no NICs."""
        status = state.source(SourceName.LIBVIRT)
        if status.phase is not Phase.LIVE:
            return full_status_sentence(SourceName.LIBVIRT, status)
        if state.guests:
            return _("No guest has a NIC. Choose a guest on the Guests screen and press n.")
        return _("libvirt has no guests on this host.")


def found_nic(state: HostState, key: Hashable) -> tuple[Guest | None, Nic | None]:
    """The guest and NIC of a row; None for what is gone."""
    if not isinstance(key, NicRow):
        return None, None
    guest = state.guests.get(key.guest)
    return guest, nic_at(guest, key.position)


def nic_name(nic: Nic, position: int) -> str:
    """The tap's name, or which of the guest's NICs it is."""
    return nic.device or _("NIC {number}").format(number=position + 1)


def attention(state: HostState, guest: Guest, nic: Nic) -> Cell:
    """The gravest alert and how many more there are; without one how the cable is."""
    alerts = alerts_of(state, guest, nic)
    if not alerts or alerts == (NicAlert.LINK_DOWN,):
        return nic_state(state, guest, nic)
    more = f" +{len(alerts) - 1}" if len(alerts) > 1 else ""
    return flagged(f"{alert_word(alerts[0])}{more}")


def bridge_of(state: HostState, nic: Nic) -> str:
    """The bridge that the NIC's tap is a port of; where there is none, the one it belongs in."""
    tap = state.link_named(nic.device) if nic.device else None
    if tap is not None:
        bridge = state.links.get(tap.master)
        return bridge.name if bridge else ""
    if nic.type == "bridge":
        return nic.source
    network = network_of_nic(state, nic)
    return network.bridge if network else ""


def network_of(state: HostState, nic: Nic) -> str:
    """The libvirt network behind the NIC, also where it is plugged into its bridge by name."""
    network = network_of_nic(state, nic)
    return network.name if network else nic.network


def _packets(rates: Rates | None, direction: str) -> Cell:
    if rates is None:
        return UNKNOWN
    number: float = getattr(rates, direction)
    return count(round(number), Severity.PLAIN)


def _number(state: HostState, nic: Nic | None, column: str) -> float:
    """The number behind a live column."""
    rates = (rates_of_nic(state, nic) if nic else None) or Rates(0.0)
    if column in _PACKETS:
        packets: float = getattr(rates, column)
        return packets
    counters = (counters_of_nic(state, nic) if nic else None) or Counters()
    return live_number(rates, counters, column)


def _urgency(state: HostState, guest: Guest, nic: Nic) -> tuple[int, str]:
    alerts = alerts_of(state, guest, nic)
    rank = list(NicAlert).index(alerts[0]) if alerts else len(NicAlert)
    return rank, nic_state(state, guest, nic).text


def _text(state: HostState, guest: Guest, nic: Nic, key: Hashable, column: str) -> str:
    if column == "addresses":
        addresses = shown_addresses(state.address_book.addresses_of(nic.mac))
        return addresses[0].address if addresses else ""
    position = key.position if isinstance(key, NicRow) else 0
    return {
        "guest": guest.name,
        "nic": nic_name(nic, position),
        "bridge": bridge_of(state, nic),
        "network": network_of(state, nic),
        "mac": nic.mac,
        "model": nic.model,
    }.get(column, "")
