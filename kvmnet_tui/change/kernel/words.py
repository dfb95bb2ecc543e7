"""What moves where, and how it is said to ip(8)."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from kvmnet_tui.change.backends.layout import Addresses, Joined, Layout, Method
from kvmnet_tui.change.facts import AddressFact, HostFacts, RouteFact
from kvmnet_tui.change.plan import (
    Step,
    announce_step,
)

LACP = "802.3ad"


def given_addresses(addresses: Addresses, facts: HostFacts) -> tuple[AddressFact, ...]:
    """The addresses of the new device during the trial; with DHCP those of the lease there is."""
    if addresses.method in (Method.INHERIT, Method.DHCP):
        moved = moved_addresses(addresses.source, facts)
        return tuple(lasting(one) for one in moved if addresses.ipv6 or one.family == 4)
    families = ((cidr, 6 if ":" in cidr else 4) for cidr in addresses.cidrs)
    return tuple(AddressFact(cidr, family) for cidr, family in families)


def given_routes(addresses: Addresses, facts: HostFacts) -> tuple[RouteFact, ...]:
    """The routes of the new device during the trial."""
    if addresses.method in (Method.INHERIT, Method.DHCP):
        routes = facts.routes_of(addresses.source)
        return tuple(
            one for one in routes
            if not one.is_connected and (addresses.ipv6 or one.family == 4)
        )  # fmt: skip
    return tuple(
        RouteFact("", 6 if ":" in gateway else 4, (_everything(gateway), "via", gateway))
        for gateway in addresses.gateways
    )


def lasting(address: AddressFact) -> AddressFact:
    """An IPv4 address that does not run out: whoever renewed its lease does so on another link."""
    return replace(address, lifetimes=None) if address.family == 4 else address


def _everything(gateway: str) -> str:
    return "::/0" if ":" in gateway else "default"


def moved_addresses(source: str, facts: HostFacts) -> tuple[AddressFact, ...]:
    """The addresses that go where a link's place goes: not those that belong to the link itself."""
    link = facts.links.get(source)
    return tuple(one for one in link.addresses if one.scope != "link") if link else ()


def gateways_through(facts: HostFacts, link: str) -> Iterator[str]:
    """The IPv4 gateways of the default routes through a link."""
    for route in facts.routes_of(link):
        if route.family == 4 and route.words[0] == "default" and "via" in route.words:
            yield route.words[route.words.index("via") + 1]


def address_line(verb: str, address: AddressFact, device: str) -> str:
    """`address add` or `del`, with all that the kernel knows of an address."""
    words = [f"address {verb} {address.cidr}"]
    if address.broadcast:
        words.append(f"broadcast {address.broadcast}")
    if address.scope not in ("", "global"):
        words.append(f"scope {address.scope}")
    words.append(f"dev {device}")
    if address.metric is not None:
        words.append(f"metric {address.metric}")
    if address.family == 6:
        words.append("nodad")
    if address.noprefixroute:
        words.append("noprefixroute")
    if address.lifetimes is not None:
        valid, preferred = address.lifetimes
        words.append(f"valid_lft {valid} preferred_lft {preferred}")
    return " ".join(words)


def route_line(verb: str, route: RouteFact, device: str) -> str:
    """`route replace` or `del` through another device than the one it has."""
    destination, *rest = route.words
    # `ip route` wants the device behind the gateway that it is the way to.
    at = 2 if rest[:1] == ["via"] else 0
    return " ".join(["route", verb, destination, *rest[:at], "dev", device, *rest[at:]])


def announced(link: str, given: Sequence[AddressFact]) -> Iterator[Step]:
    """The step that tells the neighbours, where there is something to tell."""
    addresses = [one.cidr.partition("/")[0] for one in given if one.scope == "global"]
    if addresses:
        yield announce_step(link, addresses)


def bond_mode(joined: Joined, layout: Layout, facts: HostFacts) -> str:
    """The mode of the bond that a link joins, "" of a bridge."""
    for made in layout.made:
        if made.name == joined.controller:
            return dict(made.options).get("mode", "")
    controller = facts.links.get(joined.controller)
    return str(controller.info.get("mode", "")) if controller else ""
