"""The Guests table: every guest, and under it every NIC with its tap, addresses and rates."""

from collections.abc import Hashable, Iterable, Sequence
from typing import Any, NamedTuple

from kvmnet_tui.i18n import N_, _
from kvmnet_tui.model.joins import SourcedAddress, natural_key
from kvmnet_tui.model.links import Counters, Rates
from kvmnet_tui.model.state import HostState, Phase, SourceName
from kvmnet_tui.model.virt import Guest, Nic
from kvmnet_tui.present.cells import (
    EMPTY,
    LIVE_NUMBERS,
    UNKNOWN,
    counter_fields,
    dim,
    error_cells,
    flagged,
    good,
    live_number,
    or_dash,
    plain,
    quiet,
    rate_cells,
    source_word,
    sourced,
    total_cells,
    yes_no,
)
from kvmnet_tui.present.glyphs import glyphs
from kvmnet_tui.present.plugs import counters_of_nic, is_loose, rates_of_nic
from kvmnet_tui.present.sentences import full_status_sentence, state_word
from kvmnet_tui.present.table import Cell, Column, Field, Section, Severity
from kvmnet_tui.present.text import clean, clean_block

_CALM_STATES = frozenset({"shut off", "no state"})


class GuestRow(NamedTuple):
    """A guest's line."""

    guest: str


class NicRow(NamedTuple):
    """A NIC's line: the guest's UUID and the position in `Guest.nics`."""

    guest: str
    position: int


class GuestsView:
    """A tree: guests by name, their NICs in the order of the guest's configuration."""

    name = "guests"
    columns = (
        Column("name", N_("Guest / NIC"), 16, grow=2),
        Column("state", N_("State"), 12),
        Column("source", N_("Source"), 16, grow=1, priority=1),
        Column("addresses", N_("Addresses"), 24, grow=3, priority=1),
        Column("rx", N_("RX"), 9, right=True, priority=2, live=True),
        Column("tx", N_("TX"), 9, right=True, priority=2, live=True),
        Column("mac", N_("MAC"), 17, priority=3),
        Column("model", N_("Model"), 8, priority=4),
        Column("spark", N_("Traffic"), 8, priority=5, live=True),
        Column("errors", N_("Errors"), 6, right=True, priority=6, live=True),
        Column("drops", N_("Drops"), 6, right=True, priority=6, live=True),
        Column("received", N_("Received"), 8, right=True, priority=7, live=True),
        Column("sent", N_("Sent"), 8, right=True, priority=7, live=True),
    )

    def keys(self, state: HostState) -> Sequence[Hashable]:
        """Each guest, then its NICs."""
        order: list[Hashable] = []
        for guest in sorted(state.guests.values(), key=lambda guest: natural_key(guest.name)):
            order.append(GuestRow(guest.uuid))
            order.extend(NicRow(guest.uuid, at) for at in range(len(guest.nics)))
        return order

    def depends_on(self, state: HostState) -> object:
        """The guests."""
        return state.topology.guests

    def parent(self, _state: HostState, key: Hashable) -> Hashable | None:
        """The guest of a NIC."""
        return GuestRow(key.guest) if isinstance(key, NicRow) else None

    def cells(self, state: HostState, key: Hashable) -> tuple[Cell, ...]:
        """The row of a guest or of a NIC."""
        guest, nic = _found(state, key)
        if guest is None:
            return (EMPTY,) * len(self.columns)
        if nic is None or not isinstance(key, NicRow):
            return self._guest_cells(guest)
        return _nic_cells(state, guest, nic, key.position)

    def _guest_cells(self, guest: Guest) -> tuple[Cell, ...]:
        blank = (EMPTY,) * (len(self.columns) - 2)
        return Cell(clean(guest.name), Severity.ACCENT), guest_state(guest), *blank

    def sort_value(self, state: HostState, key: Hashable, column: str) -> Any:
        """Rates by the sum over a guest's NICs, everything else as it reads."""
        guest, nic = _found(state, key)
        if column in LIVE_NUMBERS:
            nics = (nic,) if nic else guest.nics if guest else ()
            return sum(_number(state, one, column) for one in nics)
        if guest is None:
            return natural_key("")
        if nic is None and column not in {"name", "state"}:
            return natural_key(" ".join(_text(one, column) for one in guest.nics))
        position = next(at for at, one in enumerate(self.columns) if one.key == column)
        return natural_key(self.cells(state, key)[position].text)

    def detail(self, state: HostState, key: Hashable) -> tuple[Section, ...]:
        """All of a guest and its NICs, or all of one NIC with its XML."""
        guest, nic = _found(state, key)
        if guest is None:
            return ()
        if nic is not None:
            return _nic_detail(state, guest, nic)
        return _guest_detail(state, guest)

    def empty_reason(self, state: HostState) -> str:
        """Why there are no guests."""
        status = state.source(SourceName.LIBVIRT)
        if status.phase is not Phase.LIVE:
            return full_status_sentence(SourceName.LIBVIRT, status)
        return _("libvirt has no guests on this host.")


def guest_state(guest: Guest) -> Cell:
    """A guest's state with its sign."""
    word = state_word(guest.state)
    if guest.state in {"running", "idle"}:
        return good(word)
    return quiet(word) if guest.state in _CALM_STATES else flagged(word)


def shown_addresses(addresses: Iterable[SourcedAddress]) -> list[SourcedAddress]:
    """What one wants to know first: IPv4, then IPv6; link-local ones only where nothing else is."""
    wanted = [one for one in addresses if not one.address.startswith(("127.", "::1/"))]
    routable = [one for one in wanted if not one.address.lower().startswith("fe80:")]
    return sorted(routable or wanted, key=lambda one: ":" in one.address)


def source_text(nic: Nic) -> str:
    """What a NIC is plugged into: `network default`, `direct ens36 (vepa)`."""
    text = f"{nic.type} {nic.source}".rstrip()
    return clean(f"{text} ({nic.mode})" if nic.mode else text)


def nic_state(state: HostState, guest: Guest, nic: Nic) -> Cell:
    """Whether a NIC's cable is in: link up, set down, or its tap in no bridge."""
    tap = state.link_named(nic.device) if nic.device else None
    if guest.is_active and tap is not None and is_loose(state, tap):
        return flagged(_("unplugged"))
    if nic.link == "down":
        return quiet(_("link down"))
    return good(_("link up")) if guest.is_active else UNKNOWN


def _found(state: HostState, key: Hashable) -> tuple[Guest | None, Nic | None]:
    if isinstance(key, NicRow):
        guest = state.guests.get(key.guest)
        if guest is None or key.position >= len(guest.nics):
            return None, None
        return guest, guest.nics[key.position]
    return (state.guests.get(key.guest) if isinstance(key, GuestRow) else None), None


def _nic_cells(state: HostState, guest: Guest, nic: Nic, position: int) -> tuple[Cell, ...]:
    signs = glyphs()
    branch = signs.tree_last if position == len(guest.nics) - 1 else signs.tree_next
    label = clean(nic.device) or _("NIC {number}").format(number=position + 1)
    counters = counters_of_nic(state, nic)
    rx, tx, spark = rate_cells(rates_of_nic(state, nic))
    addresses = shown_addresses(state.address_book.addresses_of(nic.mac))
    return (
        Cell(branch + label),
        nic_state(state, guest, nic),
        Cell(source_text(nic)),
        Cell(sourced(addresses)) if addresses else UNKNOWN,
        rx,
        tx,
        dim(nic.mac),
        or_dash(nic.model),
        spark,
        *error_cells(counters),
        *total_cells(counters),
    )


def _number(state: HostState, nic: Nic, column: str) -> float:
    """The number behind a live column of a NIC."""
    rates = rates_of_nic(state, nic) or Rates(0.0)
    counters = counters_of_nic(state, nic) or Counters()
    return live_number(rates, counters, column)


def _text(nic: Nic, column: str) -> str:
    return {"source": source_text(nic), "model": nic.model, "mac": nic.mac}.get(column, "")


def _guest_detail(state: HostState, guest: Guest) -> tuple[Section, ...]:
    fields = (
        Field(_("Name"), plain(guest.name)),
        Field(_("UUID"), plain(guest.uuid)),
        Field(_("State"), guest_state(guest)),
        Field(_("Id"), Cell(str(guest.id)) if guest.is_active else UNKNOWN),
        Field(_("Persistent"), yes_no(guest.persistent)),
        Field(_("Autostart"), yes_no(guest.autostart)),
        Field(_("Guest agent"), _agent(guest)),
    )
    header = (_("Device"), _("Type and source"), _("Model"), _("MAC"), _("Link"), _("Addresses"))
    rows = tuple(
        (
            or_dash(nic.device),
            Cell(source_text(nic)),
            or_dash(nic.model),
            plain(nic.mac),
            nic_state(state, guest, nic),
            or_dash(sourced(state.address_book.addresses_of(nic.mac))),
        )
        for nic in guest.nics
    )
    nics = Section(_("NICs"), (), header, rows, "" if rows else _("none"))
    return Section(_("Guest"), fields), nics


def _agent(guest: Guest) -> Cell:
    if guest.agent_connected:
        return good(_("connected"))
    return quiet(_("not connected"))


def _nic_detail(state: HostState, guest: Guest, nic: Nic) -> tuple[Section, ...]:
    link = state.link_named(nic.device) if nic.device else None
    bridge = state.links.get(link.master) if link else None
    optional = (
        (_("Network"), nic.network),
        (_("Bridge"), bridge.name if bridge else ""),
        (_("Port group"), nic.portgroup),
        (_("Alias"), nic.alias),
        (_("MTU"), str(nic.mtu) if nic.mtu else ""),
        (_("VLANs"), ", ".join(str(vlan) for vlan in nic.vlans)),
    )
    fields = (
        Field(_("Guest"), plain(guest.name)),
        Field(_("MAC"), plain(nic.mac)),
        Field(_("Type and source"), Cell(source_text(nic))),
        Field(_("Model"), or_dash(nic.model)),
        Field(_("Device"), or_dash(nic.device)),
        Field(_("Link"), nic_state(state, guest, nic)),
        *(Field(label, plain(value)) for label, value in optional if value),
    )
    book = state.address_book.addresses_of(nic.mac)
    rows = tuple((plain(one.address), Cell(source_word(one.source))) for one in book)
    header = (_("Address"), _("Known from"))
    return (
        Section(_("NIC"), fields),
        Section(_("Addresses"), (), header, rows, "" if rows else _("none")),
        Section(_("Counters, as the guest sees them"), counter_fields(counters_of_nic(state, nic))),
        Section(_("XML"), text=clean_block(nic.xml), language="xml"),
    )
