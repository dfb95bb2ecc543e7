"""Which subnets, names and bridges are taken on this host, and which are free. Pure."""

import ipaddress
import itertools
from collections.abc import Iterator
from typing import NamedTuple

from kvmnet_tui.i18n import _
from kvmnet_tui.model.state import HostState

MOST_ADDRESSES = 65535  # what libvirt takes as one range

Subnet = ipaddress.IPv4Network | ipaddress.IPv6Network
Interface = ipaddress.IPv4Interface | ipaddress.IPv6Interface


class Taken(NamedTuple):
    """A subnet that is in use, and by whom, in words that follow `overlaps`."""

    subnet: Subnet
    by: str


def taken_subnets(state: HostState, but: str = "") -> Iterator[Taken]:
    """Subnets of other networks, of the host's links and routes; `but` is a network's UUID."""
    own = state.networks.get(but)
    own_link = state.link_named(own.bridge) if own and own.bridge else None
    for network in state.networks.values():
        if network.uuid != but:
            by = _("network {name}").format(name=network.name)
            yield from _each(network.addresses, by)
    # Bridges of libvirt's own were named as networks; a host's bridge has addresses of the host.
    bridges = {one.bridge for one in state.networks.values() if one.active and one.addresses}
    for link in state.links.values():
        if link.name not in bridges:
            by = _("an address of {link}").format(link=link.name)
            yield from _each((one.cidr for one in link.addresses if one.scope == "global"), by)
    for route in state.routes:
        if own_link is None or route.link_index != own_link.index:
            by = _("the host's route to {subnet}").format(subnet=route.destination)
            yield from _each((route.destination,), by)


def overlap(state: HostState, subnet: Subnet, but: str = "") -> str:
    """Who has (a part of) the subnet, "" for nobody."""
    for taken in taken_subnets(state, but):
        if taken.subnet.version == subnet.version and taken.subnet.overlaps(subnet):
            return taken.by
    return ""


def free_ipv4(state: HostState) -> str:
    """The bridge's address in a free subnet: `192.168.100.1/24`; "" when there is none."""
    taken = [one.subnet for one in taken_subnets(state)]
    thirds = itertools.chain(range(100, 255), range(1, 100))
    near = (f"192.168.{third}.0/24" for third in thirds)
    far = (f"10.{second}.{third}.0/24" for second in range(100, 110) for third in range(256))
    return _first_free(itertools.chain(near, far), taken)


def free_ipv6(state: HostState) -> str:
    """An address in a free unique local /64 (RFC 4193); "" when there is none."""
    taken = [one.subnet for one in taken_subnets(state)]
    return _first_free((f"fd00:{number:x}::/64" for number in range(0x100, 0x200)), taken)


def free_bridge(state: HostState) -> str:
    """A name as libvirt would choose it, of no link and no other network."""
    used = {network.bridge for network in state.networks.values()}
    names = (f"virbr{number}" for number in itertools.count())
    return next(n for n in names if n not in used and state.link_named(n) is None)


def free_name(state: HostState) -> str:
    """A name that no network has."""
    used = {network.name for network in state.networks.values()}
    return next(n for n in map("network{}".format, itertools.count(1)) if n not in used)


def dhcp_range(interface: str) -> str:
    """The whole subnet but the bridge's own address; "" for what is no subnet."""
    try:
        own = ipaddress.ip_interface(interface)
    except ValueError:
        return ""
    if own.network.num_addresses < 4:
        return ""
    first, host = own.network[0], int(own.ip) - int(own.network[0])
    if own.version == 6:
        return f"{first + 0x100} - {first + 0x1FF}" if own.network.prefixlen <= 112 else ""
    most = min(own.network.num_addresses - 2, MOST_ADDRESSES)
    if host - 1 > most - host:
        return f"{first + 1} - {own.ip - 1}"
    return f"{own.ip + 1} - {first + most}" if host < most else ""


def _each(cidrs: Iterator[str] | tuple[str, ...], by: str) -> Iterator[Taken]:
    for cidr in cidrs:
        try:
            yield Taken(ipaddress.ip_interface(cidr).network, by)
        except ValueError:
            continue  # a network whose address is none


def _first_free(candidates: Iterator[str], taken: list[Subnet]) -> str:
    for candidate in candidates:
        subnet = ipaddress.ip_network(candidate)
        if not any(one.version == subnet.version and one.overlaps(subnet) for one in taken):
            return f"{subnet[1]}/{subnet.prefixlen}"
    return ""
