"""Networks, bridges, bonds, guests and links as JSON records, valued as virsh, ip and brctl do."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kvmnet_tui.model.bond_reports import bond_names, bond_of
from kvmnet_tui.model.bonds import Member
from kvmnet_tui.model.joins import natural_key
from kvmnet_tui.model.links import Link
from kvmnet_tui.model.state import HostState
from kvmnet_tui.model.timeline import TimelineEntry
from kvmnet_tui.model.virt import Guest, Lease, Network, Nic
from kvmnet_tui.present.management import management_of
from kvmnet_tui.present.nic_alerts import alerts_of
from kvmnet_tui.present.nic_detail import is_coming
from kvmnet_tui.present.nics import bridge_of
from kvmnet_tui.present.plugs import (
    bridge_of_bond,
    counters_of_nic,
    guest_of_mac,
    network_of_bridge,
    network_of_nic,
    plug_of_tap,
    plugs_of_network,
    ports_of,
)
from kvmnet_tui.present.units import iso_time

Record = dict[str, Any]


def network_records(state: HostState) -> list[Record]:
    """Every network, as `virsh net-list --all`, `net-info` and `net-dhcp-leases` have it."""
    networks = sorted(state.networks.values(), key=lambda network: natural_key(network.name))
    return [_network(state, network) for network in networks]


def bridge_records(state: HostState) -> list[Record]:
    """Every bridge, as `brctl show`, `ip -d link` and `bridge link` have it."""
    return [_bridge(state, link) for link in _links(state) if link.kind == "bridge"]


def bond_records(state: HostState) -> list[Record]:
    """Every bond, as /proc/net/bonding has it."""
    return [_bond(state, name) for name in bond_names(state)]


def guest_records(state: HostState) -> list[Record]:
    """Every guest, as `virsh list --all`, `domiflist`, `domifaddr` and `domifstat` have it."""
    guests = sorted(state.guests.values(), key=lambda guest: natural_key(guest.name))
    return [_guest(state, guest) for guest in guests]


def link_records(state: HostState) -> list[Record]:
    """Every link, as `ip -s link` and `ip address` have it."""
    return [_link(state, link) for link in _links(state)]


def nic_records(state: HostState) -> list[Record]:
    """Every guest's NICs, with what deserves attention."""
    guests = sorted(state.guests.values(), key=lambda guest: natural_key(guest.name))
    return [
        _guests_nic(state, guest, nic)
        for guest in guests
        for nic in (*guest.nics, *guest.coming_nics)
    ]


def _guests_nic(state: HostState, guest: Guest, nic: Nic) -> Record:
    counters = counters_of_nic(state, nic)
    network = network_of_nic(state, nic)
    return {
        "guest": guest.name,
        "guest_uuid": guest.uuid,
        "running": guest.is_active,
        **_nic(state, nic),
        "network": network.name if network else None,
        "bridge": bridge_of(state, nic) or None,
        "slot": nic.slot or None,
        "mtu": nic.mtu,
        "vlans": list(nic.vlans),
        "errors": counters.rx_errors + counters.tx_errors if counters else None,
        "drops": counters.rx_dropped + counters.tx_dropped if counters else None,
        "at_next_start_only": is_coming(guest, nic),
        "alerts": [alert.value for alert in alerts_of(state, guest, nic)],
    }


RECORDS: Mapping[str, Callable[[HostState], list[Record]]] = {
    "networks": network_records,
    "bridges": bridge_records,
    "bonds": bond_records,
    "guests": guest_records,
    "links": link_records,
}


def entry_record(entry: TimelineEntry) -> Record:
    """One happening, as `watch --json` prints it."""
    return {
        "time": iso_time(entry.at),
        "event": entry.kind.value,
        "origin": entry.origin.value,
        "subject": entry.subject,
        "other": entry.other or None,
        "before": entry.before or None,
        "after": entry.after or None,
        "count": entry.count,
    }


def _links(state: HostState) -> list[Link]:
    return sorted(state.links.values(), key=lambda link: natural_key(link.name))


def _network(state: HostState, network: Network) -> Record:
    guests = (plug.guest.name for plug in plugs_of_network(state, network))
    return {
        "name": network.name,
        "uuid": network.uuid,
        "active": network.active,
        "persistent": network.persistent,
        "autostart": network.autostart,
        "bridge": network.bridge or None,
        "forward_mode": network.forward_mode,
        "addresses": list(network.addresses),
        "dhcp_ranges": [{"start": one.start, "end": one.end} for one in network.dhcp_ranges],
        "leases": [_lease(state, lease) for lease in network.leases],
        "guests": list(dict.fromkeys(guests)),
    }


def _lease(state: HostState, lease: Lease) -> Record:
    guest = guest_of_mac(state, lease.mac)
    return {
        "mac": lease.mac,
        "address": f"{lease.address}/{lease.prefix}",
        "hostname": lease.hostname or None,
        "expires": iso_time(lease.expires, "seconds") if lease.expires else None,
        "guest": guest.name if guest else None,
    }


def _bridge(state: HostState, link: Link) -> Record:
    settings = link.bridge
    network = network_of_bridge(state, link.name)
    ports = (state.links[index] for index in ports_of(state, link.index) if index in state.links)
    return {
        "name": link.name,
        "bridge_id": settings.bridge_id if settings else None,
        "stp": settings.stp if settings else None,
        "mac": link.mac,
        "mtu": link.mtu,
        "vlan_filtering": settings.vlan_filtering if settings else None,
        "addresses": _cidrs(link),
        "network": network.name if network else None,
        "ports": [_port(state, port) for port in ports],
    }


def _port(state: HostState, port: Link) -> Record:
    plug = plug_of_tap(state, port.name)
    known = state.address_book.addresses_of(plug.nic.mac) if plug else ()
    counters = state.counters.get(port.index)
    return {
        "name": port.name,
        "kind": port.kind,
        "state": port.port.state if port.port else None,
        "mac": port.mac,
        "guest": plug.guest.name if plug else None,
        "guest_mac": plug.nic.mac if plug else None,
        "guest_addresses": [one.address for one in known],
        "rx_bytes": counters.rx_bytes if counters else None,
        "tx_bytes": counters.tx_bytes if counters else None,
        "rx_errors": counters.rx_errors if counters else None,
        "rx_dropped": counters.rx_dropped if counters else None,
    }


def _bond(state: HostState, name: str) -> Record:
    bond = bond_of(state, name)
    return {
        "name": name,
        "mode": bond.mode if bond else None,
        "mii_status": bond.mii_status if bond else None,
        "active_member": (bond.active_member or None) if bond else None,
        "primary": (bond.primary or None) if bond else None,
        "miimon_ms": bond.miimon_ms if bond else None,
        "bridge": bridge_of_bond(state, name) or None,
        "members": [_member(member) for member in (bond.members if bond else ())],
    }


def _member(member: Member) -> Record:
    return {
        "name": member.name,
        "mii_status": member.mii_status,
        "speed_mbps": member.speed_mbps,
        "duplex": member.duplex,
        "link_failures": member.link_failures,
        "permanent_mac": member.permanent_mac or None,
    }


def _guest(state: HostState, guest: Guest) -> Record:
    return {
        "name": guest.name,
        "uuid": guest.uuid,
        "state": guest.state,
        "nics": [_nic(state, nic) for nic in guest.nics],
    }


def _nic(state: HostState, nic: Nic) -> Record:
    counters = counters_of_nic(state, nic)
    known = state.address_book.addresses_of(nic.mac)
    return {
        "device": nic.device or None,
        "type": nic.type,
        "source": nic.source or None,
        "model": nic.model or None,
        "mac": nic.mac,
        "link": nic.link,
        "addresses": [{"address": one.address, "source": one.source} for one in known],
        "rx_bytes": counters.rx_bytes if counters else None,
        "tx_bytes": counters.tx_bytes if counters else None,
    }


def _link(state: HostState, link: Link) -> Record:
    master = state.links.get(link.master)
    counters = state.counters.get(link.index)
    return {
        "name": link.name,
        "kind": link.kind,
        "state": link.operstate.upper(),
        "mtu": link.mtu,
        "mac": link.mac or None,
        "addresses": _cidrs(link),
        "master": master.name if master else None,
        "managed_by": management_of(state, link).name,
        "rx_bytes": counters.rx_bytes if counters else None,
        "tx_bytes": counters.tx_bytes if counters else None,
    }


def _cidrs(link: Link) -> list[str]:
    return [address.cidr for address in link.addresses]


def named(records: Iterable[Record], name: str) -> list[Record]:
    """The records with this name or UUID."""
    return [record for record in records if name in (record["name"], record.get("uuid"))]
