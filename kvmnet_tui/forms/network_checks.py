"""What is wrong with the values of a network, each with its reason, beside its field. Pure."""

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kvmnet_tui.forms.form import Finding, Values
from kvmnet_tui.forms.network_subnets import Interface, overlap
from kvmnet_tui.i18n import _
from kvmnet_tui.model.state import HostState
from kvmnet_tui.model.virt import Network
from kvmnet_tui.netxml import network_lists as lists
from kvmnet_tui.netxml.limits import parse_bandwidth, parse_vlan
from kvmnet_tui.netxml.listing import LineProblem, Listing, is_address
from kvmnet_tui.netxml.network_addresses import parse_ranges
from kvmnet_tui.netxml.network_fields import (
    BRIDGE_MODES,
    LIMITED_MODES,
    MACVTAP_MODES,
    OWN_BRIDGE_MODES,
    VLAN_MODES,
    applies,
)
from kvmnet_tui.netxml.network_pins import unfit_for_a_host
from kvmnet_tui.present.table import Severity

LONGEST_LINK_NAME = 15  # IFNAMSIZ without the final zero
LONGEST_NAME = 200  # bytes: it is a file's name, with .xml and more behind it
_LINK_NAME = re.compile(r"[a-zA-Z0-9_.\-:]+(%d)?")

LISTS: Mapping[str, Listing] = {
    "pins": lists.PINS,
    "dns_hosts": lists.DNS_HOSTS,
    "txt": lists.TXT_RECORDS,
    "srv": lists.SRV_RECORDS,
    "forwarders": lists.FORWARDERS,
    "routes": lists.ROUTES,
    "portgroups": lists.PORTGROUPS,
}

Check = Callable[[HostState, Values, Network | None], Iterator[Finding]]


def network_findings(state: HostState, values: Values, old: Network | None) -> tuple[Finding, ...]:
    """Everything that is wrong; `old` is the network that is edited, None for a new one."""
    mode = values["mode"]
    found = [finding for check in _CHECKS for finding in check(state, values, old)]
    return tuple(one for one in found if applies(one.field, mode))


def _error(field: str, text: str) -> Finding:
    return Finding(Severity.ERROR, text, field)


def _warning(field: str, text: str) -> Finding:
    return Finding(Severity.WARNING, text, field)


def _name(state: HostState, values: Values, old: Network | None) -> Iterator[Finding]:
    if old is None:
        yield from name_findings(state, values["name"].strip())


def name_findings(state: HostState, name: str) -> Iterator[Finding]:
    """What is wrong with a name for a network."""
    if not name:
        yield _error("name", _("A network needs a name."))
    elif "/" in name or not name.isprintable():
        yield _error("name", _("A name has no slash and nothing invisible in it."))
    elif len(name.encode()) > LONGEST_NAME:
        yield _error("name", _("The name is too long."))
    elif name in state.topology.network_by_name:
        yield _error("name", _("There is a network {name} already.").format(name=name))


def _bridge(state: HostState, values: Values, old: Network | None) -> Iterator[Finding]:
    name, mode = values["bridge"], values["mode"]
    if mode in OWN_BRIDGE_MODES:
        yield from _own_bridge(state, name, old)
    elif mode in BRIDGE_MODES and not name:
        yield _error("bridge", _("Which bridge is to be used?"))
    elif mode in BRIDGE_MODES:
        yield from link_name_findings("bridge", name)
        link = state.link_named(name)
        if link is None:
            text = _("There is no {name} on this host now; the network starts when there is.")
            yield _warning("bridge", text.format(name=name))
        elif mode == "host-bridge" and link.kind != "bridge":
            yield _error("bridge", _("{name} is no bridge.").format(name=name))


def _own_bridge(state: HostState, name: str, old: Network | None) -> Iterator[Finding]:
    if not name or (old is not None and old.bridge == name):
        return
    yield from link_name_findings("bridge", name)
    link = state.link_named(name)
    user = next((one for one in state.networks.values() if one.bridge == name and one != old), None)
    if user is not None:
        text = _("Network {user} has a bridge of this name.")
        yield _error("bridge", text.format(user=user.name))
    elif link is not None:
        text = _("There is a link {name} already, and libvirt makes the bridge itself.")
        yield _error("bridge", text.format(name=name))


def link_name_findings(field: str, name: str) -> Iterator[Finding]:
    """What is wrong with a name for a link."""
    if len(name.encode()) > LONGEST_LINK_NAME:
        text = _("{length} characters are too many: a link's name has at most {most}.")
        yield _error(field, text.format(length=len(name), most=LONGEST_LINK_NAME))
    elif not _LINK_NAME.fullmatch(name) or name in {".", ".."}:
        yield _error(field, _("A link's name is of letters, digits and . _ - only."))


def interface_of(text: str, version: int) -> Interface:
    """The address with its prefix; raises ValueError with a sentence."""
    try:
        found = ipaddress.ip_interface(text.strip())
    except ValueError:
        example = "192.168.100.1/24" if version == 4 else "fd00:100::1/64"
        raise ValueError(
            _("This is no address with its prefix, such as {example}.").format(example=example)
        ) from None
    if found.version != version:
        raise ValueError(_("This is the other IP version."))
    if "/" not in text:
        raise ValueError(
            _("The prefix is missing, such as /24.")
            if version == 4
            else _("The prefix is missing, such as /64.")
        )
    if found.ip.is_multicast or found.ip.is_loopback or found.ip.is_unspecified:
        raise ValueError(_("No bridge can have this address."))
    if found.version == 4 and found.network.prefixlen < 31:
        if found.ip in (found.network[0], found.network[-1]):
            raise ValueError(_("This is the subnet's first or last address, which no host has."))
    elif found.ip == found.network[0] and found.network.num_addresses > 2:
        raise ValueError(_("This is the subnet's first address, which means any router."))
    return found


def _subnets(state: HostState, values: Values, old: Network | None) -> Iterator[Finding]:
    for version, field, ranges in ((4, "ipv4", "dhcp4"), (6, "ipv6", "dhcp6")):
        if not values[field].strip():
            if values[ranges].strip():
                yield _error(ranges, _("Without a subnet there is nothing to hand out."))
            continue
        try:
            own = interface_of(values[field], version)
        except ValueError as problem:
            yield _error(field, str(problem))
            continue
        unchanged = old is not None and own.with_prefixlen in old.addresses
        by = "" if unchanged else overlap(state, own.network, old.uuid if old else "")
        if by:
            text = _("{subnet} overlaps {by}.")
            yield _error(field, text.format(subnet=own.network, by=by))
        yield from _ranges(ranges, values[ranges], own)
        yield from _pins_in(values, own, old)


def _ranges(field: str, text: str, own: Interface) -> Iterator[Finding]:
    seen: list[tuple[Any, Any]] = []
    for one in parse_ranges(text):
        try:
            start, end = (ipaddress.ip_address(one[name]) for name in ("start", "end"))
        except ValueError:
            yield _error(field, _("A range is written FIRST - LAST."))
            return
        problem = _range_problem(start, end, own)
        if not problem and any(start <= last and first <= end for first, last in seen):
            problem = _("Two ranges overlap.")
        if problem:
            yield _error(field, problem)
            return
        seen.append((start, end))
        if int(start) <= int(own.ip) <= int(end):
            text = _("The range contains the bridge's own address, which is not handed out.")
            yield _warning(field, text)
    if seen and own.version == 6 and own.network.prefixlen != 64:
        yield _warning(field, _("Many guests take an IPv6 address from a /64 only."))


def _range_problem(start: Any, end: Any, own: Interface) -> str:
    if start.version != own.version or start not in own.network or end not in own.network:
        return _("The range is outside the subnet {subnet}.").format(subnet=own.network)
    if start > end:
        return _("The range's first address comes after its last.")
    if own.version == 4 and (start == own.network[0] or end == own.network[-1]):
        return _("The subnet's first and last address cannot be handed out.")
    if own.version == 4 and int(end) - int(start) >= 65535:
        return _("libvirt hands out at most 65535 addresses a range.")
    return ""


def _pins_in(values: Values, own: Interface, old: Network | None) -> Iterator[Finding]:
    others = [ipaddress.ip_interface(one).network for one in (old.addresses if old else ())[1:]]
    try:
        pins = list(lists.PINS.entries(values["pins"]))
    except LineProblem:
        return  # said by the check of lines
    for pin in pins:
        address = ipaddress.ip_address(pin["ip"])
        if address.version != own.version or any(address in one for one in others):
            continue
        unfit = unfit_for_a_host(address, own.with_prefixlen)
        if unfit:
            yield _error("pins", unfit)


def _addressed(_state: HostState, values: Values, _old: Network | None) -> Iterator[Finding]:
    mode = values["mode"]
    if mode in ("nat", "route") and not values["ipv4"].strip() and not values["ipv6"].strip():
        yield _error("ipv4", _("What is routed needs a subnet."))
    if values["nat_ipv6"] and not values["ipv6"].strip():
        yield _error("nat_ipv6", _("There is no IPv6 subnet to translate."))


def _nat(_state: HostState, values: Values, _old: Network | None) -> Iterator[Finding]:
    ports = values["nat_ports"].strip()
    if ports:
        first, _dash, last = (part.strip() for part in ports.partition("-"))
        if not (first.isdecimal() and last.isdecimal() and int(first) <= int(last) <= 65535):
            yield _error("nat_ports", _("Ports are written FIRST-LAST, up to 65535."))
    addresses = values["nat_addresses"].strip()
    if addresses:
        first, _dash, last = (part.strip() for part in addresses.partition("-"))
        if not all(is_address(one) and ":" not in one for one in (first, last)):
            yield _error("nat_addresses", _("IPv4 addresses are written FIRST-LAST."))


def _numbers(_state: HostState, values: Values, _old: Network | None) -> Iterator[Finding]:
    mtu = values["mtu"].strip()
    if mtu and not (mtu.isdecimal() and 68 <= int(mtu) <= 65535):
        yield _error("mtu", _("The MTU is a number from 68 to 65535."))
    elif mtu and int(mtu) < 1280 and values["ipv6"].strip():
        yield _error("mtu", _("IPv6 needs an MTU of at least 1280."))
    delay = values["delay"].strip()
    if delay and not (delay.isdecimal() and int(delay) <= 30):
        yield _error("delay", _("The forward delay is a number of seconds up to 30."))
    elif delay and values["stp"] and int(delay) > 2:
        text = _("A guest that is plugged in is silent for {seconds} s.")
        yield _warning("delay", text.format(seconds=2 * int(delay)))
    domain = values["domain"].strip()
    if domain and not lists.DNS_NAME.fullmatch(domain):
        yield _error("domain", _("{text} is no name for the DNS.").format(text=domain))
    if values["local_only"] and not domain:
        yield _error("local_only", _("Without a domain nothing is local."))
    zone = values["zone"].strip()
    if zone and not re.fullmatch(r"[a-zA-Z0-9_\-]+", zone):
        yield _error("zone", _("A firewalld zone is of letters, digits, _ and - only."))


def _lines(_state: HostState, values: Values, _old: Network | None) -> Iterator[Finding]:
    for field, listing in LISTS.items():
        seen: list[Any] = []
        for number, line in enumerate(values[field].splitlines(), start=1):
            if not line.strip():
                continue
            try:
                entry = listing.parse(line)
            except LineProblem as problem:
                yield _error(field, _in_line(number, str(problem)))
                break
            if entry in seen or (listing.key(entry) in map(listing.key, seen)):
                yield _error(field, _in_line(number, _("This is there already.")))
                break
            seen.append(entry)
        yield from _twice(field, seen)


def _in_line(number: int, said: str) -> str:
    return _("Line {number}: {said}").format(number=number, said=said)


def _twice(field: str, entries: list[Any]) -> Iterator[Finding]:
    """Addresses and names that two pins want, and two default portgroups."""
    if field == "pins":
        for name in ("ip", "name"):
            words = [(entry[name], ":" in entry["ip"]) for entry in entries if entry.get(name)]
            double = next((word for word, _v6 in words if words.count((word, _v6)) > 1), "")
            if double:
                yield _error(field, _("{text} is pinned twice.").format(text=double))
    if field == "portgroups" and [one.get("default") for one in entries].count("yes") > 1:
        yield _error(field, _("Only one portgroup can be the default."))


def _portgroups(_state: HostState, values: Values, old: Network | None) -> Iterator[Finding]:
    """What libvirt would refuse of new portgroups in this mode."""
    if old is not None:
        return  # it has them; what is refused of a change comes back with libvirt's words
    try:
        groups = list(lists.PORTGROUPS.entries(values["portgroups"]))
    except LineProblem:
        return  # said by the check of lines
    mode = values["mode"]
    if mode not in LIMITED_MODES and any("in" in one or "out" in one for one in groups):
        yield _error("portgroups", _("libvirt limits no bandwidth in this mode."))
    if mode not in VLAN_MODES and any("vlan" in one for one in groups):
        text = _("Older libvirt takes VLANs with Open vSwitch, SR-IOV and passthrough only.")
        yield _warning("portgroups", text)


def _limits(_state: HostState, values: Values, _old: Network | None) -> Iterator[Finding]:
    checks: tuple[tuple[str, Callable[[str], object]], ...] = (
        ("inbound", parse_bandwidth),
        ("outbound", parse_bandwidth),
        ("vlan", parse_vlan),
    )
    for field, check in checks:
        try:
            check(values[field])
        except LineProblem as problem:
            yield _error(field, str(problem))


def _devices(state: HostState, values: Values, _old: Network | None) -> Iterator[Finding]:
    mode = values["mode"]
    if mode in MACVTAP_MODES:
        if not values["devices"]:
            yield _error("devices", _("Through which links do guests get out?"))
        for name in values["devices"]:
            link = state.link_named(name)
            if link is None:
                text = _("There is no {name} on this host now.")
                yield _warning("devices", text.format(name=name))
            elif mode == "passthrough" and link.addresses:
                text = _("{name} has addresses of the host, which a guest would take away.")
                yield _warning("devices", text.format(name=name))
    if mode == "hostdev" and not values["pf"] and not values["functions"]:
        yield _error("functions", _("Which card or which of its functions are guests given?"))
    if mode == "hostdev" and values["pf"] and values["functions"]:
        yield _error("functions", _("Choose a whole card or single functions, not both."))


_CHECKS: tuple[Check, ...] = (
    _name,
    _bridge,
    _subnets,
    _addressed,
    _nat,
    _numbers,
    _lines,
    _portgroups,
    _limits,
    _devices,
)
