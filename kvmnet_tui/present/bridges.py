"""The Bridges table: a tree from the uplink over bridge and port to the guest's NIC."""

from collections.abc import Hashable, Sequence
from typing import Any

from kvmnet_tui.i18n import N_, _
from kvmnet_tui.model.bond_reports import bond_of
from kvmnet_tui.model.joins import natural_key
from kvmnet_tui.model.links import Link
from kvmnet_tui.model.state import HostState, Phase, SourceName
from kvmnet_tui.present.bond_modes import role
from kvmnet_tui.present.bridge_detail import bridge_detail, loose_detail, port_detail
from kvmnet_tui.present.bridge_tree import BridgeTree, Line, Role
from kvmnet_tui.present.cells import (
    EMPTY,
    LIVE_NUMBERS,
    UNKNOWN,
    dim,
    error_cells,
    flagged,
    good,
    link_number,
    link_state,
    mii_state,
    on_off,
    plain,
    quiet,
    rate_cells,
    shown_addresses,
    total_cells,
)
from kvmnet_tui.present.plugs import (
    Plug,
    is_uplink,
    network_of_bridge,
    network_of_port,
    plug_of_tap,
)
from kvmnet_tui.present.sentences import full_status_sentence, state_word
from kvmnet_tui.present.table import Cell, Column, Section, Severity
from kvmnet_tui.present.text import clean


class BridgesView:
    """A tree of `Line`s."""

    name = "bridges"
    columns = (
        Column("name", N_("Bridge / port"), 15, grow=1),
        Column("state", N_("State"), 12, live=True),
        Column("owner", N_("Owner"), 15, grow=2, priority=1),
        Column("addresses", N_("Addresses"), 15, grow=2, priority=2),
        Column("rx", N_("RX"), 9, right=True, priority=3, live=True),
        Column("tx", N_("TX"), 9, right=True, priority=3, live=True),
        Column("spark", N_("Traffic"), 8, priority=4, live=True),
        Column("errors", N_("Errors"), 6, right=True, priority=5, live=True),
        Column("drops", N_("Drops"), 6, right=True, priority=5, live=True),
        Column("mac", N_("MAC"), 17, priority=6),
        Column("stp", N_("STP"), 3, priority=7),
        Column("id", N_("Bridge id"), 17, priority=8),
        Column("received", N_("Received"), 8, right=True, priority=9, live=True),
        Column("sent", N_("Sent"), 8, right=True, priority=9, live=True),
    )

    def __init__(self) -> None:
        self._tree = BridgeTree()

    def keys(self, state: HostState) -> Sequence[Hashable]:
        """Each bridge with its ports, uplinks first, and at the end the loose taps."""
        return list(self._tree.lines(state))

    def depends_on(self, state: HostState) -> object:
        """Who is plugged into what."""
        return state.topology

    def parent(self, _state: HostState, key: Hashable) -> Hashable | None:
        """The line above it in the tree."""
        return key.parent if isinstance(key, Line) else None

    def cells(self, state: HostState, key: Hashable) -> tuple[Cell, ...]:
        """One line."""
        if not isinstance(key, Line):
            return self._blank
        branch = self._tree.lines(state).get(key)
        if key.role is Role.LOOSE and branch is not None:
            return self._loose_heading()
        link = state.links.get(key.link)
        if link is None or branch is None:
            return self._blank
        counters = state.counters.get(link.index)
        rx, tx, spark = rate_cells(state.rates.get(link.index))
        return (
            _name(link, branch),
            _state(link, key.role),
            *_owner_and_addresses(state, key, link),
            rx,
            tx,
            spark,
            *error_cells(counters),
            dim(_mac(state, link)),
            on_off(link.bridge.stp) if link.bridge else EMPTY,
            plain(link.bridge.bridge_id) if link.bridge else EMPTY,
            *total_cells(counters),
        )

    @property
    def _blank(self) -> tuple[Cell, ...]:
        return (EMPTY,) * len(self.columns)

    def _loose_heading(self) -> tuple[Cell, ...]:
        return (
            flagged(_("loose taps")),
            Cell(_("in no bridge"), Severity.WARNING),
            *self._blank[2:],
        )

    def sort_value(self, state: HostState, key: Hashable, column: str) -> Any:
        """Rates and counts by size, everything else as it reads."""
        link = state.links.get(key.link) if isinstance(key, Line) else None
        if column in LIVE_NUMBERS:
            return link_number(state, link, column)
        if column == "name":
            return natural_key(link.name if link else "")
        position = next(at for at, one in enumerate(self.columns) if one.key == column)
        return natural_key(self.cells(state, key)[position].text)

    def detail(self, state: HostState, key: Hashable) -> tuple[Section, ...]:
        """A bridge with its MAC table and ports, or a port with its owner."""
        if not isinstance(key, Line) or key not in self._tree.lines(state):
            return ()
        if key.role is Role.LOOSE:
            return loose_detail(state)
        link = state.links.get(key.link)
        if link is None:
            return ()
        return bridge_detail(state, link) if link.bridge else port_detail(state, link)

    def empty_reason(self, state: HostState) -> str:
        """Why there are no bridges."""
        status = state.source(SourceName.KERNEL)
        if status.phase is not Phase.LIVE:
            return full_status_sentence(SourceName.KERNEL, status)
        return _("This host has no bridge: starting a libvirt NAT network makes one.")


def bridge_of(key: Hashable) -> int:
    """The index of the bridge that a row belongs to (its MAC table is of interest), 0 for none."""
    return key.bridge if isinstance(key, Line) else 0


def _name(link: Link, branch: str) -> Cell:
    if branch:
        return Cell(branch + clean(link.name))
    return Cell(clean(link.name), Severity.ACCENT)


def _state(link: Link, role: Role) -> Cell:
    if role is Role.TAP:
        return flagged(_("unplugged"))
    if role is Role.MEMBER and link.member is not None:
        return mii_state(link.member.mii_status)
    if role is not Role.PORT or link.port is None:
        return link_state(link)
    state = link.port.state
    if state == "forwarding":
        return good(state_word(state))
    if state == "disabled":
        return quiet(state_word(state)) if link.is_up and link.has_carrier else link_state(link)
    return flagged(state_word(state))


def _owner_and_addresses(state: HostState, key: Line, link: Link) -> tuple[Cell, Cell]:
    plug = plug_of_tap(state, link.name)
    if plug is not None:
        return plain(plug.guest.name), _guest_addresses(state, plug)
    addresses = _own_addresses(link)
    return _owner(state, key, link), addresses


def _guest_addresses(state: HostState, plug: Plug) -> Cell:
    known = shown_addresses(state.address_book.addresses_of(plug.nic.mac))
    if known:
        return plain(", ".join([one.address.partition("/")[0] for one in known]))
    return dim(plug.nic.mac)


def _own_addresses(link: Link) -> Cell:
    shown = [one.cidr for one in link.addresses if not one.is_ipv6]
    shown += [one.cidr for one in link.addresses if one.is_ipv6 and one.scope != "link"]
    return plain(", ".join(shown)) if shown else UNKNOWN


def _owner(state: HostState, key: Line, link: Link) -> Cell:
    if key.role is Role.MEMBER:
        return _member_role(state, key, link)
    network = network_of_bridge(state, link.name) if link.bridge else network_of_port(state, link)
    if network is not None:
        return Cell(_("network {name}").format(name=clean(network.name)))
    if link.kind == "bond":
        return _bond_owner(state, link)
    if link.vlan_id is not None:
        return Cell(_("VLAN {number}").format(number=link.vlan_id))
    if key.role is not Role.BRIDGE and is_uplink(link):
        return Cell(_("uplink"))
    return UNKNOWN


def _bond_owner(state: HostState, link: Link) -> Cell:
    bond = bond_of(state, link.name)
    if bond and bond.active_member:
        return Cell(_("bond, {member} active").format(member=clean(bond.active_member)))
    return Cell(_("bond {mode}").format(mode=clean(bond.mode) if bond else ""))


def _member_role(state: HostState, key: Line, link: Link) -> Cell:
    master = state.links.get(key.path[-2])
    bond = bond_of(state, master.name) if master else None
    member = next((one for one in bond.members if one.name == link.name), None) if bond else None
    return role(bond, member) if bond and member else Cell(_("member"))


def _mac(state: HostState, link: Link) -> str:
    plug = plug_of_tap(state, link.name)
    return plug.nic.mac if plug else link.mac
