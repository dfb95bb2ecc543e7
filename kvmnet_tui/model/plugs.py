"""Look-ups across the picture: whose tap this is, who is plugged into a network, what is loose."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from kvmnet_tui.model.joins import NicKey, natural_key
from kvmnet_tui.model.links import Link
from kvmnet_tui.model.state import HostState
from kvmnet_tui.model.virt import Guest, Network, Nic, twin_of

_GUEST_TAP = re.compile(r"vnet\d+")


class Plug(NamedTuple):
    """A guest and one of its NICs."""

    guest: Guest
    nic: Nic


def plug_of_tap(state: HostState, tap: str) -> Plug | None:
    """The running guest's NIC whose tap has this name."""
    key = state.topology.nic_by_tap.get(tap)
    return plug_of_nic(state, key) if key else None


def plug_of_nic(state: HostState, key: NicKey) -> Plug | None:
    """The guest and NIC behind a key; None when they are gone."""
    guest = state.guests.get(key.guest)
    if guest is None or key.position >= len(guest.nics):
        return None
    return Plug(guest, guest.nics[key.position])


def plugs_of_network(state: HostState, network: Network) -> Iterator[Plug]:
    """The NICs plugged into a network, in the order of their guests' names."""
    for key in state.topology.nics_by_network.get(network.uuid, ()):
        plug = plug_of_nic(state, key)
        if plug is not None:
            yield plug


class Use(NamedTuple):
    """A guest's NIC that uses a network; `coming` when only from the guest's next start on."""

    guest: Guest
    nic: Nic
    coming: bool = False


def uses_of_network(state: HostState, network: Network) -> Iterator[Use]:
    """Every NIC of every guest that uses a network or its bridge, whatever its type says.

    By name, straight into the bridge, or with a tap that somebody put in there.
    """
    for guest in sorted(state.guests.values(), key=lambda guest: natural_key(guest.name)):
        now = [nic for nic in guest.nics if _uses(state, guest, nic, network)]
        yield from (Use(guest, nic) for nic in now)
        for nic in guest.stored_nics or ():
            if twin_of(nic, now) is None and _refers(nic, network):
                yield Use(guest, nic, coming=True)


def _uses(state: HostState, guest: Guest, nic: Nic, network: Network) -> bool:
    if _refers(nic, network):
        return True
    tap = state.link_named(nic.device) if guest.is_active and nic.device else None
    bridge = state.link_named(network.bridge) if network.bridge else None
    return tap is not None and bridge is not None and tap.master == bridge.index


def _refers(nic: Nic, network: Network) -> bool:
    if network_name(nic):
        return network_name(nic) == network.name
    return nic.type == "bridge" and bool(network.bridge) and nic.source == network.bridge


def network_name(nic: Nic) -> str:
    """The network that a NIC's definition names, "" for none."""
    return nic.network or (nic.source if nic.type == "network" else "")


def referring_guests(state: HostState, network: Network) -> tuple[str, ...]:
    """The names of the guests whose definitions call a network by its name."""
    uses = uses_of_network(state, network)
    return tuple(dict.fromkeys(use.guest.name for use in uses if network_name(use.nic)))


def network_of_bridge(state: HostState, bridge: str) -> Network | None:
    """The libvirt network behind a bridge."""
    return state.networks.get(state.topology.network_by_bridge.get(bridge, ""))


def network_of_nic(state: HostState, nic: Nic) -> Network | None:
    """The libvirt network that a NIC is plugged into, by name or straight into its bridge."""
    name = network_name(nic)
    if name:
        return state.networks.get(state.topology.network_by_name.get(name, ""))
    return network_of_bridge(state, nic.source) if nic.type == "bridge" else None


def loose_taps(state: HostState) -> tuple[int, ...]:
    """Taps that belong in a bridge and are in none, in natural order.

    A running guest's tap whose NIC is plugged into a bridge or network, or a tap that is called
    as libvirt calls guests' taps.
    """
    links = state.topology.links
    loose = (link for link in links.values() if is_loose(state, link))
    return tuple(link.index for link in sorted(loose, key=lambda link: natural_key(link.name)))


def is_loose(state: HostState, tap: Link) -> bool:
    """Whether a tap belongs in a bridge and is in none."""
    if tap.master or tap.kind != "tun":
        return False
    plug = plug_of_tap(state, tap.name)
    if plug is None:
        return _GUEST_TAP.fullmatch(tap.name) is not None
    return is_unplugged(plug.nic, tap)


def is_unplugged(nic: Nic, tap: Link) -> bool:
    """Whether the tap of a running guest's NIC belongs in a bridge and is in none."""
    return not tap.master and tap.kind == "tun" and nic.type in {"bridge", "network"}


def link_names(state: HostState, indexes: Iterable[int]) -> tuple[str, ...]:
    """The names of the links that are still there."""
    return tuple(state.links[index].name for index in indexes if index in state.links)
