"""The Guests table: every guest, and under it every NIC with its tap, addresses and rates."""

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
    dim,
    error_cells,
    flagged,
    good,
    live_number,
    or_dash,
    plain,
    quiet,
    rate_cells,
    shown_addresses,
    sourced,
    total_cells,
    yes_no,
)
from kvmnet_tui.present.glyphs import glyphs
from kvmnet_tui.present.nic_detail import nic_detail, nic_state, shown_nics, source_text
from kvmnet_tui.present.nics import NicRow, attention, found_nic, nic_name
from kvmnet_tui.present.plugs import counters_of_nic, rates_of_nic
from kvmnet_tui.present.sentences import full_status_sentence, state_word
from kvmnet_tui.present.table import Cell, Column, Field, Section, Severity
from kvmnet_tui.present.text import clean

_CALM_STATES = frozenset({"shut off", "no state"})


class GuestRow(NamedTuple):
    """A guest's line."""

    guest: str


class GuestsView:
    """A tree: guests by name, their NICs in the order of the guest's configuration."""

    name = "guests"
    columns = (
        Column("name", N_("Guest / NIC"), 16, grow=2),
        Column("state", N_("State"), 14),
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
            order.extend(NicRow(guest.uuid, at) for at in range(len(shown_nics(guest))))
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
            return nic_detail(state, guest, nic)
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


def _found(state: HostState, key: Hashable) -> tuple[Guest | None, Nic | None]:
    if isinstance(key, NicRow):
        guest, nic = found_nic(state, key)
        return (guest, nic) if nic else (None, None)
    return (state.guests.get(key.guest) if isinstance(key, GuestRow) else None), None


def _nic_cells(state: HostState, guest: Guest, nic: Nic, position: int) -> tuple[Cell, ...]:
    signs = glyphs()
    branch = signs.tree_last if position == len(shown_nics(guest)) - 1 else signs.tree_next
    label = clean(nic_name(nic, position))
    counters = counters_of_nic(state, nic)
    rx, tx, spark = rate_cells(rates_of_nic(state, nic))
    addresses = shown_addresses(state.address_book.addresses_of(nic.mac))
    return (
        Cell(branch + label),
        attention(state, guest, nic),
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
        for nic in shown_nics(guest)
    )
    nics = Section(_("NICs"), (), header, rows, "" if rows else _("none"))
    return Section(_("Guest"), fields), nics


def _agent(guest: Guest) -> Cell:
    if guest.agent_connected:
        return good(_("connected"))
    return quiet(_("not connected"))
