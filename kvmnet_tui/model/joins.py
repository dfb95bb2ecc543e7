"""Look-ups that join what different sources said: who owns a tap, which addresses a NIC has.

Both classes are built lazily, once per change of what they join, and hold keys (indexes, names,
UUIDs), never the records themselves, so that they stay true while counters and states change.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from kvmnet_tui.model.links import Link, Neighbour
from kvmnet_tui.model.virt import Guest, Network, Nic

_DIGITS = re.compile(r"(\d+)")


def natural_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """Sort key under which vnet2 comes before vnet10."""
    return tuple(
        (1, int(part), "") if part.isdecimal() else (0, 0, part) for part in _DIGITS.split(name)
    )


class NicKey(NamedTuple):
    """Where a NIC is found: the guest's UUID and the position in `Guest.nics`."""

    guest: str
    position: int


class SourcedAddress(NamedTuple):
    """An address (with prefix where the source knows it) and who says so: lease, agent or arp."""

    address: str
    source: str


@dataclass(frozen=True)
class Topology:
    """Who is plugged into what."""

    links: Mapping[int, Link]
    guests: Mapping[str, Guest]
    networks: Mapping[str, Network]

    @classmethod
    def empty(cls) -> "Topology":
        """The topology of a host of which nothing is known."""
        return cls({}, {}, {})

    @cached_property
    def index_by_name(self) -> Mapping[str, int]:
        """Link name (and alternative names) to link index."""
        table = {alt: link.index for link in self.links.values() for alt in link.altnames}
        table.update((link.name, link.index) for link in self.links.values())
        return table

    @cached_property
    def slaves(self) -> Mapping[int, tuple[int, ...]]:
        """Index of a bridge or bond to the indexes of its ports or members, in natural order."""
        return self._grouped((link.master, link) for link in self.links.values() if link.master)

    @cached_property
    def uppers(self) -> Mapping[int, tuple[int, ...]]:
        """Index of a link to the indexes of the VLAN, macvlan... links that stand on it.

        A veth's `lower` is its peer, on which it does not stand.
        """
        return self._grouped(
            (link.lower, link)
            for link in self.links.values()
            if link.lower not in (0, link.index)
            and not link.lower_elsewhere
            and link.kind != "veth"
        )

    @cached_property
    def nic_by_tap(self) -> Mapping[str, NicKey]:
        """Tap name to the NIC of the running guest that owns it."""
        return {
            nic.device: NicKey(guest.uuid, position)
            for guest in self.guests.values()
            if guest.is_active
            for position, nic in enumerate(guest.nics)
            if nic.device
        }

    @cached_property
    def network_by_bridge(self) -> Mapping[str, str]:
        """Bridge name to the UUID of the libvirt network that made it or uses it, active first."""
        ordered = sorted(self.networks.values(), key=lambda network: network.active)
        return {network.bridge: network.uuid for network in ordered if network.bridge}

    @cached_property
    def network_by_name(self) -> Mapping[str, str]:
        """Network name to UUID."""
        return {network.name: network.uuid for network in self.networks.values()}

    @cached_property
    def nics_by_network(self) -> Mapping[str, tuple[NicKey, ...]]:
        """Network UUID to the NICs plugged into it, by name or straight into its bridge."""
        plugged: defaultdict[str, list[NicKey]] = defaultdict(list)
        for guest in sorted(self.guests.values(), key=lambda guest: natural_key(guest.name)):
            for position, nic in enumerate(guest.nics):
                uuid = self._network_of(nic)
                if uuid is not None:
                    plugged[uuid].append(NicKey(guest.uuid, position))
        return {uuid: tuple(keys) for uuid, keys in plugged.items()}

    def _network_of(self, nic: Nic) -> str | None:
        if nic.network or nic.type == "network":
            return self.network_by_name.get(nic.network or nic.source)
        if nic.type == "bridge":
            return self.network_by_bridge.get(nic.source)
        return None

    @staticmethod
    def _grouped(pairs: Iterable[tuple[int, Link]]) -> Mapping[int, tuple[int, ...]]:
        groups: defaultdict[int, list[Link]] = defaultdict(list)
        for parent, link in pairs:
            groups[parent].append(link)
        return {
            parent: tuple(
                link.index for link in sorted(group, key=lambda link: natural_key(link.name))
            )
            for parent, group in groups.items()
        }


@dataclass(frozen=True)
class AddressBook:
    """Which addresses belong to a MAC, by leases, guests' agents and the host's ARP/NDP table."""

    networks: Mapping[str, Network]
    guests: Mapping[str, Guest]
    neighbours: Mapping[tuple[int, str], Neighbour]

    @classmethod
    def empty(cls) -> "AddressBook":
        """The book of a host of which nothing is known."""
        return cls({}, {}, {})

    @cached_property
    def by_mac(self) -> Mapping[str, tuple[SourcedAddress, ...]]:
        """MAC (lower case) to its addresses; one address said twice keeps its best source."""
        book: defaultdict[str, dict[str, SourcedAddress]] = defaultdict(dict)
        for mac, address, source in self._sayings():
            book[mac.lower()].setdefault(address.partition("/")[0], SourcedAddress(address, source))
        return {mac: tuple(found.values()) for mac, found in book.items()}

    @cached_property
    def guest_by_mac(self) -> Mapping[str, str]:
        """NIC MAC (lower case) to the UUID of its guest."""
        return {nic.mac.lower(): guest.uuid for guest in self.guests.values() for nic in guest.nics}

    @cached_property
    def nics_by_mac(self) -> Mapping[str, tuple[NicKey, ...]]:
        """MAC (lower case) to every NIC that has it; more than one is a mistake."""
        table: defaultdict[str, list[NicKey]] = defaultdict(list)
        for guest in self.guests.values():
            for position, nic in enumerate(guest.nics):
                table[nic.mac.lower()].append(NicKey(guest.uuid, position))
        return {mac: tuple(keys) for mac, keys in table.items()}

    def addresses_of(self, mac: str) -> tuple[SourcedAddress, ...]:
        """The addresses of the NIC with this MAC, the surest source first."""
        return self.by_mac.get(mac.lower(), ())

    def _sayings(self) -> Iterable[tuple[str, str, str]]:
        for network in self.networks.values():
            for lease in network.leases:
                yield lease.mac, f"{lease.address}/{lease.prefix}", "lease"
        for guest in self.guests.values():
            for mac, addresses in guest.agent_addresses.items():
                for address in addresses:
                    yield mac, address, "agent"
        for neighbour in self.neighbours.values():
            if neighbour.mac and neighbour.state not in {"failed", "incomplete", "noarp"}:
                yield neighbour.mac, neighbour.ip, "arp"
