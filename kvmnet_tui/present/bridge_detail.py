"""The detail of a bridge, of a port, and of the taps that are in no bridge."""

from kvmnet_tui.i18n import _, ngettext
from kvmnet_tui.model.joins import natural_key
from kvmnet_tui.model.links import BridgeSettings, ForwardingEntry, Link, PortSettings
from kvmnet_tui.model.state import HostState
from kvmnet_tui.present.cells import (
    EMPTY,
    UNKNOWN,
    counter_fields,
    link_state,
    on_off,
    or_dash,
    plain,
    sourced,
    yes_no,
)
from kvmnet_tui.present.links import LinksView
from kvmnet_tui.present.plugs import (
    Plug,
    guest_of_mac,
    loose_taps,
    network_of_bridge,
    plug_of_tap,
    ports_of,
)
from kvmnet_tui.present.sentences import state_word
from kvmnet_tui.present.table import Cell, Field, Section, Severity
from kvmnet_tui.present.units import duration_text

_LINKS = LinksView()


def bridge_detail(state: HostState, bridge: Link) -> tuple[Section, ...]:
    """Settings as `brctl showstp`, the MAC table as `brctl showmacs`, and the ports."""
    settings = bridge.bridge
    if settings is None:
        return ()
    return (
        Section(_("Bridge"), (*_place(state, bridge), *_settings(state, bridge, settings))),
        _ports(state, bridge),
        _mac_table(state, bridge),
        Section(_("Counters"), counter_fields(state.counters.get(bridge.index))),
    )


def port_detail(state: HostState, port: Link) -> tuple[Section, ...]:
    """Who is plugged in, the bridge's settings of the port, and the link itself."""
    plug = plug_of_tap(state, port.name)
    sections = [_owner(state, plug)] if plug else []
    if port.port is not None:
        sections.append(_port_settings(state, port, port.port))
    return (*sections, *_LINKS.detail(state, port.index))


def loose_detail(state: HostState) -> tuple[Section, ...]:
    """What loose taps are, and which there are."""
    links = [state.links[index] for index in loose_taps(state) if index in state.links]
    rows = tuple(_loose_row(state, link) for link in links)
    title = ngettext("{count} loose tap", "{count} loose taps", len(rows)).format(count=len(rows))
    text = _(
        "These taps belong to guests but are in no bridge, so nothing reaches those guests. "
        "It happens when a network is stopped and started under running guests."
    )
    header = (_("Tap"), _("Guest"), _("MAC"), _("Should be in"))
    return (Section(title, (), header, rows), Section(_("What this means"), text=text))


def _loose_row(state: HostState, tap: Link) -> tuple[Cell, ...]:
    plug = plug_of_tap(state, tap.name)
    if plug is None:
        return plain(tap.name), UNKNOWN, plain(tap.mac), UNKNOWN
    source = f"{plug.nic.type} {plug.nic.source}"
    return plain(tap.name), plain(plug.guest.name), plain(plug.nic.mac), plain(source)


def _place(state: HostState, bridge: Link) -> tuple[Field, ...]:
    network = network_of_bridge(state, bridge.name)
    addresses = ", ".join(one.cidr for one in bridge.addresses)
    return (
        Field(_("Name"), plain(bridge.name)),
        Field(_("State"), link_state(bridge)),
        Field(_("Network"), plain(network.name) if network else UNKNOWN),
        Field(_("Addresses"), or_dash(addresses)),
        Field(_("MAC"), plain(bridge.mac)),
        Field(_("MTU"), Cell(str(bridge.mtu))),
    )


def _settings(state: HostState, bridge: Link, settings: BridgeSettings) -> tuple[Field, ...]:
    is_root = settings.root_id in {"", settings.bridge_id}
    root_port = _port_numbered(state, bridge, settings.root_port)
    fields = [
        Field(_("Bridge id"), plain(settings.bridge_id)),
        Field(_("STP"), on_off(settings.stp)),
        Field(_("Root bridge"), Cell(_("this one")) if is_root else plain(settings.root_id)),
    ]
    if not is_root:
        fields.append(Field(_("Root port"), or_dash(root_port)))
        fields.append(Field(_("Path cost to the root"), Cell(str(settings.root_path_cost))))
    times = (
        (_("Forward delay"), settings.forward_delay),
        (_("Hello time"), settings.hello_time),
        (_("Maximum age"), settings.max_age),
        (_("MAC ageing time"), settings.ageing_time),
    )
    fields += [
        Field(label, Cell(_("{seconds} s").format(seconds=f"{value:g}"))) for label, value in times
    ]
    fields.append(Field(_("VLAN filtering"), on_off(settings.vlan_filtering)))
    if settings.vlan_filtering:
        fields.append(Field(_("Default PVID"), Cell(str(settings.vlan_default_pvid))))
    fields.append(Field(_("Multicast snooping"), on_off(settings.multicast_snooping)))
    fields.append(Field(_("Topology change"), yes_no(settings.topology_change)))
    return tuple(fields)


def _port_numbered(state: HostState, bridge: Link, number: int) -> str:
    ports = (state.links.get(index) for index in state.topology.slaves.get(bridge.index, ()))
    return next((link.name for link in ports if link and _number(link) == number), "")


def _number(link: Link) -> int | None:
    return link.port.number if link.port else None


def _ports(state: HostState, bridge: Link) -> Section:
    header: tuple[str, ...] = (_("Port"), _("State"), _("Cost"), _("Owner"), _("MAC"))
    header += (_("Addresses"), _("VLANs"))
    links = [state.links[index] for index in ports_of(state, bridge.index) if index in state.links]
    rows = tuple(_port_row(state, link) for link in links)
    if not any(row[-1].text for row in rows):  # no VLANs to tell of: no column for them
        header, rows = header[:-1], tuple(row[:-1] for row in rows)
    return Section(_("Ports"), (), header, rows, "" if rows else _("none"))


def _port_row(state: HostState, link: Link) -> tuple[Cell, ...]:
    plug = plug_of_tap(state, link.name)
    known = state.address_book.addresses_of(plug.nic.mac) if plug else ()
    return (
        plain(link.name),
        Cell(state_word(link.port.state)) if link.port else UNKNOWN,
        Cell(str(link.port.cost)) if link.port else UNKNOWN,
        plain(plug.guest.name) if plug else UNKNOWN,
        plain(plug.nic.mac if plug else link.mac),
        or_dash(sourced(known)),
        Cell(_vlans(link.port)) if link.port else EMPTY,
    )


def _mac_table(state: HostState, bridge: Link) -> Section:
    entries = state.forwarding.get(bridge.index)
    if entries is None:
        return Section(_("MAC table"), text=_("not read yet"))
    header = (_("MAC"), _("Port"), _("VLAN"), _("Age"), _("Whose"))
    ordered = sorted(entries, key=lambda one: (one.local, _port_name(state, one), one.mac))
    rows = tuple(_mac_row(state, one) for one in ordered)
    return Section(_("MAC table"), (), header, rows, "" if rows else _("empty"))


def _port_name(state: HostState, entry: ForwardingEntry) -> tuple[tuple[int, int, str], ...]:
    link = state.links.get(entry.port_index)
    return natural_key(link.name if link else "")


def _mac_row(state: HostState, entry: ForwardingEntry) -> tuple[Cell, ...]:
    port = state.links.get(entry.port_index)
    guest = guest_of_mac(state, entry.mac)
    age = Cell(_("permanent"), Severity.DIM)
    if entry.age is not None:
        age = Cell(duration_text(entry.age))
    whose = UNKNOWN
    if guest is not None:
        whose = plain(guest.name)
    elif entry.local:
        whose = Cell(_("this host"), Severity.DIM)
    vlan = Cell(str(entry.vlan)) if entry.vlan else EMPTY
    return plain(entry.mac), plain(port.name if port else ""), vlan, age, whose


def _owner(state: HostState, plug: Plug) -> Section:
    guest, nic = plug
    addresses = sourced(state.address_book.addresses_of(nic.mac))
    fields = (
        Field(_("Guest"), plain(guest.name)),
        Field(_("Type and source"), plain(f"{nic.type} {nic.source}")),
        Field(_("MAC in the guest"), plain(nic.mac)),
        Field(_("Model"), or_dash(nic.model)),
        Field(_("Addresses"), or_dash(addresses)),
    )
    return Section(_("Plugged in"), fields)


def _port_settings(state: HostState, link: Link, port: PortSettings) -> Section:
    bridge = state.links.get(link.master)
    fields = (
        Field(_("Bridge"), plain(bridge.name) if bridge else UNKNOWN),
        Field(_("STP state"), Cell(state_word(port.state))),
        Field(_("Number"), Cell(str(port.number))),
        Field(_("Cost"), Cell(str(port.cost))),
        Field(_("Priority"), Cell(str(port.priority))),
        Field(_("VLANs"), Cell(_vlans(port)) if port.vlans else UNKNOWN),
        Field(_("Learning"), on_off(port.learning)),
        Field(_("Flooding"), on_off(port.flood)),
        Field(_("Isolated"), on_off(port.isolated)),
        Field(_("Hairpin"), on_off(port.hairpin)),
        Field(_("BPDU guard"), on_off(port.guard)),
    )
    return Section(_("Bridge port"), fields)


def _vlans(port: PortSettings) -> str:
    """`1 PVID untagged, 100`, as `bridge vlan` prints them."""
    return ", ".join(
        " ".join([str(vlan.vid), *["PVID"] * vlan.pvid, *["untagged"] * vlan.untagged])
        for vlan in port.vlans
    )
