"""Reads libvirt's networks and their leases."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import libvirt

from kvmnet_tui.model.virt import Lease, Network
from kvmnet_tui.netxml import NetworkXml, XmlProblem, parse_network
from kvmnet_tui.sources.virt.readings import Found, Readings, document_of


class NetworkFlags(NamedTuple):
    """What `virsh net-list` shows beside the name."""

    active: bool
    persistent: bool
    autostart: bool


class Networks(Readings[Network, NetworkFlags]):
    """The networks of one connection; `folder` is where libvirt keeps their files, if here."""

    def __init__(self, folder: Path | None) -> None:
        super().__init__()
        self._folder = folder
        self._single_document = False  # the test driver keeps none beside the live one
        self._dhcp: set[str] = set()

    def survey(self, virt: Any) -> dict[str, Found[NetworkFlags]]:
        """Four lists, one of all and one for each flag."""
        everything = {each.UUIDString(): each for each in virt.listAllNetworks(0)}

        def listed(wanted: int) -> set[str]:
            return {each.UUIDString() for each in virt.listAllNetworks(wanted)}

        active = listed(libvirt.VIR_CONNECT_LIST_NETWORKS_ACTIVE)
        persistent = listed(libvirt.VIR_CONNECT_LIST_NETWORKS_PERSISTENT)
        autostart = listed(libvirt.VIR_CONNECT_LIST_NETWORKS_AUTOSTART)
        return {
            uuid: Found(handle, NetworkFlags(uuid in active, uuid in persistent, uuid in autostart))
            for uuid, handle in everything.items()
        }

    def find(self, virt: Any, uuid: str) -> Found[NetworkFlags]:
        """One network by its UUID."""
        handle = virt.networkLookupByUUIDString(uuid)
        persistent = bool(handle.isPersistent())
        # Only what is stored can be started with the host; libvirt answers others with an error.
        autostart = persistent and bool(handle.autostart())
        return Found(handle, NetworkFlags(bool(handle.isActive()), persistent, autostart))

    def record(self, virt: Any, found: Found[NetworkFlags], old: Network | None) -> Network:
        """The network with both its documents; leases stay as they were last read."""
        handle, flags = found
        name, uuid = handle.name(), handle.UUIDString()
        xml = document_of(virt, handle)
        stored = self._stored(virt, handle, xml, flags)
        document = _parsed(xml)
        (self._dhcp.add if document.serves_dhcp else self._dhcp.discard)(uuid)
        file = self._folder / f"{name}.xml" if self._folder and flags.persistent else ""
        return Network(
            uuid=uuid,
            name=name,
            **flags._asdict(),
            bridge=document.bridge,
            forward_mode=document.forward_mode,
            forward_devices=document.forward_devices,
            addresses=document.addresses,
            dhcp_ranges=document.dhcp_ranges,
            domain=document.domain,
            leases=old.leases if old and flags.active else (),
            xml=xml,
            persistent_xml=stored,
            file=str(file),
        )

    def flags_of(self, record: Network) -> NetworkFlags:
        """The flags a record was made with."""
        return NetworkFlags(record.active, record.persistent, record.autostart)

    def read_leases(self, virt: Any) -> tuple[dict[str, tuple[Lease, ...]], int]:
        """Read the leases of all networks that hand any out.

        Those that changed, by UUID, and when the first of all runs out (0 for never).
        """
        changed = {}
        for uuid, network in self.known.items():
            leases = self._leases(virt, network)
            if leases != network.leases:
                changed[uuid] = leases
        for uuid, leases in changed.items():
            self.known[uuid] = replace(self.known[uuid], leases=leases)
        expiries = [lease.expires for each in self.known.values() for lease in each.leases]
        return changed, min(filter(None, expiries), default=0)

    def _leases(self, virt: Any, network: Network) -> tuple[Lease, ...]:
        if not network.active or network.uuid not in self._dhcp:
            return ()
        try:
            found = virt.networkLookupByUUIDString(network.uuid).DHCPLeases()
        except libvirt.libvirtError:
            if not virt.isAlive():
                raise
            return ()  # just stopped, or a driver that knows no leases
        return tuple(sorted(map(_lease, found), key=lambda lease: (lease.expires, lease.address)))

    def _stored(self, virt: Any, handle: Any, live: str, flags: NetworkFlags) -> str:
        if not flags.persistent:
            return ""
        if not flags.active or self._single_document:
            return live
        try:
            return str(handle.XMLDesc(libvirt.VIR_NETWORK_XML_INACTIVE))
        except libvirt.libvirtError as error:
            if error.get_error_code() != libvirt.VIR_ERR_INVALID_ARG:
                return document_of(virt, handle)
            self._single_document = True
            return live


def _parsed(xml: str) -> NetworkXml:
    try:
        return parse_network(xml)
    except XmlProblem:
        return NetworkXml(forward_mode="")  # shown by name, flags and XML alone


def _lease(found: Mapping[str, Any]) -> Lease:
    """A lease from virNetworkDHCPLease; leases by DUID and such have no MAC or no name."""
    return Lease(
        mac=found["mac"] or "",
        address=found["ipaddr"] or "",
        prefix=found["prefix"],
        hostname=found["hostname"] or "",
        expires=found["expirytime"],
        client_id=found["clientid"] or "",
    )
