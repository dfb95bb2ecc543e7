"""What stands in a network's <ip>: subnets, DHCP ranges, static hosts. Pure."""

import ipaddress

from kvmnet_tui.netxml.listing import Entry, Listing, merge
from kvmnet_tui.netxml.network_lists import PINS as PIN_LINES
from kvmnet_tui.netxml.network_values import (
    DHCP_ORDER,
    IP_ORDER,
    ORDER,
    Value,
    child,
    drop_empty,
)
from kvmnet_tui.netxml.syntax import Element, make


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


def subnet_value(family: int) -> Value:
    """The bridge's address with its prefix, of the family's first <ip>."""

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


def ranges_value(family: int) -> Value:
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
        dhcp = child(ip, "dhcp", IP_ORDER)
        merge(_RANGES, dhcp, parse_ranges(value), DHCP_ORDER)
        drop_empty(ip, "dhcp")

    return Value(read, write)


def parse_ranges(text: str) -> list[Entry]:
    """The ranges of `first - last, first - last`; addresses are not checked here."""
    found = []
    for part in text.split(","):
        start, _dash, end = (each.strip() for each in part.partition("-"))
        if start or end:
            found.append({"start": start, "end": end})
    return found


def _write_range(element: Element, entry: Entry) -> None:
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
    return "\n".join(PIN_LINES.lines(found))


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
    entries = list(PIN_LINES.entries(value))
    for ip in root.all("ip"):
        mine = [entry for entry in entries if ip_for(root, entry["ip"]) is ip]
        if mine or ip.first("dhcp") is not None:
            merge(PIN_LINES, child(ip, "dhcp", IP_ORDER), mine, DHCP_ORDER)
            drop_empty(ip, "dhcp")


PINS = Value(_read_pins, _write_pins)
