"""A <network> as named values, read from its XML and written into it. Pure.

`written(text, values)` changes what differs from `values_of(text)` and nothing else: what no value
stands for, and what was not changed, survives byte for byte.
"""

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kvmnet_tui.netxml import network_lists as lists
from kvmnet_tui.netxml.network_lists import Listing, merge
from kvmnet_tui.netxml.syntax import Element, make, parse

EMPTY = "<network>\n</network>\n"

# The order in which libvirt itself writes them.
ORDER = (
    "name", "uuid", "metadata", "forward", "bridge", "mtu", "mac", "domain", "dns", "vlan",
    "bandwidth", "port", "ip", "route", "virtualport", "portgroup", "dnsmasq:options",
)  # fmt: skip
_FORWARD_ORDER = ("driver", "nat", "pf", "interface", "address")
_DNS_ORDER = ("forwarder", "txt", "srv", "host")
DHCP_ORDER = ("range", "host", "bootp")
IP_ORDER = ("tftp", "dhcp")

# The form's own words for what libvirt calls mode `bridge`, by what stands beside it.
OWN_BRIDGE_MODES = ("nat", "route", "open", "isolated")
BRIDGE_MODES = ("host-bridge", "ovs")
MACVTAP_MODES = ("macvtap-bridge", "vepa", "private", "passthrough")
MODES = (*OWN_BRIDGE_MODES, *BRIDGE_MODES, *MACVTAP_MODES, "hostdev")


@dataclass(frozen=True, slots=True)
class Value:
    """One named value of a network: how it is read from and written into the root element."""

    read: Callable[[Element], Any]
    write: Callable[[Element, Any], None]
    none: Any = ""


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
    _child(root, "forward", ORDER).set("mode", libvirts)
    if mode == "ovs":
        _child(root, "virtualport", ORDER).set("type", "openvswitch")


def _child(parent: Element, tag: str, order: tuple[str, ...] = ()) -> Element:
    """The child of that name, made when it is not there."""
    child = parent.first(tag)
    if child is None:
        child = make(tag)
        parent.place(child, order)
    return child


def _drop_empty(parent: Element, tag: str) -> None:
    """Remove a child that says nothing any more."""
    child = parent.first(tag)
    if child is not None and not child.attributes and not child.children:
        parent.remove(child)


def _set(root: Element, value: str, tag: str, attribute: str) -> None:
    """Set an attribute of a child of the root, which comes and goes with its attributes."""
    if value or root.first(tag) is not None:
        _child(root, tag, ORDER).set(attribute, value)
        _drop_empty(root, tag)


def _attribute(tag: str, attribute: str) -> Value:
    return Value(
        lambda root: root.value(tag, attribute),
        lambda root, value: _set(root, value, tag, attribute),
    )


def _switch(tag: str, attribute: str, on: str = "yes", *, unsaid: bool = False) -> Value:
    """An attribute that is `on`, or its opposite; `unsaid` is what its absence means."""
    off = "off" if on == "on" else "no"

    def read(root: Element) -> bool:
        said = root.value(tag, attribute)
        return said == on if said else unsaid

    def write(root: Element, value: bool) -> None:
        said = "" if value == unsaid else on if value else off
        _set(root, said, tag, attribute)

    return Value(read, write, none=unsaid)


def _text(tag: str) -> Value:
    def read(root: Element) -> str:
        element = root.first(tag)
        return element.text.strip() if element else ""

    def write(root: Element, value: str) -> None:
        element = root.first(tag)
        if not value:
            if element is not None:
                root.remove(element)
        elif element is None:
            root.place(make(tag, text=value), ORDER)
        else:
            element.text = value

    return Value(read, write)


def _nat_pair(tag: str) -> Value:
    """`start-end` of <nat>'s <port> or <address>."""

    def read(root: Element) -> str:
        element = root.first("forward", "nat", tag)
        return f"{element.get('start')}-{element.get('end')}" if element else ""

    def write(root: Element, value: str) -> None:
        forward = _child(root, "forward", ORDER)
        nat = _child(forward, "nat", _FORWARD_ORDER)
        start, _dash, end = (part.strip() for part in value.partition("-"))
        element = _child(nat, tag, ("address", "port"))
        if value:
            element.set("start", start)
            element.set("end", end)
        else:
            nat.remove(element)
        _drop_empty(forward, "nat")

    return Value(read, write)


def _write_nat_ipv6(root: Element, value: bool) -> None:
    forward = _child(root, "forward", ORDER)
    _child(forward, "nat", _FORWARD_ORDER).set("ipv6", "yes" if value else "")
    _drop_empty(forward, "nat")


def family_of(ip: Element) -> int:
    """4 or 6: the family of an <ip>."""
    return 6 if ip.get("family") == "ipv6" or ":" in ip.get("address") else 4


def subnet_of(ip: Element) -> str:
    """`192.168.122.1/24`, or the address as it was written where that is none."""
    length = ip.get("prefix") or ip.get("netmask")
    if not length:
        length = "64" if family_of(ip) == 6 else _class_prefix(ip.get("address"))
    try:
        return ipaddress.ip_interface(f"{ip.get('address')}/{length}").with_prefixlen
    except ValueError:
        return ip.get("address")


def _class_prefix(address: str) -> str:
    """What libvirt takes where neither netmask nor prefix is given."""
    first = int(address.partition(".")[0]) if address[:1].isdecimal() else 0
    return "8" if first < 128 else "16" if first < 192 else "24"


def _first_ip(root: Element, family: int) -> Element | None:
    return next((ip for ip in root.all("ip") if family_of(ip) == family), None)


def _subnet(family: int) -> Value:
    def read(root: Element) -> str:
        ip = _first_ip(root, family)
        return subnet_of(ip) if ip else ""

    def write(root: Element, value: str) -> None:
        ip = _first_ip(root, family)
        if not value:
            if ip is not None:
                root.remove(ip)
            return
        if ip is None:
            ip = make("ip", {"family": "ipv6" if family == 6 else ""})
            root.place(ip, ORDER)
        _write_subnet(ip, ipaddress.ip_interface(value))

    return Value(read, write)


def _write_subnet(ip: Element, subnet: ipaddress.IPv4Interface | ipaddress.IPv6Interface) -> None:
    by_prefix = ip.get("prefix") or subnet.version == 6
    ip.set("address", str(subnet.ip))
    ip.set("netmask", "" if by_prefix else str(subnet.netmask))
    ip.set("prefix", str(subnet.network.prefixlen) if by_prefix else "")


def _ranges(family: int) -> Value:
    """`first - last`, several separated by commas, of the family's first subnet."""

    def read(root: Element) -> str:
        ip = _first_ip(root, family)
        dhcp = ip.first("dhcp") if ip else None
        found = dhcp.all("range") if dhcp else []
        return ", ".join(f"{one.get('start')} - {one.get('end')}" for one in found)

    def write(root: Element, value: str) -> None:
        ip = _first_ip(root, family)
        if ip is None:
            return
        dhcp = _child(ip, "dhcp", IP_ORDER)
        merge(_RANGES, dhcp, parse_ranges(value), DHCP_ORDER)
        _drop_empty(ip, "dhcp")

    return Value(read, write)


def parse_ranges(text: str) -> list[lists.Entry]:
    """The ranges of `first - last, first - last`; addresses are not checked here."""
    found = []
    for part in text.split(","):
        start, _dash, end = (each.strip() for each in part.partition("-"))
        if start or end:
            found.append({"start": start, "end": end})
    return found


def _write_range(element: Element, entry: lists.Entry) -> None:
    for name in ("start", "end"):
        element.set(name, entry[name])


_RANGES = Listing(
    "range",
    "",
    lambda line: parse_ranges(line)[0],
    lambda entry: f"{entry.get('start')} - {entry.get('end')}",
    lambda element: {"start": element.get("start"), "end": element.get("end")},
    _write_range,
    lambda entry: entry.get("start"),
)


def _read_pins(root: Element) -> str:
    found = [host for ip in root.all("ip") for dhcp in ip.all("dhcp") for host in dhcp.all("host")]
    return "\n".join(lists.PINS.lines(found))


def ip_for(root: Element, address: str) -> Element | None:
    """The <ip> whose subnet has the address, or else the first of its family."""
    wanted = ipaddress.ip_address(address)
    for ip in root.all("ip"):
        try:
            if wanted in ipaddress.ip_interface(subnet_of(ip)).network:
                return ip
        except ValueError:
            continue
    return _first_ip(root, wanted.version)


def _write_pins(root: Element, value: str) -> None:
    entries = list(lists.PINS.entries(value))
    for ip in root.all("ip"):
        mine = [entry for entry in entries if ip_for(root, entry["ip"]) is ip]
        if mine or ip.first("dhcp") is not None:
            merge(lists.PINS, _child(ip, "dhcp", IP_ORDER), mine, DHCP_ORDER)
            _drop_empty(ip, "dhcp")


def _listed(listing: Listing, container: str = "", order: tuple[str, ...] = ORDER) -> Value:
    """Lines, one an element, of the root or of its child `container`."""

    def read(root: Element) -> str:
        parent = root.first(container) if container else root
        return "\n".join(listing.lines(parent.all(listing.tag) if parent else ()))

    def write(root: Element, value: str) -> None:
        entries = list(listing.entries(value))
        parent = _child(root, container, ORDER) if container else root
        merge(listing, parent, entries, order)
        if container:
            _drop_empty(root, container)

    return Value(read, write)


def _bandwidth(direction: str) -> Value:
    return Value(
        lambda root: lists.bandwidth_of(root, direction),
        lambda root, value: lists.set_bandwidth(root, direction, value, ORDER),
    )


def _read_devices(root: Element) -> tuple[str, ...]:
    forward = root.first("forward")
    found = [each.get("dev") for each in forward.all("interface")] if forward else []
    if forward and forward.get("dev") and forward.get("dev") not in found:
        found.insert(0, forward.get("dev"))
    return tuple(found)


def _write_devices(root: Element, value: tuple[str, ...]) -> None:
    forward = _child(root, "forward", ORDER)
    for each in forward.all("interface"):
        if each.get("dev") not in value:
            forward.remove(each)
    there = {each.get("dev") for each in forward.all("interface")}
    for name in value:
        if name not in there:
            forward.place(make("interface", {"dev": name}), _FORWARD_ORDER)
    if forward.get("dev"):  # libvirt repeats the first of them there
        forward.set("dev", value[0] if value else "")


def _read_exit(root: Element) -> str:
    devices = _read_devices(root)
    return devices[0] if devices else ""


def _write_exit(root: Element, value: str) -> None:
    """The one link that a NAT or routed network may leave through."""
    forward = _child(root, "forward", ORDER)
    for each in forward.all("interface"):
        forward.remove(each)
    forward.set("dev", value)


def pci_text(element: Element) -> str:
    """`0000:3b:00.1`; "" where the numbers are none."""
    try:
        parts = [int(element.get(name, "0"), 0) for name in ("domain", "bus", "slot", "function")]
    except ValueError:
        return ""
    return "{:04x}:{:02x}:{:02x}.{:x}".format(*parts)


def _pci_element(address: str) -> Element:
    domain, bus, rest = address.split(":")
    slot, function = rest.split(".")
    numbers = {"domain": domain, "bus": bus, "slot": slot, "function": function}
    return make("address", {"type": "pci", **{key: f"0x{part}" for key, part in numbers.items()}})


def _read_functions(root: Element) -> tuple[str, ...]:
    forward = root.first("forward")
    return tuple(pci_text(each) for each in forward.all("address")) if forward else ()


def _write_functions(root: Element, value: tuple[str, ...]) -> None:
    forward = _child(root, "forward", ORDER)
    for each in forward.all("address"):
        if pci_text(each) not in value:
            forward.remove(each)
    there = {pci_text(each) for each in forward.all("address")}
    for address in value:
        if address not in there:
            forward.place(_pci_element(address), _FORWARD_ORDER)


def _read_pf(root: Element) -> str:
    pf = root.first("forward", "pf")
    return pf.get("dev") if pf else ""


def _write_pf(root: Element, value: str) -> None:
    forward = _child(root, "forward", ORDER)
    _child(forward, "pf", _FORWARD_ORDER).set("dev", value)
    _drop_empty(forward, "pf")


# In the order in which they are written: the mode decides what the rest means.
VALUES: Mapping[str, Value] = {
    "name": _text("name"),
    "mode": Value(read_mode, _write_mode),
    "exit": Value(_read_exit, _write_exit),
    "devices": Value(_read_devices, _write_devices, none=()),
    "pf": Value(_read_pf, _write_pf),
    "functions": Value(_read_functions, _write_functions, none=()),
    "managed": _switch("forward", "managed"),
    "nat_ipv6": Value(
        lambda root: (nat := root.first("forward", "nat")) is not None and nat.get("ipv6") == "yes",
        _write_nat_ipv6,
        none=False,
    ),
    "nat_addresses": _nat_pair("address"),
    "nat_ports": _nat_pair("port"),
    "bridge": _attribute("bridge", "name"),
    "zone": _attribute("bridge", "zone"),
    "stp": _switch("bridge", "stp", "on", unsaid=True),
    "delay": _attribute("bridge", "delay"),
    "mtu": _attribute("mtu", "size"),
    "domain": _attribute("domain", "name"),
    "local_only": _switch("domain", "localOnly"),
    "dns": _switch("dns", "enable", unsaid=True),
    "forwarders": _listed(lists.FORWARDERS, "dns", _DNS_ORDER),
    "dns_hosts": _listed(lists.DNS_HOSTS, "dns", _DNS_ORDER),
    "txt": _listed(lists.TXT_RECORDS, "dns", _DNS_ORDER),
    "srv": _listed(lists.SRV_RECORDS, "dns", _DNS_ORDER),
    "vlan": Value(lists.vlan_of, lambda root, value: lists.set_vlan(root, value, ORDER)),
    "inbound": _bandwidth("inbound"),
    "outbound": _bandwidth("outbound"),
    "port_isolated": _switch("port", "isolated"),
    "ipv4": _subnet(4),
    "ipv6": _subnet(6),
    "dhcp4": _ranges(4),
    "dhcp6": _ranges(6),
    "pins": Value(_read_pins, _write_pins),
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
    "vlan": ("ovs", "hostdev", "passthrough"),
    "port_isolated": (*OWN_BRIDGE_MODES, "host-bridge"),
}  # fmt: skip
