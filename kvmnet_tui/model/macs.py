"""MAC addresses for guests' NICs: proposed from QEMU's range, and who else has one already."""

import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from kvmnet_tui.model.links import ForwardingEntry
from kvmnet_tui.model.state import HostState
from kvmnet_tui.model.virt import Guest, Nic

QEMU_PREFIX = "52:54:00"
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
_TRIES = 1000


class MacHolder(StrEnum):
    """Who has a MAC already."""

    GUEST = "guest"
    NEXT_START = "next-start"
    LINK = "link"
    LEASE = "lease"
    FORWARDING = "forwarding"
    NEIGHBOUR = "neighbour"


@dataclass(frozen=True, slots=True)
class MacConflict:
    """`name` is the guest, link, network or bridge; `other` the address or the port."""

    holder: MacHolder
    name: str
    other: str = ""


class MacFault(StrEnum):
    """Why a text is no MAC that a NIC can have."""

    MALFORMED = "malformed"
    MULTICAST = "multicast"
    ZERO = "zero"


def normal_mac(text: str) -> str:
    """Lower case, colons between; what is no MAC comes back as it was."""
    digits = re.sub(r"[\s:.-]", "", text).lower()
    if re.fullmatch(r"[0-9a-f]{12}", digits):
        return ":".join(digits[at : at + 2] for at in range(0, 12, 2))
    return text.strip().lower()


def mac_fault(mac: str) -> MacFault | None:
    """What is wrong with the MAC itself."""
    if not _MAC.fullmatch(mac):
        return MacFault.MALFORMED
    if int(mac[:2], 16) & 1:
        return MacFault.MULTICAST
    return MacFault.ZERO if mac == "00:00:00:00:00:00" else None


def propose_mac(
    state: HostState, random_bytes: Callable[[int], bytes] = secrets.token_bytes
) -> str:
    """A MAC of QEMU's range that nobody on this host has."""
    taken = {mac for mac, _ in _holders(state)}
    for _ in range(_TRIES):
        mac = f"{QEMU_PREFIX}:{random_bytes(3).hex(':')}"
        if mac not in taken:
            break
    return mac


def mac_conflict(
    state: HostState,
    mac: str,
    forwarding: Iterable[ForwardingEntry] = (),
) -> MacConflict | None:
    """Who has the MAC already, the surest first; `forwarding` adds to what the picture shows."""
    mac = mac.lower()
    holders = (conflict for taken, conflict in _holders(state) if taken == mac)
    extra = (_forwarding(state, entry) for entry in forwarding if entry.mac == mac)
    return next(holders, None) or next(extra, None)


def _holders(state: HostState) -> Iterator[tuple[str, MacConflict]]:
    for guest in state.guests.values():
        yield from _of_guest(guest)
    for link in state.links.values():
        for mac in (link.mac, link.permanent_mac):
            yield mac, MacConflict(MacHolder.LINK, link.name)
    for network in state.networks.values():
        for lease in network.leases:
            conflict = MacConflict(MacHolder.LEASE, network.name, lease.address)
            yield lease.mac.lower(), conflict
    for entries in state.forwarding.values():
        for entry in entries:
            yield entry.mac, _forwarding(state, entry)
    for neighbour in state.neighbours.values():
        yield neighbour.mac, MacConflict(MacHolder.NEIGHBOUR, neighbour.ip)


def _of_guest(guest: Guest) -> Iterator[tuple[str, MacConflict]]:
    def told(nics: Iterable[Nic], holder: MacHolder) -> Iterator[tuple[str, MacConflict]]:
        for nic in nics:
            yield nic.mac.lower(), MacConflict(holder, guest.name, nic.device)

    yield from told(guest.nics, MacHolder.GUEST)
    yield from told(guest.stored_nics or (), MacHolder.NEXT_START)


def _forwarding(state: HostState, entry: ForwardingEntry) -> MacConflict:
    bridge, port = (state.links.get(at) for at in (entry.bridge_index, entry.port_index))
    return MacConflict(
        MacHolder.FORWARDING, bridge.name if bridge else "", port.name if port else ""
    )
