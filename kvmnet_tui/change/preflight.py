"""The pre-flight: what is fine, worth knowing or in the way before a wish is tried. Pure."""

import re
from collections.abc import Callable, Iterator

from kvmnet_tui.change.backends.nm_findings import checkpoint_findings
from kvmnet_tui.change.backends.wished import carrier_of, heir_of
from kvmnet_tui.change.choice import backend_of
from kvmnet_tui.change.facts import HostFacts, LinkFact
from kvmnet_tui.change.findings import Finding, Verdict
from kvmnet_tui.change.kernel import touched
from kvmnet_tui.change.wishes import (
    AddMember,
    AddPort,
    Addressing,
    AddressMode,
    BackendName,
    BondSpec,
    BridgeSpec,
    CreateBond,
    CreateBridge,
    DeleteBond,
    DeleteBridge,
    RemoveMember,
    RemovePort,
    Wish,
    new_devices,
)
from kvmnet_tui.i18n import N_, _

NAME_LIMIT = 15
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]*")
_TAKEN_PATTERNS = (
    (re.compile(r"vnet\d+|macvtap\d+"), N_("libvirt names guests' taps like this.")),
    (re.compile(r"docker\d*|br-[0-9a-f]{12}|veth[0-9a-f]{7}"), N_("Docker uses such names.")),
)
_LATER = {
    "netplan": "netplan",
    "networkd": "systemd-networkd",
    "systemd-networkd": "systemd-networkd",
    "wicked": "wicked",
}
_NO_ETHERNET = frozenset({"tun", "wireguard", "ppp", "ipip", "sit", "gre", "loopback"})


def findings(wish: Wish, facts: HostFacts) -> tuple[Finding, ...]:
    """Everything there is to say, in the order in which it is best read."""
    found = [*_of_wish(wish, facts), *_of_host(wish, facts)]
    if not any(one.verdict is Verdict.BLOCKED for one in found):
        found += _of_backend(wish, facts)
    return tuple(found)


def _ok(text: str, about: str = "") -> Finding:
    return Finding(Verdict.OK, text, about)


def _warn(text: str, about: str = "") -> Finding:
    return Finding(Verdict.WARNING, text, about)


def _block(text: str, about: str = "") -> Finding:
    return Finding(Verdict.BLOCKED, text, about)


# --- the wish itself --------------------------------------------------------------------------


def _of_wish(wish: Wish, facts: HostFacts) -> Iterator[Finding]:
    yield from _KINDS[type(wish)](wish, facts)


def _create_bridge(wish: CreateBridge, facts: HostFacts) -> Iterator[Finding]:
    yield from _name(wish.bridge.name, "name", facts)
    yield from _driver("bridge", facts)
    yield from _port(wish.uplink, "uplink", facts)
    yield from _bridge(wish.bridge)
    yield from _addressing(wish.addressing, wish.uplink, facts)


def _create_bond(wish: CreateBond, facts: HostFacts) -> Iterator[Finding]:
    bond = wish.bond
    for name in new_devices(wish):
        is_bridge = wish.bridge is not None and name == wish.bridge.name
        yield from _name(name, "bridge" if is_bridge else "name", facts)
    yield from _driver("bonding", facts)
    if wish.vlan is not None:
        yield from _driver("8021q", facts)
        if not 1 <= wish.vlan <= 4094:
            yield _block(_("A VLAN ID is a number from 1 to 4094."), "vlan")
    if wish.bridge is not None:
        yield from _driver("bridge", facts)
        yield from _bridge(wish.bridge)
        if bond.mode in ("balance-tlb", "balance-alb"):
            told = _("{mode} rewrites MACs and loses guests' packets below a bridge.")
            yield _block(told.format(mode=bond.mode), "mode")
    yield from _members(bond, facts)
    yield from _bond_options(bond)
    if bond.members and all(name in facts.links for name in bond.members):
        source = carrier_of(bond.members, facts)
        yield from _addressing(wish.addressing, source, facts)
        yield from _lost_addresses(bond.members, source, facts)


def _members(bond: BondSpec, facts: HostFacts) -> Iterator[Finding]:
    if not bond.members:
        yield _block(_("Choose the members."), "members")
        return
    if len(bond.members) == 1:
        yield _warn(_("With one member nothing can take over."), "members")
    for name in bond.members:
        yield from _port(name, "members", facts, kind="bond")
    known = [facts.links[name] for name in bond.members if name in facts.links]
    if len(known) < len(bond.members) or len(known) < 2:
        return
    source = carrier_of(bond.members, facts)
    idle = [link for link in known if link.name != source]
    # Of a link that is down nobody knows: the trial brings it up and waits for it.
    unplugged = all(link.is_up and not link.has_carrier for link in idle)
    if facts.links[source].has_carrier and unplugged:
        told = _("None of {members} has a carrier: plug a cable in, so that one can be proved"
                 " before {source} moves.")  # fmt: skip
        names = ", ".join(link.name for link in idle)
        yield _block(told.format(members=names, source=source), "members")
    if len({link.mtu for link in known}) > 1:
        yield _warn(_("The members' MTUs differ: the bond takes its own for all."), "members")


def _bond_options(bond: BondSpec) -> Iterator[Finding]:
    if bond.miimon <= 0 and not any(name == "arp_interval" for name, _value in bond.options):
        yield _block(_("Without miimon the bond never notices a failure: 100 is usual."), "mode")
    if bond.miimon and (bond.updelay % bond.miimon or bond.downdelay % bond.miimon):
        yield _warn(_("The driver rounds delays down to multiples of miimon."), "mode")
    if bond.mode == "802.3ad":
        yield _warn(
            _("The switch ports must be set up for LACP, or only one member works."), "mode"
        )
    if bond.mode in ("balance-rr", "balance-xor", "broadcast"):
        yield _warn(_("The switch ports must be one static channel group."), "mode")
    if bond.primary and bond.primary not in bond.members:
        yield _block(_("The primary must be a member."), "mode")


def _lost_addresses(members: tuple[str, ...], source: str, facts: HostFacts) -> Iterator[Finding]:
    for name in members:
        addresses = [one.cidr for one in facts.links[name].addresses if one.scope == "global"]
        if name != source and addresses:
            told = _("{link} loses its address {addresses}: the bond takes that of {source}.")
            said = told.format(link=name, addresses=", ".join(addresses), source=source)
            yield _warn(said, "members")


def _add_port(wish: AddPort, facts: HostFacts) -> Iterator[Finding]:
    yield from _exists(wish.bridge, "bridge", "name", facts)
    yield from _port(wish.port, "uplink", facts)
    yield from _stranded(wish.port, facts)


def _add_member(wish: AddMember, facts: HostFacts) -> Iterator[Finding]:
    yield from _exists(wish.bond, "bond", "name", facts)
    yield from _port(wish.member, "members", facts, kind="bond")
    yield from _stranded(wish.member, facts)


def _remove_port(wish: RemovePort, facts: HostFacts) -> Iterator[Finding]:
    yield from _exists(wish.bridge, "bridge", "name", facts)
    yield from _is_in(wish.port, wish.bridge, "uplink", facts)
    others = [port for port in facts.ports_of(wish.bridge) if port.name != wish.port]
    if not any(port.kind != "tun" for port in others):
        told = _("{port} is the last way out of {bridge}.")
        yield _warn(told.format(port=wish.port, bridge=wish.bridge), "uplink")


def _remove_member(wish: RemoveMember, facts: HostFacts) -> Iterator[Finding]:
    yield from _exists(wish.bond, "bond", "name", facts)
    yield from _is_in(wish.member, wish.bond, "members", facts)
    others = [one for one in facts.ports_of(wish.bond) if one.name != wish.member]
    if not any(one.has_carrier for one in others):
        told = _("{member} is the last member with a carrier: the bond would be dead.")
        yield _block(told.format(member=wish.member), "members")


def _delete_bridge(wish: DeleteBridge, facts: HostFacts) -> Iterator[Finding]:
    yield from _exists(wish.bridge, "bridge", "name", facts)
    plugged = [guest for guest in facts.guests if guest.bridge == wish.bridge]
    taps = [port.name for port in facts.ports_of(wish.bridge) if port.kind == "tun"]
    if plugged or taps:
        names = ", ".join(sorted({guest.guest for guest in plugged}) or taps)
        told = _("Guests are plugged in and would be cut off: {guests}. Move them first.")
        yield _block(told.format(guests=names), "name")
    yield from _heir(wish.bridge, wish.heir, facts)


def _delete_bond(wish: DeleteBond, facts: HostFacts) -> Iterator[Finding]:
    yield from _exists(wish.bond, "bond", "name", facts)
    yield from _heir(wish.bond, wish.heir, facts)
    for link in facts.links.values():
        if link.lower == wish.bond:
            told = _("{link} stands on {bond}: remove it first.")
            yield _block(told.format(link=link.name, bond=wish.bond), "name")


def _heir(name: str, named: str, facts: HostFacts) -> Iterator[Finding]:
    """Who gets the address, or the place in a bridge, of what is removed."""
    if named:
        yield from _is_in(named, name, "uplink", facts)
        return
    link = facts.links.get(name)
    has = bool(link and (link.master or any(one.scope != "link" for one in link.addresses)))
    if has and not heir_of(name, named, facts):
        told = _("Choose who gets what {link} has: nothing in it is a NIC.")
        yield _block(told.format(link=name), "uplink")


_KINDS: dict[type, Callable[..., Iterator[Finding]]] = {
    CreateBridge: _create_bridge,
    CreateBond: _create_bond,
    AddPort: _add_port,
    AddMember: _add_member,
    RemovePort: _remove_port,
    RemoveMember: _remove_member,
    DeleteBridge: _delete_bridge,
    DeleteBond: _delete_bond,
}


# --- names and links --------------------------------------------------------------------------


def name_problem(name: str, facts: HostFacts) -> str:
    """Why a new link cannot be called so, "" when it can."""
    if not name:
        return _("A name is missing.")
    if len(name.encode()) > NAME_LIMIT:
        told = _("{name} is too long: the kernel's limit is 15 characters.")
        return told.format(name=name)
    if not _NAME.fullmatch(name):
        return _("A name consists of letters, digits, dots, dashes and underscores.")
    if name in facts.links:
        return _("There is a link called {name} already.").format(name=name)
    for pattern, reason in _TAKEN_PATTERNS:
        if pattern.fullmatch(name):
            return _(reason)
    return ""


def _name(name: str, about: str, facts: HostFacts) -> Iterator[Finding]:
    problem = name_problem(name, facts)
    if problem:
        yield _block(problem, about)
    else:
        yield _ok(_("The name {name} is free.").format(name=name), about)


def _exists(name: str, kind: str, about: str, facts: HostFacts) -> Iterator[Finding]:
    link = facts.links.get(name)
    if link is None:
        yield _block(_("There is no link called {name}.").format(name=name), about)
    elif link.kind != kind:
        yield _block(_("{name} is no {kind}.").format(name=name, kind=kind), about)


def _is_in(link: str, master: str, about: str, facts: HostFacts) -> Iterator[Finding]:
    found = facts.links.get(link)
    if found is None or found.master != master:
        told = _("{link} is not in {master}.")
        yield _block(told.format(link=link or "-", master=master), about)


def _port(name: str, about: str, facts: HostFacts, kind: str = "bridge") -> Iterator[Finding]:
    """Whether a link can be a bridge's port or a bond's member."""
    link = facts.links.get(name)
    if link is None:
        told = _("There is no link called {name}.") if name else _("Choose a link.")
        yield _block(told.format(name=name), about)
        return
    problem = _unfit(link, kind, facts)
    if problem:
        yield _block(problem, about)
        return
    if not link.has_carrier and link.is_up:
        yield _warn(_("{link} has no carrier.").format(link=name), about)
    else:
        yield _ok(_("{link} can be taken.").format(link=name), about)
    for upper in facts.links.values():
        if upper.lower == name and upper.kind == "vlan":
            told = _("The VLAN {vlan} stands on {link}: its frames go through the bridge then.")
            yield _warn(told.format(vlan=upper.name, link=name), about)


def _unfit(link: LinkFact, kind: str, facts: HostFacts) -> str:
    if link.master:
        told = _("{link} is in {master} already: take it out there first.")
        return told.format(link=link.name, master=link.master)
    if link.is_wireless:
        return _("{link} is wireless: an access point lets no other MACs through.").format(
            link=link.name
        )
    if link.name == "lo" or link.kind in _NO_ETHERNET or (kind == "bond" and link.kind == "bridge"):
        return _("{link} cannot be taken: it is {kind}.").format(
            link=link.name, kind=link.kind or "loopback"
        )
    for upper in facts.links.values():
        if upper.lower == link.name and upper.kind in ("macvtap", "macvlan"):
            told = _("{upper} stands on {link}, which is busy with it: end that first.")
            return told.format(upper=upper.name, link=link.name)
    return ""


def _stranded(name: str, facts: HostFacts) -> Iterator[Finding]:
    link = facts.links.get(name)
    addresses = [one.cidr for one in (link.addresses if link else ()) if one.scope == "global"]
    if addresses:
        told = _("{link} has the address {addresses}, which stops working there.")
        yield _warn(told.format(link=name, addresses=", ".join(addresses)), "uplink")
    if name and facts.session.device == name:
        told = _("This SSH session comes over {link}: make a bridge or bond with it instead.")
        yield _block(told.format(link=name), "uplink")


def _driver(name: str, facts: HostFacts) -> Iterator[Finding]:
    if facts.drivers.get(name, False):
        yield _ok(_("The kernel has the driver {name}.").format(name=name))
    else:
        told = _("The kernel has no driver {name}: `modprobe {name}` says why.")
        yield _block(told.format(name=name), "name")


def _bridge(bridge: BridgeSpec) -> Iterator[Finding]:
    if bridge.stp and bridge.delay:
        told = _("With spanning tree a port that joins is silent for {seconds} s.")
        yield _warn(told.format(seconds=2 * bridge.delay))
    if bridge.mac and not re.fullmatch(r"([0-9a-f]{2}:){5}[0-9a-f]{2}", bridge.mac):
        yield _block(_("{mac} is no MAC.").format(mac=bridge.mac), "mac")
    if bridge.mac and re.match(r"[0-9a-f][13579bdf]", bridge.mac):
        yield _block(_("{mac} is a multicast MAC.").format(mac=bridge.mac), "mac")
    if bridge.mac:
        yield _warn(
            _("Another MAC than the uplink's: DHCP and port security may refuse it."), "mac"
        )
    if bridge.mtu and not 68 <= bridge.mtu <= 65535:
        yield _block(_("An MTU is a number from 68 to 65535."), "mtu")


def _addressing(addressing: Addressing, source: str, facts: HostFacts) -> Iterator[Finding]:
    link = facts.links.get(source)
    has = bool(link and any(one.scope == "global" for one in link.addresses))
    carries_session = bool(source) and facts.session.device == source
    if addressing.mode is AddressMode.NONE and has:
        told = _("{link} gives up its address, and nobody takes it over.")
        finding = _block if carries_session else _warn
        yield finding(told.format(link=source), "address")
    if addressing.mode is AddressMode.STATIC and carries_session:
        yield _warn(
            _("The address changes: this SSH session ends, log in at the new one."), "address"
        )
    if addressing.mode is AddressMode.STATIC and not addressing.gateways:
        yield _warn(_("Without a gateway only the own subnet is reached."), "address")
    if addressing.mode is AddressMode.DHCP and not has:
        told = _("{link} has no lease yet: the trial goes on without an address.")
        yield _warn(told.format(link=source), "address")
    if addressing.mode is AddressMode.INHERIT and not has:
        yield _ok(_("{link} has no address to take over.").format(link=source), "address")


# --- the host ---------------------------------------------------------------------------------


def _of_host(wish: Wish, facts: HostFacts) -> Iterator[Finding]:
    links = touched(wish, facts) if _is_sound(wish, facts) else ()
    yield from _session(links, facts)
    if "root-on-network" in facts.notes:
        told = _("The root file system is on the network ({root}): its loss could not be undone.")
        yield _block(told.format(root=facts.notes["root-on-network"]))
    yield from checkpoint_findings(facts)
    if facts.notes.get("br-netfilter") == "drop" and new_devices(wish):
        yield _warn(_("br_netfilter is on and the FORWARD policy drops: bridged guests are cut off"
                      " until rules let them through."))  # fmt: skip
    for name in links:
        if re.search(rf'"{re.escape(name)}"', facts.notes.get("firewall", "")):
            told = _("Firewall rules name {link}: check that they suit the new device, or new"
                     " logins may be refused.")  # fmt: skip
            yield _warn(told.format(link=name))
        if name in facts.zones:
            told = _("firewalld puts {link} into the zone {zone} by its name: the new device is in"
                     " the default zone.")  # fmt: skip
            yield _warn(told.format(link=name, zone=facts.zones[name]))
        if any(route.words[1:] == ("nexthop",) for route in facts.routes_of(name)):
            told = _("A route with several next hops uses {link}: it could not be moved.")
            yield _block(told.format(link=name))
        if any(f" {key} {name} " in f"{rule} " for rule in facts.rules for key in ("iif", "oif")):
            told = _("A routing rule names {link}: it does not follow to the new device.")
            yield _warn(told.format(link=name))


def _is_sound(wish: Wish, facts: HostFacts) -> bool:
    """Whether the links that the wish is about are there, so that a layout can be made of it."""
    names = [
        getattr(wish, name)
        for name in ("uplink", "port", "member")
        if getattr(wish, name, "")
    ]  # fmt: skip
    if isinstance(wish, CreateBond):
        names = list(wish.bond.members)
        if not names:
            return False
    if isinstance(wish, (DeleteBridge, DeleteBond, AddPort, RemovePort, AddMember, RemoveMember)):
        names.append(getattr(wish, "bridge", "") or getattr(wish, "bond", ""))
    return bool(names) and all(name in facts.links for name in names)


def _session(links: tuple[str, ...], facts: HostFacts) -> Iterator[Finding]:
    session = facts.session
    if not session.client:
        yield _ok(_("No SSH session is at stake: this runs on a console."))
    elif session.device in links:
        told = _("This SSH session from {client} comes over {link}: it moves within milliseconds.")
        yield _warn(told.format(client=session.client, link=session.device))
    else:
        told = _("This SSH session comes over {link}, which is not touched.")
        yield _ok(told.format(link=session.device or "-"))


# --- who keeps it -----------------------------------------------------------------------------


def _of_backend(wish: Wish, facts: HostFacts) -> Iterator[Finding]:
    choice = backend_of(wish, facts)
    yield _ok(choice.reason)
    if choice.later:
        told = _("{manager} manages {link}; keeping changes with it is not supported yet, so a"
                 " reboot forgets this one.")  # fmt: skip
        yield _warn(told.format(manager=_LATER.get(choice.later, choice.later), link=choice.link))
    elif choice.backend.name is BackendName.RUNTIME:
        yield _warn(_("Nobody keeps it: a reboot forgets it."))
    yield from choice.backend.findings(wish, facts)
