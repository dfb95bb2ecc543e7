"""Look-ups that tables and records share: whose port this is, and how a guest sees its NIC."""

import re

from kvmnet_tui.model.links import Counters, Link, Rates
from kvmnet_tui.model.plugs import (
    Plug,
    is_loose,
    link_names,
    loose_taps,
    network_of_bridge,
    network_of_nic,
    plug_of_nic,
    plug_of_tap,
    plugs_of_network,
)
from kvmnet_tui.model.state import HostState
from kvmnet_tui.model.virt import Guest, Network, Nic

__all__ = [  # what the model knows, and here belongs with the rest
    "Plug",
    "is_loose",
    "link_names",
    "loose_taps",
    "network_of_bridge",
    "network_of_nic",
    "plug_of_nic",
    "plug_of_tap",
    "plugs_of_network",
]

# Kinds of links that never lead out of the host by themselves.
_INNER_KINDS = frozenset({"bridge", "dummy", "ifb", "loopback", "macvtap", "tun", "veth"})
# A veth that carries a network card's name is one: how containers and labs see their uplink.
_CARD_NAME = re.compile(r"(en[opsx]?\d|en[px]|eth\d|em\d|p\d+p\d)")
# libvirt counts these as the host does (virDomainNetTypeSharesHostView), all others mirrored.
_HOST_VIEW_TYPES = frozenset({"direct", "ethernet"})


def guest_of_mac(state: HostState, mac: str) -> Guest | None:
    """The guest with a NIC of this MAC."""
    return state.guests.get(state.address_book.guest_by_mac.get(mac.lower(), ""))


def network_of_port(state: HostState, port: Link) -> Network | None:
    """The network that old libvirt made this port for: a tap such as virbr0-nic holds its MAC."""
    bridge, dash, rest = port.name.rpartition("-")
    return network_of_bridge(state, bridge) if dash and rest == "nic" else None


def bridge_of_bond(state: HostState, name: str) -> str:
    """The bridge that the bond is a port of, "" for none."""
    link = state.link_named(name)
    master = state.links.get(link.master) if link else None
    return master.name if master and master.kind == "bridge" else ""


def is_uplink(link: Link) -> bool:
    """Whether frames leave the host through this port: a card, a bond, a VLAN on either."""
    if link.kind == "veth":
        return _CARD_NAME.match(link.name) is not None
    return link.kind not in _INNER_KINDS


def ports_of(state: HostState, bridge: int) -> tuple[int, ...]:
    """A bridge's ports, uplinks first, each group in natural order."""
    ports = state.topology.slaves.get(bridge, ())
    links = state.topology.links
    return tuple(sorted(ports, key=lambda index: not is_uplink(links[index])))


def counters_of_nic(state: HostState, nic: Nic) -> Counters | None:
    """A NIC's totals as the guest sees them and `virsh domifstat` prints them."""
    link = state.link_named(nic.device) if nic.device else None
    counters = state.counters.get(link.index) if link else None
    if link is None or counters is None or not is_mirrored(link, nic):
        return counters
    return Counters(
        rx_bytes=counters.tx_bytes,
        tx_bytes=counters.rx_bytes,
        rx_packets=counters.tx_packets,
        tx_packets=counters.rx_packets,
        rx_errors=counters.tx_errors,
        tx_errors=counters.rx_errors,
        rx_dropped=counters.tx_dropped,
        tx_dropped=counters.rx_dropped,
        multicast=counters.multicast,
        collisions=counters.collisions,
    )


def rates_of_nic(state: HostState, nic: Nic) -> Rates | None:
    """A NIC's rates as the guest sees them."""
    link = state.link_named(nic.device) if nic.device else None
    rates = state.rates.get(link.index) if link else None
    if link is None or rates is None or not is_mirrored(link, nic):
        return rates
    return Rates(
        rates.read_at,
        rates.tx_bytes,
        rates.rx_bytes,
        rates.tx_packets,
        rates.rx_packets,
        rates.tx_history,
        rates.rx_history,
        rates.drops,
    )


def is_mirrored(link: Link, nic: Nic) -> bool:
    """Whether what the host's end receives is what the guest sends: true of a tap."""
    return nic.type not in _HOST_VIEW_TYPES and link.kind != "macvtap"
