"""The kernel's part of a change, as lines of `ip -batch`: making it so, and putting it back. Pure.

Make before break: new devices are complete before anything that works is touched, and what carries
a session moves in one batch, within milliseconds. A rollback says how everything was, so that it
may run at any point of a trial, and twice.
"""

from collections.abc import Iterable, Iterator, Sequence

from kvmnet_tui.change.backends.layout import Addresses, Freed, Joined, Kind, Layout, Made, Method
from kvmnet_tui.change.backends.wished import layout_of
from kvmnet_tui.change.facts import AddressFact, HostFacts, LinkFact, RouteFact
from kvmnet_tui.change.plan import (
    Step,
    announce_step,
    arp_step,
    ip_step,
    set_step,
    wait_step,
)
from kvmnet_tui.change.wishes import Wish

CARRIER_SECONDS = 15.0  # a NIC that was down negotiates for two or three
PROOF_SECONDS = 10.0
LACP = "802.3ad"
LACP_SECONDS = 20.0  # both ends speak at once when a cable is plugged in, then each second

# What `ip -d -j link` says of a bond and `ip link add type bond` takes, in its words.
_BOND_OPTIONS = {
    "miimon": "miimon",
    "updelay": "updelay",
    "downdelay": "downdelay",
    "arp_interval": "arp_interval",
    "fail_over_mac": "fail_over_mac",
    "primary_reselect": "primary_reselect",
    "xmit_hash_policy": "xmit_hash_policy",
    "ad_lacp_rate": "lacp_rate",
    "ad_select": "ad_select",
    "min_links": "min_links",
}
_LACP_ONLY = frozenset({"ad_lacp_rate", "ad_select", "min_links"})
_BRIDGE_OPTIONS = ("stp_state", "forward_delay", "ageing_time", "priority")


# --- making it so ----------------------------------------------------------------------------


def trial(wish: Wish, facts: HostFacts) -> tuple[Step, ...]:
    """The steps that make a wish true until a reboot."""
    layout = layout_of(wish, facts)
    steps: list[Step] = []
    if layout.made:
        steps += _made(layout, facts)
    elif layout.removed:
        steps += _removed(layout, facts)
    else:
        steps += _joined_and_freed(layout)
    return tuple(steps)


def _made(layout: Layout, facts: HostFacts) -> Iterator[Step]:
    """New devices complete but empty, idle members, then at once whoever carries the address."""
    carrier = _carrier(layout)
    top = layout.made[-1]
    devices = [line for made in layout.made for line in _device(made)]
    idle = [one for one in layout.joined if one.link != carrier]
    upper = [f"link set {made.name} master {made.controller}"
             for made in layout.made if made.controller]  # fmt: skip
    yield ip_step(devices, f"make {', '.join(made.name for made in layout.made)}")
    yield from _without_ipv6(top)
    up = [f"link set {made.name} up" for made in layout.made]
    yield ip_step([*_joins(idle), *upper, *up], "bring it up without anything that is in use")
    yield from _proof(layout, facts, idle, carrier)
    moving = _moving_lines(layout, facts, carrier)
    told = f"move {carrier} and its addresses to {top.name}" if carrier else "move addresses"
    yield ip_step(moving, told, moves=True)
    yield ip_step(_leftovers(carrier, top, facts), "tidy up", force=True)
    yield from _announced(top.name, _given(top.addresses, facts))
    yield from _settled(layout, carrier)


def _carrier(layout: Layout) -> str:
    """The link that has the addresses which move, else the last that joins."""
    moved = [one.link for one in layout.joined if one.link in layout.moved]
    return next(iter(moved), layout.joined[-1].link if layout.joined else "")


def _device(made: Made) -> Iterator[str]:
    """The new device, down, with its MTU; a bond gets its MAC when the address moves to it."""
    if made.kind is Kind.BRIDGE:
        mac = f"address {made.mac} " if made.mac else ""
        filtering = " vlan_filtering 1" if made.vlan_filtering else ""  # not every kernel has it
        yield f"link add {made.name} {mac}type bridge stp_state 0 forward_delay 0{filtering}"
    elif made.kind is Kind.BOND:
        options = " ".join(f"{name} {value}" for name, value in made.options if name != "primary")
        yield f"link add {made.name} type bond {options}"
    else:
        yield f"link add link {made.parent} name {made.name} type vlan id {made.vlan}"
    if made.mtu and made.kind is not Kind.VLAN:
        yield f"link set {made.name} mtu {made.mtu}"


def _without_ipv6(top: Made) -> Iterator[Step]:
    if not top.addresses.ipv6:
        yield set_step(f"/proc/sys/net/ipv6/conf/{top.name}/disable_ipv6", "1", may_fail=True)


def _joins(joined: Iterable[Joined]) -> Iterator[str]:
    for one in joined:
        # The bonding driver takes nothing that is up.
        yield f"link set {one.link} {'down' if one.controller_kind is Kind.BOND else 'up'}"
        yield f"link set {one.link} master {one.controller}"


def _proof(
    layout: Layout, facts: HostFacts, idle: Sequence[Joined], carrier: str
) -> Iterator[Step]:
    """An idle member must reach the gateway before the one that carries the session moves."""
    members = [one.link for one in idle if one.controller_kind is Kind.BOND]
    source = facts.links.get(carrier)
    if not members or source is None or not source.has_carrier or not source.addresses:
        return
    bond = idle[0].controller
    yield wait_step("mii", members[0], CARRIER_SECONDS, f"wait until {members[0]} is up in {bond}")
    if bond_mode(idle[0], layout, facts) == LACP:
        yield wait_step("lacp", members[0], LACP_SECONDS, f"wait for {members[0]}'s LACP partner")
    gateway = next(iter(_gateways(facts, carrier)), "")
    if gateway and not any(made.kind is Kind.VLAN for made in layout.made):
        yield arp_step(
            bond, gateway, PROOF_SECONDS, say=f"prove that {members[0]} reaches {gateway}"
        )


def bond_mode(joined: Joined, layout: Layout, facts: HostFacts) -> str:
    """The mode of the bond that a link joins, "" of a bridge."""
    for made in layout.made:
        if made.name == joined.controller:
            return dict(made.options).get("mode", "")
    controller = facts.links.get(joined.controller)
    return str(controller.info.get("mode", "")) if controller else ""


def _moving_lines(layout: Layout, facts: HostFacts, carrier: str) -> list[str]:
    top = layout.made[-1]
    joined = [one for one in layout.joined if one.link == carrier]
    macs = [f"link set {made.name} address {made.mac}" for made in layout.made
            if made.kind is Kind.BOND and made.mac]  # fmt: skip
    macs += [f"link set {made.name} address {_bond_mac(layout)}" for made in layout.made
             if made.kind is Kind.VLAN and _bond_mac(layout)]  # fmt: skip
    into_bridge = [one for one in joined if one.controller_kind is Kind.BRIDGE]
    into_bond = [one for one in joined if one.controller_kind is Kind.BOND]
    given = [_address_line("add", one, top.name) for one in _given(top.addresses, facts)]
    routes = [_route_line("replace", route, top.name) for route in _routes(top.addresses, facts)]
    taken = [f"address del {one.cidr} dev {carrier}" for one in _moved(carrier, facts)]
    lines = [*macs, *_joins(into_bridge), *given, *routes, *taken, *_joins(into_bond)]
    primaries = [
        f"link set {made.name} type bond primary {value}"
        for made in layout.made
        for name, value in made.options
        if name == "primary"
    ]
    return [*lines, *primaries]


def _bond_mac(layout: Layout) -> str:
    return next((made.mac for made in layout.made if made.kind is Kind.BOND), "")


def _leftovers(carrier: str, top: Made, facts: HostFacts) -> list[str]:
    """Routes that stayed behind, and spanning tree: ports that forward already go on with it."""
    old = [_route_line("del", route, carrier) for route in facts.routes_of(carrier)
           if not route.is_connected]  # fmt: skip
    if top.kind is Kind.BRIDGE and top.stp:
        delay = 100 * top.delay
        old.append(f"link set {top.name} type bridge stp_state 1 forward_delay {delay}")
    return old


def _announced(link: str, given: Sequence[AddressFact]) -> Iterator[Step]:
    addresses = [one.cidr.partition("/")[0] for one in given if one.scope == "global"]
    if addresses:
        yield announce_step(link, addresses)


def _settled(layout: Layout, carrier: str) -> Iterator[Step]:
    for one in layout.joined:
        if one.link == carrier and one.controller_kind is Kind.BRIDGE:
            yield wait_step("forwarding", carrier, PROOF_SECONDS)
        elif one.link == carrier and one.controller_kind is Kind.BOND and len(layout.joined) > 1:
            yield wait_step("mii", carrier, CARRIER_SECONDS)


def _joined_and_freed(layout: Layout) -> Iterator[Step]:
    lines = [*_joins(layout.joined), *(_free_line(one) for one in layout.freed)]
    lines += [f"link set {one.link} up" for one in layout.freed]
    yield ip_step(lines, "join" if layout.joined else "take out")
    for one in layout.joined:
        what = "mii" if one.controller_kind is Kind.BOND else "forwarding"
        yield wait_step(what, one.link, CARRIER_SECONDS)


def _free_line(one: Freed) -> str:
    return f"link set {one.link} nomaster"


def _removed(layout: Layout, facts: HostFacts) -> Iterator[Step]:
    """The heir works by itself before the address moves to it and the device goes."""
    gone = facts.links[layout.removed[0]]
    heir = next((one for one in layout.freed if one.addresses.source), None)
    successor = heir.link if heir else next((one.link for one in layout.joined), "")
    if gone.kind == "bond" and successor:
        yield from _freed_member(gone, successor, facts)
    lines: list[str] = []
    if successor and gone.kind != "bond":
        lines.append(f"link set {successor} nomaster")
    if gone.master and successor:
        lines += [f"link set {gone.name} nomaster", f"link set {successor} master {gone.master}"]
    if heir:
        lines += [_address_line("add", one, successor) for one in _moved(gone.name, facts)]
        lines += [
            _route_line("replace", route, successor)
            for route in facts.routes_of(gone.name)
            if not route.is_connected
        ]
    lines += [f"link set {one.link} nomaster" for one in layout.freed if one.link != successor]
    lines.append(f"link delete {gone.name}")
    lines += [f"link set {one.link} up" for one in layout.freed]
    told = f"remove {gone.name}" + (f", {successor} inherits" if successor else "")
    yield ip_step(lines, told, moves=True)
    if heir:
        yield from _announced(successor, _moved(gone.name, facts))


def _freed_member(bond: LinkFact, member: str, facts: HostFacts) -> Iterator[Step]:
    """Another member goes on working while this one leaves and finds its carrier again."""
    others = [port.name for port in facts.ports_of(bond.name) if port.name != member]
    active = bond.info.get("active_slave")
    lines = []
    if active == member and others:
        lines.append(f"link set {bond.name} type bond active_slave {others[0]}")
    lines += [f"link set {member} nomaster", f"link set {member} up"]
    yield ip_step(lines, f"free {member}")
    if facts.links[member].has_carrier:
        yield wait_step("carrier", member, CARRIER_SECONDS)


# --- putting it back -------------------------------------------------------------------------


def rollback(wish: Wish, facts: HostFacts) -> tuple[Step, ...]:
    """The steps that make of any point of the trial what there was before."""
    layout = layout_of(wish, facts)
    existing = [facts.links[name] for name in touched(wish, facts) if name in facts.links]
    removed = [link for link in existing if link.name in layout.removed]
    kept = [link for link in existing if link.name not in layout.removed]
    lines: list[str] = []
    for link in removed:
        lines += _recreated(link)
    for link in kept:
        lines += _put_back(link, in_bond=_is_bonded(link, facts) or _was_bonded(link, layout))
    for link in removed:
        lines += [f"link set {link.name} up" if link.is_up else f"link set {link.name} down"]
        lines += [f"link set {link.name} master {link.master}"] if link.master else []
    for link in existing:
        lines += [_address_line("add", one, link.name) for one in _moved(link.name, facts)]
    for link in existing:
        routes = (route for route in facts.routes_of(link.name) if not route.is_connected)
        lines += [_route_line("replace", route, link.name) for route in routes]
    lines += _surplus(layout, facts)
    lines += [f"link delete {made.name}" for made in reversed(layout.made)]
    # A device's end takes routes along that had just moved: they are said once more.
    lines += [
        _route_line("replace", route, link.name)
        for link in existing
        for route in facts.routes_of(link.name)
        if not route.is_connected
    ]
    links = [link.name for link in existing]
    steps = [ip_step(lines, f"put {', '.join(links)} back", force=True, seconds=20)]
    for link in existing:
        steps += _announced(link.name, _moved(link.name, facts))
    return tuple(steps)


def touched(wish: Wish, facts: HostFacts) -> tuple[str, ...]:
    """The links that a wish makes, changes or removes, those that are there first."""
    layout = layout_of(wish, facts)
    names = [
        *(one.link for one in layout.joined),
        *(one.controller for one in layout.joined),
        *(one.link for one in layout.freed),
        *(one.controller for one in layout.freed),
        *(port.name for name in layout.removed for port in facts.ports_of(name)),
        *layout.removed,
        *(made.name for made in layout.made),
    ]
    unique = dict.fromkeys(name for name in names if name)
    return tuple(sorted(unique, key=lambda name: name not in facts.links))


def own_links(wish: Wish, facts: HostFacts) -> tuple[str, ...]:
    """The links that the trial makes, lowest first."""
    return tuple(made.name for made in layout_of(wish, facts).made)


def _is_bonded(link: LinkFact, facts: HostFacts) -> bool:
    master = facts.links.get(link.master)
    return master is not None and master.kind == "bond"


def _was_bonded(link: LinkFact, layout: Layout) -> bool:
    return any(one.link == link.name and one.controller_kind is Kind.BOND for one in layout.joined)


def _put_back(link: LinkFact, *, in_bond: bool) -> Iterator[str]:
    """Master, MAC, MTU and state as they were. Joining a bond wants the link down."""
    if link.master:
        if in_bond:
            yield f"link set {link.name} down"
        yield f"link set {link.name} master {link.master}"
    else:
        yield f"link set {link.name} nomaster"
    if in_bond and link.mac and not link.master:
        yield f"link set {link.name} address {link.mac}"
    if not link.master:
        yield f"link set {link.name} mtu {link.mtu}"
    yield f"link set {link.name} {'up' if link.is_up else 'down'}"


def _recreated(link: LinkFact) -> Iterator[str]:
    info = link.info
    address = f"address {link.mac} " if link.mac else ""
    if link.kind == "bridge":
        options = " ".join(f"{name} {info[name]}" for name in _BRIDGE_OPTIONS if name in info)
        options += " vlan_filtering 1" if info.get("vlan_filtering") else ""
        yield f"link add {link.name} {address}type bridge {options}".rstrip()
    elif link.kind == "bond":
        is_lacp = info.get("mode") == LACP
        options = " ".join(
            f"{word} {info[name]}"
            for name, word in _BOND_OPTIONS.items()
            if info.get(name) not in (None, "") and (is_lacp or name not in _LACP_ONLY)
        )
        mode = info.get("mode", "balance-rr")
        yield f"link add {link.name} {address}type bond mode {mode} {options}".rstrip()
    yield f"link set {link.name} mtu {link.mtu}"


def _surplus(layout: Layout, facts: HostFacts) -> Iterator[str]:
    """Addresses that an heir got in the trial and did not have before."""
    for one in layout.freed:
        had = {address.cidr for address in facts.links[one.link].addresses}
        for address in _moved(one.addresses.source, facts):
            if address.cidr not in had:
                yield f"address del {address.cidr} dev {one.link}"


# --- words of ip(8) ---------------------------------------------------------------------------


def _given(addresses: Addresses, facts: HostFacts) -> tuple[AddressFact, ...]:
    """The addresses of the new device during the trial; with DHCP those of the lease there is."""
    if addresses.method in (Method.INHERIT, Method.DHCP):
        moved = _moved(addresses.source, facts)
        return tuple(one for one in moved if addresses.ipv6 or one.family == 4)
    families = ((cidr, 6 if ":" in cidr else 4) for cidr in addresses.cidrs)
    return tuple(AddressFact(cidr, family) for cidr, family in families)


def _routes(addresses: Addresses, facts: HostFacts) -> tuple[RouteFact, ...]:
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


def _everything(gateway: str) -> str:
    return "::/0" if ":" in gateway else "default"


def _moved(source: str, facts: HostFacts) -> tuple[AddressFact, ...]:
    """The addresses that go where a link's place goes: not those that belong to the link itself."""
    link = facts.links.get(source)
    return tuple(one for one in link.addresses if one.scope != "link") if link else ()


def _gateways(facts: HostFacts, link: str) -> Iterator[str]:
    for route in facts.routes_of(link):
        if route.family == 4 and route.words[0] == "default" and "via" in route.words:
            yield route.words[route.words.index("via") + 1]


def _address_line(verb: str, address: AddressFact, device: str) -> str:
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


def _route_line(verb: str, route: RouteFact, device: str) -> str:
    destination, *rest = route.words
    # `ip route` wants the device behind the gateway that it is the way to.
    at = 2 if rest[:1] == ["via"] else 0
    return " ".join(["route", verb, destination, *rest[:at], "dev", device, *rest[at:]])
