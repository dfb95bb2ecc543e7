"""The pre-flight: what is fine, worth knowing or in the way before a wish is tried. Pure."""

from collections.abc import Callable, Iterator

from kvmnet_tui.change.backends.nm_findings import checkpoint_findings
from kvmnet_tui.change.backends.wished import carrier_of
from kvmnet_tui.change.checks.bonds import check_lost_addresses, check_members, check_options
from kvmnet_tui.change.checks.host import check_etc, check_host
from kvmnet_tui.change.checks.links import (
    check_driver,
    check_exists,
    check_heir,
    check_is_in,
    check_name,
    check_partner,
    check_port,
    check_stranded,
)
from kvmnet_tui.change.checks.values import check_addressing, check_bridge, check_mac, check_mtu
from kvmnet_tui.change.choice import backend_of
from kvmnet_tui.change.facts import HostFacts
from kvmnet_tui.change.findings import Finding, blocked, fine, is_blocked, warning
from kvmnet_tui.change.kernel import touched
from kvmnet_tui.change.wishes import (
    AddMember,
    AddPort,
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
    vlan_name,
)
from kvmnet_tui.i18n import _

_LATER = {
    "netplan": "netplan",
    "networkd": "systemd-networkd",
    "systemd-networkd": "systemd-networkd",
    "wicked": "wicked",
}


def findings(wish: Wish, facts: HostFacts) -> tuple[Finding, ...]:
    """Everything there is to say, in the order in which it is best read."""
    links = touched(wish, facts) if _is_sound(wish, facts) else ()
    about_host = (*check_host(wish, links, facts), *checkpoint_findings(facts))
    found = (*_KINDS[type(wish)](wish, facts), *about_host)
    if is_blocked(found):
        return found
    return (*found, *_of_backend(wish, facts))


# --- the wish itself --------------------------------------------------------------------------


def _create_bridge(wish: CreateBridge, facts: HostFacts) -> Iterator[Finding]:
    yield from check_name(wish.bridge.name, "name", facts)
    yield from check_driver("bridge", facts)
    yield from check_port(wish.uplink, "uplink", facts)
    yield from check_bridge(wish.bridge, wish.uplink, facts)
    yield from check_addressing(wish.addressing, wish.uplink, facts)


def _create_bond(wish: CreateBond, facts: HostFacts) -> Iterator[Finding]:
    bond = wish.bond
    source = carrier_of(bond.members, facts) if _is_sound(wish, facts) else ""
    yield from check_name(bond.name, "name", facts)
    yield from check_driver("bonding", facts)
    yield from _vlan(wish, facts)
    if wish.bridge is None:
        yield from check_mac(bond.mac, facts)
        yield from check_mtu(bond.mtu, source, facts)
    else:
        yield from _bridge_on_top(wish.bridge, bond, source, facts)
    yield from check_members(bond, facts)
    yield from check_options(bond)
    if source:
        yield from check_addressing(wish.addressing, source, facts, bond.members)
        yield from check_lost_addresses(bond.members, source, facts)


def _vlan(wish: CreateBond, facts: HostFacts) -> Iterator[Finding]:
    if wish.vlan is None:
        return
    yield from check_driver("8021q", facts, "vlan")
    if 1 <= wish.vlan <= 4094:
        yield from check_name(vlan_name(wish.bond.name, wish.vlan), "vlan", facts)
    else:
        yield blocked(_("A VLAN ID is a number from 1 to 4094."), "vlan")


def _bridge_on_top(
    bridge: BridgeSpec, bond: BondSpec, source: str, facts: HostFacts
) -> Iterator[Finding]:
    if bridge.name == bond.name:
        yield blocked(_("The bond is called {name} already.").format(name=bridge.name), "bridge")
    else:
        yield from check_name(bridge.name, "bridge", facts)
    yield from check_driver("bridge", facts, "bridge")
    yield from check_bridge(bridge, source, facts)
    if bond.mode in ("balance-tlb", "balance-alb"):
        told = _("{mode} rewrites MACs and loses guests' packets below a bridge.")
        yield blocked(told.format(mode=bond.mode), "mode")


def _add_port(wish: AddPort, facts: HostFacts) -> Iterator[Finding]:
    yield from check_exists(wish.bridge, "bridge", "name", facts)
    yield from check_port(wish.port, "uplink", facts)
    yield from check_stranded(wish.port, facts)


def _add_member(wish: AddMember, facts: HostFacts) -> Iterator[Finding]:
    yield from check_exists(wish.bond, "bond", "name", facts)
    yield from check_port(wish.member, "members", facts, kind="bond")
    yield from check_stranded(wish.member, facts)
    yield from check_partner(wish.bond, facts, leaves=False)


def _remove_port(wish: RemovePort, facts: HostFacts) -> Iterator[Finding]:
    yield from check_exists(wish.bridge, "bridge", "name", facts)
    yield from check_is_in(wish.port, wish.bridge, "uplink", facts)
    others = [port for port in facts.ports_of(wish.bridge) if port.name != wish.port]
    if any(port.kind != "tun" for port in others):
        return
    told = _("{port} is the last way out of {bridge}.").format(port=wish.port, bridge=wish.bridge)
    if facts.session.device == wish.bridge:
        lost = _("This SSH session comes over it: remove the bridge instead.")
        yield blocked(f"{told} {lost}", "uplink")
    else:
        yield warning(told, "uplink")


def _remove_member(wish: RemoveMember, facts: HostFacts) -> Iterator[Finding]:
    yield from check_exists(wish.bond, "bond", "name", facts)
    yield from check_is_in(wish.member, wish.bond, "members", facts)
    others = [one for one in facts.ports_of(wish.bond) if one.name != wish.member]
    if not any(one.has_carrier for one in others):
        told = _("{member} is the last member with a carrier: the bond would be dead.")
        yield blocked(told.format(member=wish.member), "members")
    yield from check_partner(wish.bond, facts, leaves=True)


def _delete_bridge(wish: DeleteBridge, facts: HostFacts) -> Iterator[Finding]:
    yield from check_exists(wish.bridge, "bridge", "name", facts)
    plugged = [guest for guest in facts.guests if guest.bridge == wish.bridge]
    taps = [port.name for port in facts.ports_of(wish.bridge) if port.kind == "tun"]
    if plugged or taps:
        names = ", ".join(sorted({guest.guest for guest in plugged}) or taps)
        told = _("Guests are plugged in and would be cut off: {guests}. Move them first.")
        yield blocked(told.format(guests=names), "name")
    yield from check_heir(wish.bridge, wish.heir, facts)


def _delete_bond(wish: DeleteBond, facts: HostFacts) -> Iterator[Finding]:
    yield from check_exists(wish.bond, "bond", "name", facts)
    yield from check_heir(wish.bond, wish.heir, facts)
    for link in facts.links.values():
        if link.lower == wish.bond:
            told = _("{link} stands on {bond}: remove it first.")
            yield blocked(told.format(link=link.name, bond=wish.bond), "name")
    yield from check_partner(wish.bond, facts, leaves=True)


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


def _is_sound(wish: Wish, facts: HostFacts) -> bool:
    """Whether the links that the wish is about are there, so that a layout can be made of it."""
    if isinstance(wish, CreateBond):
        names = list(wish.bond.members)
    elif isinstance(wish, CreateBridge):
        names = [wish.uplink]
    else:
        fields = ("bridge", "bond", "port", "member", "heir")
        names = [name for field in fields if (name := getattr(wish, field, ""))]
    return bool(names) and all(name in facts.links for name in names)


# --- who keeps it -----------------------------------------------------------------------------

_MANAGERS = {
    BackendName.NM: "NetworkManager",
    BackendName.IFCFG: "ifcfg",
    BackendName.IFUPDOWN: "ifupdown",
}
_FOLDERS = {
    BackendName.IFCFG: "/etc/sysconfig/network-scripts/",
    BackendName.IFUPDOWN: "/etc/network/",
}


def _is_here(backend: BackendName, facts: HostFacts) -> bool:
    """Whether a manager that was asked for by name has anything to do with this host."""
    if backend is BackendName.NM:
        return any(owner.name == _MANAGERS[backend] for owner in facts.owners.values())
    folder = _FOLDERS.get(backend, "")
    return not folder or any(path.startswith(folder) for path in facts.files)


def _of_backend(wish: Wish, facts: HostFacts) -> Iterator[Finding]:
    choice = backend_of(wish, facts)
    if not _is_here(wish.backend, facts):
        told = _("{manager} configures nothing on this host: it cannot keep this.")
        yield blocked(told.format(manager=_MANAGERS[wish.backend]), "backend")
        return
    yield fine(choice.reason)
    if choice.later:
        told = _("{manager} manages {link}; keeping changes with it is not supported yet, so a"
                 " reboot forgets this one.")  # fmt: skip
        yield warning(told.format(manager=_LATER.get(choice.later, choice.later), link=choice.link))
    elif choice.backend.name is BackendName.RUNTIME:
        yield warning(_("Nobody keeps it: a reboot forgets it."))
    if choice.backend.name is not BackendName.RUNTIME:
        yield from check_etc(facts)
    yield from choice.backend.findings(wish, facts)
