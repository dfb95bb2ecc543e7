"""Making a wish true until a reboot: steps of the trial."""

from collections.abc import Iterable, Iterator

from kvmnet_tui.change.backends.layout import Freed, Joined, Kind, Layout, Made
from kvmnet_tui.change.backends.wished import layout_of
from kvmnet_tui.change.facts import HostFacts, LinkFact
from kvmnet_tui.change.kernel.words import (
    LACP,
    address_line,
    announced,
    bond_mode,
    gateways_through,
    given_addresses,
    given_routes,
    lasting,
    moved_addresses,
    route_line,
)
from kvmnet_tui.change.plan import (
    Step,
    arp_step,
    ip_step,
    set_step,
    wait_step,
)
from kvmnet_tui.change.wishes import Wish
from kvmnet_tui.i18n import _

CARRIER_SECONDS = 15.0  # a NIC that was down negotiates for two or three
PROOF_SECONDS = 10.0
# Modes in which the switch may answer on any cable of its channel, one that has yet to join too.
_CHANNELS = frozenset({"balance-rr", "balance-xor", "broadcast"})
LACP_SECONDS = 20.0  # both ends speak at once when a cable is plugged in, then each second


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
    devices = [line for made in layout.made for line in _device(made, layout)]
    idle = [one for one in layout.joined if one.link != carrier]
    upper = [f"link set {made.name} master {made.controller}"
             for made in layout.made if made.controller]  # fmt: skip
    names = ", ".join(made.name for made in layout.made)
    yield ip_step(devices, _("make {link}").format(link=names))
    yield from _without_ipv6(top)
    up = [f"link set {made.name} up" for made in layout.made]
    yield ip_step([*_joins(idle), *upper, *up], _("bring it up without anything that is in use"))
    yield from _proof(layout, facts)
    moving = _moving_lines(layout, facts, carrier)
    told = _("move {link} and its addresses to {taker}").format(link=carrier, taker=top.name)
    told = told if carrier else _("move addresses")
    yield ip_step(moving, told, moves=True)
    yield ip_step(_leftovers(carrier, top, facts), _("tidy up"), force=True)
    yield from announced(top.name, given_addresses(top.addresses, facts))
    yield from _settled(layout, carrier)


def _carrier(layout: Layout) -> str:
    """The link that has the addresses which move, else the last that joins."""
    moved = [one.link for one in layout.joined if one.link in layout.moved]
    return next(iter(moved), layout.joined[-1].link if layout.joined else "")


def _device(made: Made, layout: Layout) -> Iterator[str]:
    """The new device, down, with its MTU."""
    if made.kind is Kind.BRIDGE:
        mac = f"address {made.mac} " if made.mac and not _gets_mac_late(made, layout) else ""
        filtering = " vlan_filtering 1" if made.vlan_filtering else ""  # not every kernel has it
        yield f"link add {made.name} {mac}type bridge stp_state 0 forward_delay 0{filtering}"
    elif made.kind is Kind.BOND:
        options = " ".join(f"{name} {value}" for name, value in made.options if name != "primary")
        yield f"link add {made.name} type bond {options}"
    else:
        yield f"link add link {made.parent} name {made.name} type vlan id {made.vlan}"
    if made.mtu and made.kind is not Kind.VLAN:
        yield f"link set {made.name} mtu {made.mtu}"


def _gets_mac_late(made: Made, layout: Layout) -> bool:
    """Whether a device speaks while its MAC is still the session's: a switch would turn there."""
    is_above_a_bond = made.kind is Kind.BRIDGE and len(layout.made) > 1
    return made.kind is Kind.BOND or is_above_a_bond


def _without_ipv6(top: Made) -> Iterator[Step]:
    if not top.addresses.ipv6:
        yield set_step(f"/proc/sys/net/ipv6/conf/{top.name}/disable_ipv6", "1", may_fail=True)


def _joins(joined: Iterable[Joined]) -> Iterator[str]:
    for one in joined:
        # The bonding driver takes nothing that is up.
        yield f"link set {one.link} {'down' if one.controller_kind is Kind.BOND else 'up'}"
        yield f"link set {one.link} master {one.controller}"


def _proof(layout: Layout, facts: HostFacts) -> Iterator[Step]:
    """An idle member must reach the gateway before the one that carries the session moves."""
    first = _to_be_proved(layout, facts)
    if first is None:
        return
    yield wait_step("mii", first.link, CARRIER_SECONDS)
    for _link, heard in _lacp(layout, facts):
        yield heard
    if bond_mode(first, layout, facts) not in _CHANNELS:
        tagged = (made.name for made in layout.made if made.kind is Kind.VLAN)
        yield from _asked(next(tagged, first.controller), first.link, layout, facts)


def _to_be_proved(layout: Layout, facts: HostFacts) -> Joined | None:
    """The idle member of a new bond that is proved, when another one carries addresses now.

    One that has a cable comes before one that is down, of which nobody knows.
    """
    carrier = _carrier(layout)
    source = facts.links.get(carrier)
    if source is None or not source.has_carrier or not source.addresses:
        return None
    new = {made.name for made in layout.made if made.kind is Kind.BOND}
    idle = (one for one in layout.joined if one.controller in new and one.link != carrier)
    able = [one for one in idle
            if facts.links[one.link].has_carrier or not facts.links[one.link].is_up]  # fmt: skip
    return min(able, key=lambda one: not facts.links[one.link].has_carrier, default=None)


def _lacp(layout: Layout, facts: HostFacts) -> Iterator[tuple[str, Step]]:
    """The member that is proved, of a bond with LACP, and the wait for its partner."""
    first = _to_be_proved(layout, facts)
    if first is not None and bond_mode(first, layout, facts) == LACP:
        yield first.link, wait_step("lacp", first.link, LACP_SECONDS)


def _asked(link: str, member: str, layout: Layout, facts: HostFacts) -> Iterator[Step]:
    """The question on a link whether a member reaches the gateway, where there is one."""
    for gateway in list(gateways_through(facts, _carrier(layout)))[:1]:
        said = _("prove that {link} reaches {gateway}").format(link=member, gateway=gateway)
        yield arp_step(link, gateway, PROOF_SECONDS, say=said)


def lacp_proof(wish: Wish, facts: HostFacts) -> Iterator[tuple[str, Step]]:
    """For backends that make the bond themselves: what follows on a member's joining."""
    return _lacp(layout_of(wish, facts), facts)


def proof_alone(wish: Wish, facts: HostFacts) -> Iterator[Step]:
    """The same proof before there is a bond, on the idle NIC with its own MAC.

    A manager gives the bond the session's MAC at once: asked from there, a switch would send the
    session's frames to the idle member. With a VLAN in between nobody can ask untagged.
    """
    layout = layout_of(wish, facts)
    first = _to_be_proved(layout, facts)
    if first is None:
        return
    link = first.link
    yield ip_step([f"link set {link} up"], _("bring {link} up").format(link=link))
    yield wait_step("carrier", link, CARRIER_SECONDS)
    is_tagged = any(made.kind is Kind.VLAN for made in layout.made)
    if not is_tagged and bond_mode(first, layout, facts) not in {LACP, *_CHANNELS}:
        yield from _asked(link, link, layout, facts)


def _moving_lines(layout: Layout, facts: HostFacts, carrier: str) -> list[str]:
    top = layout.made[-1]
    joined = [one for one in layout.joined if one.link == carrier]
    macs = [f"link set {made.name} address {made.mac}" for made in layout.made
            if made.mac and _gets_mac_late(made, layout)]  # fmt: skip
    macs += [f"link set {made.name} address {_bond_mac(layout)}" for made in layout.made
             if made.kind is Kind.VLAN and _bond_mac(layout)]  # fmt: skip
    into_bridge = [one for one in joined if one.controller_kind is Kind.BRIDGE]
    into_bond = [one for one in joined if one.controller_kind is Kind.BOND]
    given = [address_line("add", one, top.name) for one in given_addresses(top.addresses, facts)]
    routes = [
        route_line("replace", route, top.name) for route in given_routes(top.addresses, facts)
    ]
    taken = [f"address del {one.cidr} dev {carrier}" for one in moved_addresses(carrier, facts)]
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
    old = [route_line("del", route, carrier) for route in facts.routes_of(carrier)
           if not route.is_connected]  # fmt: skip
    if top.kind is Kind.BRIDGE and top.stp:
        delay = 100 * top.delay
        old.append(f"link set {top.name} type bridge stp_state 1 forward_delay {delay}")
    return old


def _settled(layout: Layout, carrier: str) -> Iterator[Step]:
    for one in layout.joined:
        if one.link == carrier and one.controller_kind is Kind.BRIDGE:
            yield wait_step("forwarding", carrier, PROOF_SECONDS)
        elif one.link == carrier and one.controller_kind is Kind.BOND and len(layout.joined) > 1:
            yield wait_step("mii", carrier, CARRIER_SECONDS)


def _joined_and_freed(layout: Layout) -> Iterator[Step]:
    lines = [*_joins(layout.joined), *(_free_line(one) for one in layout.freed)]
    lines += [f"link set {one.link} up" for one in layout.freed]
    yield ip_step(lines, _("join") if layout.joined else _("take out"))
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
        lines += [
            address_line("add", lasting(one), successor)
            for one in moved_addresses(gone.name, facts)
        ]
        lines += [
            route_line("replace", route, successor)
            for route in facts.routes_of(gone.name)
            if not route.is_connected
        ]
    lines += [f"link set {one.link} nomaster" for one in layout.freed if one.link != successor]
    lines.append(f"link delete {gone.name}")
    lines += [f"link set {one.link} up" for one in layout.freed]
    told = _("remove {link}, {heir} inherits") if successor else _("remove {link}")
    told = told.format(link=gone.name, heir=successor)
    yield ip_step(lines, told, moves=True)
    if heir:
        yield from announced(successor, moved_addresses(gone.name, facts))


def _freed_member(bond: LinkFact, member: str, facts: HostFacts) -> Iterator[Step]:
    """Another member goes on working while this one leaves and finds its carrier again."""
    others = [port.name for port in facts.ports_of(bond.name) if port.name != member]
    active = bond.info.get("active_slave")
    lines = []
    if active == member and others:
        lines.append(f"link set {bond.name} type bond active_slave {others[0]}")
    lines += [f"link set {member} nomaster", f"link set {member} up"]
    yield ip_step(lines, _("free {link}").format(link=member))
    if facts.links[member].has_carrier:
        yield wait_step("carrier", member, CARRIER_SECONDS)
