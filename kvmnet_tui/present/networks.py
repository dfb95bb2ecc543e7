"""The Networks table: libvirt's virtual networks, their addresses, leases and plugged guests."""

import time
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from kvmnet_tui.i18n import N_, _
from kvmnet_tui.model.joins import natural_key
from kvmnet_tui.model.state import HostState, Phase, SourceName
from kvmnet_tui.model.virt import DhcpRange, Lease, Network
from kvmnet_tui.present.cells import EMPTY, UNKNOWN, good, or_dash, plain, quiet, yes_no
from kvmnet_tui.present.network_impact import difference, waits_for_restart
from kvmnet_tui.present.network_leases import is_expired, pins_of
from kvmnet_tui.present.plugs import Plug, guest_of_mac, plugs_of_network
from kvmnet_tui.present.sentences import full_status_sentence
from kvmnet_tui.present.table import Cell, Column, Field, Section, Severity
from kvmnet_tui.present.text import clean, clean_block
from kvmnet_tui.present.units import date_time, duration_text

MODES = {
    "nat": N_("NAT"),
    "route": N_("routed"),
    "open": N_("open"),
    "isolated": N_("isolated"),
    "bridge": N_("bridge"),
    "private": N_("macvtap private"),
    "vepa": N_("macvtap VEPA"),
    "passthrough": N_("macvtap passthrough"),
    "hostdev": N_("PCI pool"),
}


def mode_word(mode: str) -> str:
    """A forward mode in the user's language."""
    return _(MODES[mode]) if mode in MODES else clean(mode)


class NetworksView:
    """One row a network, keyed by UUID. `now` gives seconds since the epoch, for leases."""

    name = "networks"
    columns = (
        Column("name", N_("Name"), 15, grow=2),
        Column("state", N_("State"), 10),
        Column("mode", N_("Mode"), 9, priority=1),
        Column("bridge", N_("Bridge"), 10, priority=1),
        Column("subnets", N_("Subnets"), 18, grow=1, priority=2),
        Column("leases", N_("Leases"), 6, right=True, priority=3),
        Column("guests", N_("Guests"), 6, right=True, priority=3),
        Column("autostart", N_("Autostart"), 9, priority=4),
        Column("dhcp", N_("DHCP range"), 31, priority=5),
        Column("persistent", N_("Persistent"), 10, priority=6),
    )

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now

    def keys(self, state: HostState) -> Sequence[Hashable]:
        """UUIDs in the natural order of the names."""
        networks = sorted(state.networks.values(), key=lambda network: natural_key(network.name))
        return [network.uuid for network in networks]

    def depends_on(self, state: HostState) -> object:
        """The networks and the guests plugged into them."""
        return state.topology.networks, state.topology.guests

    def cells(self, state: HostState, key: Hashable) -> tuple[Cell, ...]:
        """The row of one network."""
        network = _network(state, key)
        if network is None:
            return (EMPTY,) * len(self.columns)
        return (
            plain(network.name),
            good(_("active")) if network.active else quiet(_("inactive")),
            Cell(mode_word(network.forward_mode)),
            or_dash(network.bridge or ", ".join(network.forward_devices)),
            or_dash(", ".join(network.addresses)),
            _number(len(network.leases)),
            _number(len(state.topology.nics_by_network.get(network.uuid, ()))),
            yes_no(network.autostart),
            or_dash(", ".join(_range_text(one) for one in network.dhcp_ranges)),
            yes_no(network.persistent),
        )

    def sort_value(self, state: HostState, key: Hashable, column: str) -> Any:
        """Numbers by size, everything else as it reads."""
        network = _network(state, key)
        if network is None:
            return natural_key("") if column not in {"leases", "guests"} else 0
        if column == "leases":
            return len(network.leases)
        if column == "guests":
            return len(state.topology.nics_by_network.get(network.uuid, ()))
        return natural_key(self.cells(state, key)[self._position(column)].text)

    def _position(self, column: str) -> int:
        return next(at for at, one in enumerate(self.columns) if one.key == column)

    def detail(self, state: HostState, key: Hashable) -> tuple[Section, ...]:
        """What `virsh net-info`, `net-dhcp-leases` and `net-dumpxml` print, and who is plugged."""
        network = _network(state, key)
        if network is None:
            return ()
        return (
            _information(network),
            _leases(state, network, self._now()),
            *_pins(state, network),
            _plugged(tuple(plugs_of_network(state, network))),
            *_documents(network),
        )

    def empty_reason(self, state: HostState) -> str:
        """Why there are no networks."""
        status = state.source(SourceName.LIBVIRT)
        if status.phase is not Phase.LIVE:
            return full_status_sentence(SourceName.LIBVIRT, status)
        return _("libvirt has no virtual networks on this host.")


def _network(state: HostState, key: Hashable) -> Network | None:
    return state.networks.get(key) if isinstance(key, str) else None


def _number(number: int) -> Cell:
    return Cell(str(number), Severity.PLAIN if number else Severity.DIM)


def _range_text(one: DhcpRange) -> str:
    return f"{one.start} - {one.end}"


def _information(network: Network) -> Section:
    fields = [
        Field(_("Name"), plain(network.name)),
        Field(_("UUID"), plain(network.uuid)),
        Field(_("Active"), yes_no(network.active)),
        Field(_("Persistent"), yes_no(network.persistent)),
        Field(_("Autostart"), yes_no(network.autostart)),
        Field(_("Mode"), Cell(mode_word(network.forward_mode))),
        Field(_("Bridge"), or_dash(network.bridge)),
    ]
    if network.forward_devices:
        fields.append(Field(_("Forwards through"), plain(", ".join(network.forward_devices))))
    fields.append(Field(_("Addresses"), or_dash(", ".join(network.addresses))))
    ranges = ", ".join(_range_text(one) for one in network.dhcp_ranges)
    fields.append(Field(_("DHCP range"), or_dash(ranges)))
    if network.domain:
        fields.append(Field(_("DNS domain"), plain(network.domain)))
    fields.append(Field(_("Stored in"), _file(network)))
    return Section(_("Network"), tuple(fields))


def _file(network: Network) -> Cell:
    if network.file:
        return plain(network.file)
    if not network.persistent:
        return Cell(_("nowhere: it is gone when it stops"), Severity.WARNING)
    return UNKNOWN


def _leases(state: HostState, network: Network, now: float) -> Section:
    header = (
        _("MAC"),
        _("Address"),
        _("Host name"),
        _("Expires"),
        _("Left"),
        _("Guest"),
        _("Pinned"),
    )
    pinned = {pin.address for pin in pins_of(network)}
    rows = tuple(_lease(state, lease, lease.address in pinned, now) for lease in network.leases)
    return Section(_("DHCP leases"), (), header, rows, "" if rows else _("none"))


def _lease(state: HostState, lease: Lease, pinned: bool, now: float) -> tuple[Cell, ...]:
    guest = guest_of_mac(state, lease.mac)
    cells = (
        plain(lease.mac),
        plain(f"{lease.address}/{lease.prefix}"),
        or_dash(lease.hostname),
        Cell(date_time(lease.expires)) if lease.expires else Cell(_("never")),
        _time_left(lease, now),
        plain(guest.name) if guest else UNKNOWN,
        yes_no(pinned),
    )
    if not is_expired(lease, now):
        return cells
    return tuple(
        cell if cell.severity is Severity.WARNING else Cell(cell.text, Severity.DIM)
        for cell in cells
    )


def _pins(state: HostState, network: Network) -> tuple[Section, ...]:
    """The static hosts, with who has them; no section where there are none."""
    pins = pins_of(network)
    if not pins:
        return ()
    leased = {lease.address for lease in network.leases}
    header = (_("Address"), _("MAC"), _("Host name"), _("Guest"), _("Leased"))
    rows = []
    for pin in pins:
        guest = guest_of_mac(state, pin.mac) if pin.mac else None
        rows.append(
            (
                plain(pin.address),
                or_dash(pin.mac or pin.duid),
                or_dash(pin.hostname),
                plain(guest.name) if guest else UNKNOWN,
                yes_no(pin.address in leased),
            )
        )
    return (Section(_("Pinned addresses"), (), header, tuple(rows)),)


def _time_left(lease: Lease, now: float) -> Cell:
    if not lease.expires:
        return EMPTY
    if lease.expires <= now:
        return Cell(_("expired"), Severity.WARNING)
    return Cell(duration_text(lease.expires - now))


def _plugged(plugs: tuple[Plug, ...]) -> Section:
    header = (_("Guest"), _("State"), _("Device"), _("Model"), _("MAC"), _("Link"))
    rows = tuple(_plugged_row(plug) for plug in plugs)
    return Section(_("Plugged NICs"), (), header, rows, "" if rows else _("none"))


def _plugged_row(plug: Plug) -> tuple[Cell, ...]:
    guest, nic = plug
    return (
        plain(guest.name),
        good(_("running")) if guest.is_active else quiet(_("not running")),
        or_dash(nic.device),
        or_dash(nic.model),
        plain(nic.mac),
        good(_("up")) if nic.link == "up" else quiet(_("down")),
    )


def _documents(network: Network) -> tuple[Section, ...]:
    live, stored = clean_block(network.xml), clean_block(network.persistent_xml)
    if not network.active:
        return (Section(_("Stored XML"), text=stored or live, language="xml"),)
    section = Section(_("Live XML"), text=live, language="xml")
    if not stored or stored == live:
        return (section,)
    diff = (difference(network),) if waits_for_restart(network) else ()
    stored_section = Section(_("Stored XML, used from the next start"), text=stored, language="xml")
    return *diff, section, stored_section
