"""Checks of what was said of a new device: its options, its MAC and MTU, its addresses."""

import ipaddress
import re
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface

from kvmnet_tui.change.facts import HostFacts, LinkFact
from kvmnet_tui.change.findings import Finding, blocked, fine, warning
from kvmnet_tui.change.wishes import Addressing, AddressMode, BridgeSpec
from kvmnet_tui.i18n import _

LEAST_MTU, MOST_MTU = 68, 65535
IPV6_MTU = 1280
LEAST_DELAY, MOST_DELAY = 2, 30  # seconds: the kernel takes no others with spanning tree
_MAC = re.compile(r"([0-9a-f]{2}:){5}[0-9a-f]{2}")

Interface = IPv4Interface | IPv6Interface
Address = IPv4Address | IPv6Address


# --- the device -------------------------------------------------------------------------------


def check_bridge(bridge: BridgeSpec, uplink: str, facts: HostFacts) -> Iterator[Finding]:
    """A bridge's own options."""
    if bridge.stp and not LEAST_DELAY <= bridge.delay <= MOST_DELAY:
        yield blocked(_("With spanning tree the forward delay is 2 to 30 s."), "delay")
    elif bridge.stp:
        told = _("With spanning tree a port that joins is silent for {seconds} s.")
        yield warning(told.format(seconds=2 * bridge.delay), "delay")
    yield from check_mac(bridge.mac, facts)
    yield from check_mtu(bridge.mtu, uplink, facts)


def check_mac(mac: str, facts: HostFacts) -> Iterator[Finding]:
    """A MAC that is not the uplink's own."""
    if not mac:
        return
    if not _MAC.fullmatch(mac):
        yield blocked(_("{mac} is no MAC.").format(mac=mac), "mac")
    elif re.match(r"[0-9a-f][13579bdf]", mac):
        yield blocked(_("{mac} is a multicast MAC.").format(mac=mac), "mac")
    elif not mac.strip("0:"):
        yield blocked(_("{mac} is no MAC.").format(mac=mac), "mac")
    elif "cloud" in facts.notes:
        told = _("{cloud} lets no other MAC through than the NIC's own: this host would be lost.")
        yield blocked(told.format(cloud=facts.notes["cloud"]), "mac")
    else:
        yield warning(
            _("Another MAC than the uplink's: DHCP and port security may refuse it."), "mac"
        )


def check_mtu(mtu: int, uplink: str, facts: HostFacts) -> Iterator[Finding]:
    """An MTU that is not the uplink's own."""
    if not mtu:
        return
    link = facts.links.get(uplink)
    if not LEAST_MTU <= mtu <= MOST_MTU:
        yield blocked(_("An MTU is a number from 68 to 65535."), "mtu")
        return
    if link is not None and mtu > link.mtu:
        told = _("{link} has an MTU of {mtu}: larger packets are lost there.")
        yield warning(told.format(link=uplink, mtu=link.mtu), "mtu")
    if mtu < IPV6_MTU:
        yield warning(_("With an MTU below 1280 there is no IPv6."), "mtu")


# --- addresses --------------------------------------------------------------------------------


def check_addressing(
    addressing: Addressing, source: str, facts: HostFacts, members: tuple[str, ...] = ()
) -> Iterator[Finding]:
    """Where the new device's address comes from; `source` has it now, `members` join as well."""
    link = facts.links.get(source)
    has = _has_address(link)
    carries_session = bool(source) and facts.session.device == source
    match addressing.mode:
        case AddressMode.NONE if has:
            told = _("{link} gives up its address, and nobody takes it over.")
            finding = blocked if carries_session else warning
            yield finding(told.format(link=source), "address")
        case AddressMode.STATIC:
            yield from _static(addressing, source, facts)
            yield from _other_ways_out(addressing, {source, *members}, facts)
            if carries_session and not keeps_session(addressing, facts):
                told = _("The address changes: this SSH session ends, log in at the new one.")
                yield warning(told, "address")
        case AddressMode.DHCP if not has:
            told = _("{link} has no lease yet: the trial goes on without an address.")
            yield warning(told.format(link=source), "address")
        case AddressMode.INHERIT if not has:
            yield fine(_("{link} has no address to take over.").format(link=source), "address")
    yield from _without_ipv6(addressing, carries_session, facts)
    yield from _lease(addressing, source, facts)


def _has_address(link: LinkFact | None) -> bool:
    return link is not None and any(one.scope == "global" for one in link.addresses)


def keeps_session(addressing: Addressing, facts: HostFacts) -> bool:
    """Whether the address that the session goes to is there afterwards."""
    if addressing.mode in (AddressMode.INHERIT, AddressMode.DHCP):
        return True
    return facts.session.server in [word.partition("/")[0] for word in addressing.addresses]


def _without_ipv6(
    addressing: Addressing, carries_session: bool, facts: HostFacts
) -> Iterator[Finding]:
    if addressing.ipv6:
        return
    if carries_session and ":" in facts.session.client:
        yield blocked(_("This SSH session uses IPv6: it cannot be switched off."), "ipv6")
    if any(":" in word for word in (*addressing.addresses, *addressing.gateways)):
        yield blocked(_("There is an IPv6 address, but IPv6 is switched off."), "ipv6")


def _static(addressing: Addressing, source: str, facts: HostFacts) -> Iterator[Finding]:
    if not addressing.addresses:
        yield blocked(_("An address is missing."), "addresses")
    given: list[Interface] = []
    for word in addressing.addresses:
        address = _interface(word)
        if address is None:
            told = _("{word} is no address with prefix, such as 192.168.1.2/24.")
            yield blocked(told.format(word=word), "addresses")
        else:
            given.append(address)
            yield from _one_address(address, source, facts)
    yield from _gateways(addressing.gateways, given)
    for word in addressing.dns:
        if _address(word) is None:
            yield blocked(_("{word} is no address.").format(word=word), "dns")
    if given and not addressing.gateways:
        yield warning(_("Without a gateway only the own subnet is reached."), "gateways")


def _interface(word: str) -> Interface | None:
    try:
        return ipaddress.ip_interface(word) if "/" in word else None
    except ValueError:
        return None


def _address(word: str) -> Address | None:
    try:
        return ipaddress.ip_address(word)
    except ValueError:
        return None


def _one_address(address: Interface, source: str, facts: HostFacts) -> Iterator[Finding]:
    network = address.network
    is_host = network.prefixlen >= network.max_prefixlen - 1
    ends = () if is_host or address.version == 6 else (network[0], network[-1])
    if address.ip in ends or address.ip.is_multicast or address.ip.is_unspecified:
        told = _("{address} is no address of a host in {subnet}.")
        yield blocked(told.format(address=address.ip, subnet=network), "addresses")
        return
    if str(address.ip) in {*_gateways_now(facts), facts.session.client}:
        told = _("{address} is another host's: a gateway or this session's client has it.")
        yield blocked(told.format(address=address.ip), "addresses")
    for name, link in facts.links.items():
        others = [] if name == source else [one for one in link.addresses if one.scope == "global"]
        for other in others:
            has = ipaddress.ip_interface(other.cidr)
            if has.ip == address.ip:
                told = _("{link} has the address {address} already.")
                yield blocked(told.format(link=name, address=address.ip), "addresses")
            elif has.version == address.version and has.network.overlaps(network):
                told = _("{link} is in {subnet} too: replies may take the wrong way.")
                yield warning(told.format(link=name, subnet=has.network), "addresses")


def _gateways_now(facts: HostFacts) -> Iterator[str]:
    for route in facts.routes:
        if "via" in route.words:
            yield route.words[route.words.index("via") + 1]


def _gateways(words: tuple[str, ...], given: list[Interface]) -> Iterator[Finding]:
    seen: set[int] = set()
    for word in words:
        gateway = _address(word)
        if gateway is None:
            yield blocked(_("{word} is no address.").format(word=word), "gateways")
            continue
        if gateway.version in seen:
            yield blocked(_("One gateway for IPv4 and one for IPv6 is all there can be."),
                          "gateways")  # fmt: skip
        seen.add(gateway.version)
        if gateway in [one.ip for one in given]:
            told = _("{gateway} is this host's own address.")
            yield blocked(told.format(gateway=gateway), "gateways")
        elif given and not _is_near(gateway, given):
            told = _("{gateway} is in none of the subnets of the addresses.")
            yield blocked(told.format(gateway=gateway), "gateways")


def _other_ways_out(
    addressing: Addressing, changed: set[str], facts: HostFacts
) -> Iterator[Finding]:
    """A gateway here would take the default route from a link that the change leaves alone."""
    families = {6 if ":" in word else 4 for word in addressing.gateways}
    for route in facts.routes:
        is_default = route.words[0] in ("default", "::/0") and "table" not in route.words
        if is_default and route.family in families and route.device not in changed:
            told = _("The default route goes over {link}: leave the gateway out, or it would be"
                     " taken from there.")  # fmt: skip
            yield blocked(told.format(link=route.device), "gateways")


def _is_near(gateway: Address, given: list[Interface]) -> bool:
    return gateway.is_link_local or any(gateway in one.network for one in given)


def _lease(addressing: Addressing, source: str, facts: HostFacts) -> Iterator[Finding]:
    """What the DHCP server knows the host by: the MAC moves, a name or DUID may not."""
    asks = addressing.mode in (AddressMode.INHERIT, AddressMode.DHCP)
    identity = facts.leases.get(source)
    says_it_itself = facts.owner(source).name == "NetworkManager"  # see nm_findings
    if not asks or identity is None or says_it_itself:
        return
    if identity == "mac":
        told = _("The lease of {link} goes by its MAC, which moves along: the address stays.")
        yield fine(told.format(link=source), "address")
    else:
        told = _("The lease of {link} goes by the client identifier {identity}: unless the new"
                 " device sends the same one, the server gives it another address.")  # fmt: skip
        yield warning(told.format(link=source, identity=identity), "address")
