"""A <network> as named values, read from its XML and written into it. Pure.

`written(text, values)` changes what differs from `values_of(text)` and nothing else: what no value
stands for, and what was not changed, survives byte for byte.
"""

from collections.abc import Mapping
from typing import Any

from kvmnet_tui.netxml import network_lists as lists
from kvmnet_tui.netxml.limits import bandwidth_of, set_bandwidth, set_vlan, vlan_of
from kvmnet_tui.netxml.listing import Listing, merge
from kvmnet_tui.netxml.network_addresses import PINS, ranges_value, subnet_value
from kvmnet_tui.netxml.network_forward import (
    DEVICES,
    EXIT,
    FUNCTIONS,
    NAT_ADDRESSES,
    NAT_IPV6,
    NAT_PORTS,
    PF,
)
from kvmnet_tui.netxml.network_values import (
    DNS_ORDER,
    ORDER,
    Value,
    attribute_value,
    child,
    drop_empty,
    switch_value,
    text_value,
)
from kvmnet_tui.netxml.syntax import Element, parse

EMPTY = "<network>\n</network>\n"

# The form's own words for what libvirt calls mode `bridge`, by what stands beside it.
OWN_BRIDGE_MODES = ("nat", "route", "open", "isolated")
BRIDGE_MODES = ("host-bridge", "ovs")
MACVTAP_MODES = ("macvtap-bridge", "vepa", "private", "passthrough")
MODES = (*OWN_BRIDGE_MODES, *BRIDGE_MODES, *MACVTAP_MODES, "hostdev")
# Where libvirt sets limits; and where every libvirt takes VLANs (newer ones in more modes).
LIMITED_MODES = (*OWN_BRIDGE_MODES, *BRIDGE_MODES)
VLAN_MODES = ("ovs", "hostdev", "passthrough")


def values_of(text: str) -> dict[str, Any]:
    """Every value of a network's XML; raises XmlProblem."""
    root = parse(text, "network").root
    return {name: value.read(root) for name, value in VALUES.items()}


def written(text: str, values: Mapping[str, Any]) -> str:
    """The XML with these values; those left out stay. Raises XmlProblem, LineProblem."""
    document = parse(text, "network")
    root = document.root
    mode = values.get("mode", read_mode(root))
    if mode != read_mode(root):
        _leave_mode(root, mode)
    for name, value in VALUES.items():
        if name in values and applies(name, mode) and values[name] != value.read(root):
            value.write(root, values[name])
    return str(document)


def read_mode(root: Element) -> str:
    """One of MODES, or libvirt's word where there is none for it here."""
    forward = root.first("forward")
    if forward is None:
        return "isolated"
    mode = forward.get("mode", "nat")
    if mode != "bridge":
        return mode
    if not root.value("bridge", "name"):
        return "macvtap-bridge"
    return "ovs" if root.value("virtualport", "type") == "openvswitch" else "host-bridge"


def applies(name: str, mode: str) -> bool:
    """Whether a value has a meaning in a mode."""
    return mode in _APPLIES.get(name, MODES)


def _leave_mode(root: Element, mode: str) -> None:
    """Take away what has no meaning in the mode to come."""
    for name, value in VALUES.items():
        if name != "mode" and not applies(name, mode) and value.read(root) != value.none:
            value.write(root, value.none)
    gone = ["virtualport"] if read_mode(root) == "ovs" else []
    if mode not in OWN_BRIDGE_MODES:
        gone += ["ip", "route", "dns", "domain"]
    if (read_mode(root) in OWN_BRIDGE_MODES) != (mode in OWN_BRIDGE_MODES):
        gone += ["bridge", "mac"]
    for tag in gone:
        for element in root.all(tag):
            root.remove(element)


def _write_mode(root: Element, mode: str) -> None:
    if mode == "isolated":
        forward = root.first("forward")
        if forward is not None:
            root.remove(forward)
        return
    libvirts = "bridge" if mode in (*BRIDGE_MODES, "macvtap-bridge") else mode
    child(root, "forward", ORDER).set("mode", libvirts)
    if mode == "ovs":
        child(root, "virtualport", ORDER).set("type", "openvswitch")


def _listed(listing: Listing, container: str = "", order: tuple[str, ...] = ORDER) -> Value:
    """Lines, one an element, of the root or of its child `container`."""

    def read(root: Element) -> str:
        parent = root.first(container) if container else root
        return "\n".join(listing.lines(parent.all(listing.tag) if parent else ()))

    def write(root: Element, value: str) -> None:
        entries = list(listing.entries(value))
        parent = child(root, container, ORDER) if container else root
        merge(listing, parent, entries, order)
        if container:
            drop_empty(root, container)

    return Value(read, write)


def _bandwidth(direction: str) -> Value:
    return Value(
        lambda root: bandwidth_of(root, direction),
        lambda root, value: set_bandwidth(root, direction, value, ORDER),
    )


# In the order in which they are written: the mode decides what the rest means.
VALUES: Mapping[str, Value] = {
    "name": text_value("name"),
    "mode": Value(read_mode, _write_mode),
    "exit": EXIT,
    "devices": DEVICES,
    "pf": PF,
    "functions": FUNCTIONS,
    "managed": switch_value("forward", "managed"),
    "nat_ipv6": NAT_IPV6,
    "nat_addresses": NAT_ADDRESSES,
    "nat_ports": NAT_PORTS,
    "bridge": attribute_value("bridge", "name"),
    "zone": attribute_value("bridge", "zone"),
    "stp": switch_value("bridge", "stp", "on", unsaid=True),
    "delay": attribute_value("bridge", "delay"),
    "mtu": attribute_value("mtu", "size"),
    "domain": attribute_value("domain", "name"),
    "local_only": switch_value("domain", "localOnly"),
    "dns": switch_value("dns", "enable", unsaid=True),
    "forwarders": _listed(lists.FORWARDERS, "dns", DNS_ORDER),
    "dns_hosts": _listed(lists.DNS_HOSTS, "dns", DNS_ORDER),
    "txt": _listed(lists.TXT_RECORDS, "dns", DNS_ORDER),
    "srv": _listed(lists.SRV_RECORDS, "dns", DNS_ORDER),
    "vlan": Value(vlan_of, lambda root, value: set_vlan(root, value, ORDER)),
    "inbound": _bandwidth("inbound"),
    "outbound": _bandwidth("outbound"),
    "port_isolated": switch_value("port", "isolated"),
    "ipv4": subnet_value(4),
    "ipv6": subnet_value(6),
    "dhcp4": ranges_value(4),
    "dhcp6": ranges_value(6),
    "pins": PINS,
    "routes": _listed(lists.ROUTES),
    "portgroups": _listed(lists.PORTGROUPS),
}

_ADDRESSED = ("nat", "route", "open", "isolated")
_APPLIES: Mapping[str, tuple[str, ...]] = {
    "exit": ("nat", "route"),
    "devices": MACVTAP_MODES,
    "pf": ("hostdev",),
    "functions": ("hostdev",),
    "managed": ("hostdev",),
    "nat_ipv6": ("nat",),
    "nat_addresses": ("nat",),
    "nat_ports": ("nat",),
    "bridge": (*OWN_BRIDGE_MODES, *BRIDGE_MODES),
    **dict.fromkeys(
        (
            "zone", "stp", "delay", "domain", "local_only", "dns", "forwarders", "dns_hosts",
            "txt", "srv", "ipv4", "ipv6", "dhcp4", "dhcp6", "pins", "routes",
        ),
        _ADDRESSED,
    ),
    "mtu": OWN_BRIDGE_MODES,
    "vlan": VLAN_MODES,
    "inbound": LIMITED_MODES,
    "outbound": LIMITED_MODES,
    "port_isolated": (*OWN_BRIDGE_MODES, "host-bridge"),
}  # fmt: skip
