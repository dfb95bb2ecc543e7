"""What a <network> has several of, each as one line: pins, DNS records, portgroups. Pure.

A line is what a form shows and a user types, such as `52:54:00:aa:00:01 192.168.122.51 centos`.
"""

import ipaddress
import re
from collections.abc import Callable
from contextlib import suppress

from kvmnet_tui.i18n import N_, _
from kvmnet_tui.netxml.limits import (
    bandwidth_of,
    parse_bandwidth,
    parse_vlan,
    set_bandwidth,
    set_vlan,
    vlan_of,
)
from kvmnet_tui.netxml.listing import Entry, LineProblem, Listing, is_address
from kvmnet_tui.netxml.syntax import Element, make

MAC = re.compile(r"([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}")
DUID = re.compile(r"([0-9a-fA-F]{1,2}:){1,}[0-9a-fA-F]{1,2}")
# What libvirt's schema takes for a name in the DNS (basictypes.rng, dnsName).
DNS_NAME = re.compile(r"[a-zA-Z0-9.\-]+")
_SRV_OPTIONS = ("domain", "target", "port", "priority", "weight")


def _attributes(*names: str) -> Callable[[Element], Entry]:
    def read(element: Element) -> Entry:
        return {name: element.get(name) for name in names if element.get(name)}

    return read


def _set_attributes(*names: str) -> Callable[[Element, Entry], None]:
    def write(element: Element, entry: Entry) -> None:
        for name in names:
            element.set(name, entry.get(name, ""))

    return write


def _is_id(token: str) -> bool:
    return token.startswith("id:") and DUID.fullmatch(token[3:]) is not None


def _parse_pin(line: str) -> Entry:
    entry: Entry = {}
    for token in line.split():
        name, value = _pin_part(token)
        if name in entry:
            raise LineProblem(_("{text} is one too many in its line.").format(text=token))
        entry[name] = value
    if "ip" not in entry:
        raise LineProblem(_("The line lacks an address to give."))
    if not entry.keys() & {"mac", "id", "name"}:
        raise LineProblem(_("The line lacks a MAC (or id:DUID, or a name) to know the host by."))
    if "mac" in entry and ":" in entry["ip"]:
        raise LineProblem(_("An IPv6 address is pinned to a DUID or a name, not to a MAC."))
    if "id" in entry and ":" not in entry["ip"]:
        raise LineProblem(_("An IPv4 address is pinned to a MAC or a name, not to a DUID."))
    return entry


def _pin_part(token: str) -> tuple[str, str]:
    if MAC.fullmatch(token):
        return "mac", token.lower()
    if _is_id(token):
        return "id", token[3:]
    if is_address(token):
        return "ip", token
    if DNS_NAME.fullmatch(token):
        return "name", token
    raise LineProblem(_("{text} is neither a MAC, an address nor a host name.").format(text=token))


def _format_pin(entry: Entry) -> str:
    number = f"id:{entry['id']}" if entry.get("id") else ""
    words = (entry.get("mac", ""), number, entry.get("ip", ""), entry.get("name", ""))
    return " ".join(filter(None, words))


def _read_pin(element: Element) -> Entry:
    entry = _attributes("mac", "id", "name", "ip")(element)
    return entry | ({"mac": entry["mac"].lower()} if "mac" in entry else {})


def _write_pin(element: Element, entry: Entry) -> None:
    if element.get("mac").lower() != entry.get("mac", ""):
        element.set("mac", entry.get("mac", ""))
    _set_attributes("id", "name", "ip")(element, entry)


PINS = Listing(
    "host",
    N_("52:54:00:aa:00:01 192.168.122.51 centos"),
    _parse_pin,
    _format_pin,
    _read_pin,
    _write_pin,
    lambda entry: entry.get("mac") or entry.get("id") or entry.get("name"),
)


def _parse_dns_host(line: str) -> Entry:
    address, *names = line.split()
    if not is_address(address):
        raise LineProblem(_("{text} is no IP address.").format(text=address))
    if not names:
        raise LineProblem(_("The line lacks a host name."))
    for name in names:
        if not DNS_NAME.fullmatch(name):
            raise LineProblem(_("{text} is no name for the DNS.").format(text=name))
    return {"ip": address, "names": " ".join(names)}


def _read_dns_host(element: Element) -> Entry:
    names = " ".join(each.text.strip() for each in element.all("hostname"))
    return {"ip": element.get("ip"), "names": names}


def _write_dns_host(element: Element, entry: Entry) -> None:
    element.set("ip", entry["ip"])
    wanted = entry["names"].split()
    for each in element.all("hostname"):
        if each.text.strip() in wanted:
            wanted.remove(each.text.strip())
        else:
            element.remove(each)
    for name in wanted:
        element.place(make("hostname", text=name))


DNS_HOSTS = Listing(
    "host",
    N_("192.168.122.51 centos www"),
    _parse_dns_host,
    lambda entry: f"{entry['ip']} {entry['names']}",
    _read_dns_host,
    _write_dns_host,
    lambda entry: entry["ip"],
)


def _parse_txt(line: str) -> Entry:
    name, _space, value = line.strip().partition(" ")
    if not DNS_NAME.fullmatch(name):
        raise LineProblem(_("{text} is no name for the DNS.").format(text=name))
    if not value.strip():
        raise LineProblem(_("The line lacks the record's text."))
    return {"name": name, "value": value.strip()}


TXT_RECORDS = Listing(
    "txt",
    N_("example some text"),
    _parse_txt,
    lambda entry: f"{entry.get('name', '')} {entry.get('value', '')}",
    _attributes("name", "value"),
    _set_attributes("name", "value"),
    lambda entry: entry.get("name"),
)


def _parse_srv(line: str) -> Entry:
    service, *rest = line.split()
    if not rest:
        raise LineProblem(_("The line lacks the protocol, such as tcp."))
    entry = {"service": service, "protocol": rest[0]}
    for token in rest[1:]:
        name, equals, value = token.partition("=")
        if not equals or name not in _SRV_OPTIONS or not value:
            known = ", ".join(_SRV_OPTIONS)
            raise LineProblem(
                _("{text}: what may follow is {known}, each as NAME=VALUE.").format(
                    text=token, known=known
                )
            )
        if name in {"port", "priority", "weight"} and not _is_short(value):
            raise LineProblem(_("{text}: a number up to 65535 belongs here.").format(text=token))
        entry[name] = value
    return entry


def _is_short(text: str) -> bool:
    return text.isdecimal() and int(text) <= 65535


def _format_srv(entry: Entry) -> str:
    options = (f"{name}={entry[name]}" for name in _SRV_OPTIONS if entry.get(name))
    return " ".join((entry.get("service", ""), entry.get("protocol", ""), *options))


SRV_RECORDS = Listing(
    "srv",
    N_("ldap tcp domain=example.org target=dc1.example.org port=389"),
    _parse_srv,
    _format_srv,
    _attributes("service", "protocol", *_SRV_OPTIONS),
    _set_attributes("service", "protocol", *_SRV_OPTIONS),
    lambda entry: (entry.get("service"), entry.get("protocol"), entry.get("target")),
)


def _parse_forwarder(line: str) -> Entry:
    entry: Entry = {}
    for token in line.split():
        name = "addr" if is_address(token) else "domain"
        if name == "domain" and not DNS_NAME.fullmatch(token):
            raise LineProblem(_("{text} is no name for the DNS.").format(text=token))
        if name in entry:
            raise LineProblem(_("{text} is one too many in its line.").format(text=token))
        entry[name] = token
    return entry


FORWARDERS = Listing(
    "forwarder",
    N_("8.8.8.8 example.org"),
    _parse_forwarder,
    lambda entry: " ".join(filter(None, (entry.get("addr", ""), entry.get("domain", "")))),
    _attributes("addr", "domain"),
    _set_attributes("addr", "domain"),
    lambda entry: entry.get("addr") or entry.get("domain"),
)


def _parse_route(line: str) -> Entry:
    words = line.split()
    try:
        target = ipaddress.ip_network(words[0])
    except ValueError:
        raise LineProblem(_("{text} is no subnet.").format(text=words[0])) from None
    pairs = dict(zip(words[1::2], words[2::2], strict=False))
    metric = pairs.get("metric", "")
    shape_fits = len(words) % 2 and pairs.keys() <= {"via", "metric"} and "via" in pairs
    if not shape_fits or not is_address(pairs["via"]) or (metric and not metric.isdecimal()):
        raise LineProblem(_("A route is SUBNET via ADDRESS, or SUBNET via ADDRESS metric NUMBER."))
    entry = {"target": str(target), "gateway": pairs["via"]}
    return entry | ({"metric": metric} if metric else {})


def _format_route(entry: Entry) -> str:
    metric = f" metric {entry['metric']}" if entry.get("metric") else ""
    return f"{entry['target']} via {entry['gateway']}{metric}"


def _read_route(element: Element) -> Entry:
    length = element.get("prefix") or element.get("netmask")
    target = f"{element.get('address')}/{length}" if length else element.get("address")
    with suppress(ValueError):  # else it is shown as it was written
        target = str(ipaddress.ip_network(target))
    entry = {"target": target, "gateway": element.get("gateway")}
    return entry | _attributes("metric")(element)


def _write_route(element: Element, entry: Entry) -> None:
    if _read_route(element)["target"] != entry["target"]:
        target = ipaddress.ip_network(entry["target"])
        element.set("family", "ipv6" if target.version == 6 else element.get("family"))
        element.set("address", str(target.network_address))
        element.set("netmask", "")
        element.set("prefix", str(target.prefixlen))
    _set_attributes("gateway", "metric")(element, entry)


ROUTES = Listing(
    "route",
    N_("10.0.0.0/8 via 192.168.122.2"),
    _parse_route,
    _format_route,
    _read_route,
    _write_route,
    lambda entry: entry["target"],
)


def _parse_portgroup(line: str) -> Entry:
    name, *rest = line.split()
    if "=" in name:
        raise LineProblem(_("The line begins with the portgroup's name."))
    entry = {"name": name}
    checks: dict[str, Callable[[str], object]] = {
        "in": parse_bandwidth,
        "out": parse_bandwidth,
        "vlan": parse_vlan,
    }
    for word in rest:
        option, equals, value = word.partition("=")
        if word == "default":
            entry["default"] = "yes"
        elif equals and option in checks and value:
            checks[option](value)
            entry[option] = value
        else:
            raise LineProblem(
                _("{text}: what may follow is default, in=, out= and vlan=.").format(text=word)
            )
    return entry


def _format_portgroup(entry: Entry) -> str:
    default = ["default"] if entry.get("default") == "yes" else []
    options = [f"{name}={entry[name]}" for name in ("in", "out", "vlan") if entry.get(name)]
    return " ".join([entry.get("name", ""), *default, *options])


def _read_portgroup(element: Element) -> Entry:
    found = {
        "name": element.get("name"),
        "default": "yes" if element.get("default") == "yes" else "",
        "in": bandwidth_of(element, "inbound"),
        "out": bandwidth_of(element, "outbound"),
        "vlan": vlan_of(element),
    }
    return {name: value for name, value in found.items() if value}


def _write_portgroup(element: Element, entry: Entry) -> None:
    order = ("vlan", "virtualport", "bandwidth")
    element.set("name", entry["name"])
    if (element.get("default") == "yes") != (entry.get("default") == "yes"):
        element.set("default", entry.get("default", ""))
    for option, direction in (("in", "inbound"), ("out", "outbound")):
        if bandwidth_of(element, direction) != entry.get(option, ""):
            set_bandwidth(element, direction, entry.get(option, ""), order)
    set_vlan(element, entry.get("vlan", ""), order)


PORTGROUPS = Listing(
    "portgroup",
    N_("blue default in=1000,5000,5120 out=1000 vlan=42"),
    _parse_portgroup,
    _format_portgroup,
    _read_portgroup,
    _write_portgroup,
    lambda entry: entry["name"],
)
