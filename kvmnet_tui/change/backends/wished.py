"""From a wish and the host's facts to the layout that the backends write down."""

from collections.abc import Iterator

from kvmnet_tui.change.backends.layout import Addresses, Freed, Joined, Kind, Layout, Made, Method
from kvmnet_tui.change.facts import HostFacts, LinkFact
from kvmnet_tui.change.wishes import (
    AddMember,
    AddPort,
    Addressing,
    AddressMode,
    BondSpec,
    BridgeSpec,
    CreateBond,
    CreateBridge,
    DeleteBond,
    DeleteBridge,
    RemoveMember,
    RemovePort,
    Wish,
    vlan_name,
)

_USUAL_MTU = 1500
_VIRTUAL = ("tun", "veth", "macvtap", "macvlan", "dummy")


def layout_of(wish: Wish, facts: HostFacts) -> Layout:
    """What the change leaves behind."""
    match wish:
        case CreateBridge():
            layout = _with_bridge(wish, facts)
        case CreateBond():
            layout = _with_bond(wish, facts)
        case AddPort():
            layout = Layout(joined=(Joined(wish.port, wish.bridge, Kind.BRIDGE),))
        case AddMember():
            layout = Layout(joined=(Joined(wish.member, wish.bond, Kind.BOND),))
        case RemovePort():
            layout = Layout(freed=(Freed(wish.port, wish.bridge),))
        case RemoveMember():
            layout = Layout(freed=(Freed(wish.member, wish.bond),))
        case DeleteBridge():
            layout = _without(wish.bridge, wish.heir, facts)
        case DeleteBond():
            layout = _without_bond(wish, facts)
    return layout


def carrier_of(members: tuple[str, ...], facts: HostFacts) -> str:
    """The member whose address the bond takes over: the session's, else the first with one."""
    if facts.session.device in members:
        return facts.session.device
    addressed = (name for name in members if name in facts.links and facts.links[name].addresses)
    routed = (name for name in addressed if facts.routes_of(name))
    return next(routed, members[0])


def heir_of(controller: str, heir: str, facts: HostFacts) -> str:
    """Who gets the controller's address: the one named, else its first NIC, bond or VLAN."""
    return heir or next((link.name for link in _ways_out(controller, facts)), "")


def _ways_out(controller: str, facts: HostFacts) -> Iterator[LinkFact]:
    """A bond's members, or a bridge's ports that are no guests'."""
    is_bond = controller in facts.links and facts.links[controller].kind == "bond"
    return (one for one in facts.ports_of(controller) if is_bond or one.kind not in _VIRTUAL)


def _with_bridge(wish: CreateBridge, facts: HostFacts) -> Layout:
    addresses = _addresses(wish.addressing, wish.uplink, facts)
    joined = Joined(wish.uplink, wish.bridge.name, Kind.BRIDGE)
    return Layout((_bridge(wish.bridge, wish.uplink, addresses, facts),), (joined,))


def _with_bond(wish: CreateBond, facts: HostFacts) -> Layout:
    bond, members = wish.bond, wish.bond.members
    source = carrier_of(members, facts)
    addresses = _addresses(wish.addressing, source, facts)
    above = wish.bridge.name if wish.bridge else ""
    vlan = "" if wish.vlan is None else vlan_name(bond.name, wish.vlan)
    made = [
        Made(
            bond.name,
            Kind.BOND,
            "" if vlan else above,
            Addresses() if vlan or above else addresses,
            bond.mac or _mac(source, facts),
            bond.mtu or _mtu(source, facts),
            options=_options(bond),
        )
    ]
    if wish.vlan is not None:
        given = Addresses() if above else addresses
        made.append(Made(vlan, Kind.VLAN, above, given, parent=bond.name, vlan=wish.vlan))
    if wish.bridge:
        made.append(_bridge(wish.bridge, source, addresses, facts))
    idle = [name for name in members if name != source]
    joined = (Joined(name, bond.name, Kind.BOND) for name in (*idle, source))
    return Layout(tuple(made), tuple(joined))


def _bridge(spec: BridgeSpec, uplink: str, addresses: Addresses, facts: HostFacts) -> Made:
    return Made(
        spec.name,
        Kind.BRIDGE,
        addresses=addresses,
        mac=spec.mac or _mac(uplink, facts),
        mtu=spec.mtu or _mtu(uplink, facts),
        stp=spec.stp,
        delay=spec.delay,
        vlan_filtering=spec.vlan_filtering,
    )


def _without(controller: str, named: str, facts: HostFacts) -> Layout:
    heir = heir_of(controller, named, facts)
    others = (
        Freed(link.name, controller) for link in _ways_out(controller, facts) if link.name != heir
    )
    back = _addresses(Addressing(), controller, facts)
    freed = (Freed(heir, controller, back),) if heir else ()
    return Layout(freed=(*freed, *others), removed=(controller,))


def _without_bond(wish: DeleteBond, facts: HostFacts) -> Layout:
    bond = facts.links.get(wish.bond)
    if bond is None or not bond.master:
        return _without(wish.bond, wish.heir, facts)
    plain = _without(wish.bond, wish.heir, facts)
    heir = heir_of(wish.bond, wish.heir, facts)
    freed = tuple(one for one in plain.freed if one.link != heir)
    joined = (Joined(heir, bond.master, Kind.BRIDGE),) if heir else ()
    return Layout(joined=joined, freed=freed, removed=plain.removed)


def _addresses(addressing: Addressing, source: str, facts: HostFacts) -> Addresses:
    match addressing.mode:
        case AddressMode.NONE:
            return Addresses()
        case AddressMode.DHCP:
            return Addresses(Method.DHCP, source, ipv6=addressing.ipv6)
        case AddressMode.STATIC:
            return Addresses(
                Method.STATIC,
                source,
                addressing.addresses,
                addressing.gateways,
                addressing.dns,
                addressing.ipv6,
            )
        case AddressMode.INHERIT:
            return Addresses(
                Method.INHERIT,
                source,
                _cidrs(source, facts),
                _gateways(source, facts),
                facts.nameservers,
                addressing.ipv6,
            )


def _cidrs(source: str, facts: HostFacts) -> tuple[str, ...]:
    """The addresses that somebody set: not the link-local ones, not those with a lifetime."""
    link = facts.links.get(source)
    addresses = link.addresses if link else ()
    return tuple(one.cidr for one in addresses if one.scope == "global" and one.lifetimes is None)


def _gateways(source: str, facts: HostFacts) -> tuple[str, ...]:
    defaults = (route.words for route in facts.routes_of(source) if route.words[0] == "default")
    return tuple(words[words.index("via") + 1] for words in defaults if "via" in words)


def _mac(link: str, facts: HostFacts) -> str:
    return facts.links[link].mac if link in facts.links else ""


def _mtu(link: str, facts: HostFacts) -> int:
    mtu = facts.links[link].mtu if link in facts.links else _USUAL_MTU
    return 0 if mtu == _USUAL_MTU else mtu


def _options(bond: BondSpec) -> tuple[tuple[str, str], ...]:
    timed = (("miimon", bond.miimon), ("updelay", bond.updelay), ("downdelay", bond.downdelay))
    return (
        ("mode", bond.mode),
        *((name, str(value)) for name, value in timed if value),
        *((("primary", bond.primary),) if bond.primary else ()),
        *bond.options,
    )
