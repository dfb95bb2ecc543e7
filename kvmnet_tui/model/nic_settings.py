"""What a guest's NIC is set to (libvirt.org/formatdomain.html#network-interfaces)."""

from dataclasses import dataclass, fields
from enum import StrEnum


class SourceKind(StrEnum):
    """What a NIC may be plugged into; OTHER stands for kinds that are kept, and not made here."""

    NETWORK = "network"
    BRIDGE = "bridge"
    DIRECT = "direct"
    HOSTDEV = "hostdev"
    OVS = "ovs"
    USER = "user"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class NicSource:
    """`name` is the network, bridge, host link or PCI address (as lspci writes it).

    `mode` is a macvtap's: bridge, vepa, private or passthrough.
    """

    kind: SourceKind
    name: str = ""
    portgroup: str = ""
    mode: str = ""


@dataclass(frozen=True, slots=True)
class Bandwidth:
    """One direction's limit: `average` and `peak` in KiB/s, `burst` in KiB; 0 for not set."""

    average: int
    peak: int = 0
    burst: int = 0


@dataclass(frozen=True, slots=True)
class NicSettings:
    """All that can be asked for. `inbound` is towards the guest, None for no limit.

    `vlans` are the tags: one is an access VLAN, several make a trunk. None and "" leave it to
    libvirt.
    """

    source: NicSource
    mac: str = ""
    model: str = ""
    link: str = "up"
    mtu: int | None = None
    queues: int | None = None
    boot_order: int | None = None
    vlans: tuple[int, ...] = ()
    isolated: bool = False
    inbound: Bandwidth | None = None
    outbound: Bandwidth | None = None
    filter: str = ""
    trusts_guest: bool = False


# What libvirt changes under a running guest; everything else comes at the guest's next start.
LIVE_SETTINGS = frozenset({"source", "link", "vlans", "isolated", "inbound", "outbound", "filter"})
SETTINGS = tuple(field.name for field in fields(NicSettings))


def differences(old: NicSettings, new: NicSettings) -> tuple[str, ...]:
    """The names of the settings that differ."""
    return tuple(name for name in SETTINGS if getattr(old, name) != getattr(new, name))
