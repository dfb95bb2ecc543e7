"""What libvirt knows: networks with their leases, guests with their NICs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class DhcpRange:
    """The first and last address that the network's DHCP server hands out."""

    start: str
    end: str


@dataclass(frozen=True, slots=True)
class Lease:
    """One DHCP lease (virNetworkGetDHCPLeases); `expires` in seconds since the epoch, 0 never.

    `client_id` is what the client calls itself: of IPv6 its DUID.
    """

    mac: str
    address: str
    prefix: int
    hostname: str = ""
    expires: int = 0
    client_id: str = ""


@dataclass(frozen=True, slots=True)
class Network:
    """A libvirt virtual network.

    `forward_mode` is libvirt's word, or `isolated` where there is no <forward>. `addresses` are
    the bridge's own, with prefix. `xml` is the live document, `persistent_xml` the stored one
    ("" for a transient network), `file` where libvirt stores it ("" when not known).
    """

    uuid: str
    name: str
    active: bool
    persistent: bool
    autostart: bool
    bridge: str = ""
    forward_mode: str = "isolated"
    forward_devices: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    dhcp_ranges: tuple[DhcpRange, ...] = ()
    domain: str = ""
    leases: tuple[Lease, ...] = ()
    xml: str = ""
    persistent_xml: str = ""
    file: str = ""

    def stranger_with(self, address: str, mac: str) -> str:
        """The MAC that has the address leased now, "" when that is `mac` or nobody."""
        holders = (lease.mac.lower() for lease in self.leases if lease.address == address)
        return next((one for one in holders if one and one != mac.lower()), "")


@dataclass(frozen=True, slots=True)
class Nic:
    """A guest's NIC, one <interface>.

    `type` is libvirt's (network, bridge, direct, hostdev, ethernet, user...); `source` the network,
    bridge, uplink or PCI address it is plugged into, as `virsh domiflist` says; `device` the tap's
    name, "" while there is none; `link` is up or down, as set with `virsh domif-setlink`; `mode`
    is a macvtap's (bridge, vepa, private, passthrough). `network` is the libvirt network behind a
    NIC, also where a running guest's type says what that network resolved to (bridge, direct...).
    `slot` is where the guest's system finds it, such as 0000:00:03.0 on PCI, "" when not yet known.
    """

    mac: str
    type: str
    source: str = ""
    model: str = ""
    device: str = ""
    link: str = "up"
    portgroup: str = ""
    alias: str = ""
    mtu: int | None = None
    vlans: tuple[int, ...] = ()
    xml: str = ""
    mode: str = ""
    network: str = ""
    slot: str = ""


@dataclass(frozen=True, slots=True)
class Guest:
    """A libvirt domain. `state` is virsh's word (running, paused, `shut off`...).

    `nics` are the live ones while it runs, else the stored ones. `stored_nics` are those that a
    running guest will have at its next start; None where there is nothing beside `nics`.
    `agent_addresses` are what the guest's own agent reports: MAC to addresses with prefix.
    """

    uuid: str
    name: str
    state: str
    id: int | None = None
    persistent: bool = True
    autostart: bool = False
    agent_connected: bool = False
    nics: tuple[Nic, ...] = ()
    stored_nics: tuple[Nic, ...] | None = None
    agent_addresses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def is_active(self) -> bool:
        """Whether the guest has taps on the host now."""
        return self.id is not None

    @property
    def next_nics(self) -> tuple[Nic, ...]:
        """The NICs of the guest's next start."""
        return self.nics if self.stored_nics is None else self.stored_nics

    @property
    def coming_nics(self) -> tuple[Nic, ...]:
        """Those that a running guest will only have at its next start."""
        if self.stored_nics is None or self.stored_nics == self.nics:
            return ()
        return tuple(one for one in self.stored_nics if twin_of(one, self.nics) is None)


def twin_of(nic: Nic, others: Iterable[Nic]) -> Nic | None:
    """The same NIC in another of the guest's documents: by its MAC, else by its slot."""
    others = tuple(others)
    same_mac = (one for one in others if one.mac.lower() == nic.mac.lower())
    same_slot = (one for one in others if nic.slot and one.slot == nic.slot)
    return next(same_mac, None) or next(same_slot, None)
