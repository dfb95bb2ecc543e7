"""What a user wants of the host's own networking, as data."""

from dataclasses import dataclass, field
from enum import StrEnum


class AddressMode(StrEnum):
    """Where the new device's address comes from."""

    INHERIT = "inherit"  # the uplink's addresses and routes, as they are
    DHCP = "dhcp"
    STATIC = "static"
    NONE = "none"


class BackendName(StrEnum):
    """Who keeps the configuration over a reboot. RUNTIME: nobody does."""

    AUTO = "auto"
    NM = "nm"
    IFCFG = "ifcfg"
    IFUPDOWN = "ifupdown"
    RUNTIME = "runtime"


@dataclass(frozen=True, slots=True)
class Addressing:
    """`addresses` with prefix, `gateways`, `dns`: for STATIC only. Without `ipv6` it is off."""

    mode: AddressMode = AddressMode.INHERIT
    addresses: tuple[str, ...] = ()
    gateways: tuple[str, ...] = ()
    dns: tuple[str, ...] = ()
    ipv6: bool = True


@dataclass(frozen=True, slots=True)
class BridgeSpec:
    """A bridge. `delay` in seconds; `mac` "" and `mtu` 0 for the uplink's own."""

    name: str
    stp: bool = False
    delay: int = 0
    mac: str = ""
    mtu: int = 0
    vlan_filtering: bool = False


@dataclass(frozen=True, slots=True)
class BondSpec:
    """A bond. Times in ms; `options` are further ones of the driver: lacp_rate and so on.

    `mac` "" is the MAC of the member whose address it takes over.
    """

    name: str
    members: tuple[str, ...]
    mode: str = "active-backup"
    miimon: int = 100
    updelay: int = 0
    downdelay: int = 0
    primary: str = ""
    options: tuple[tuple[str, str], ...] = ()
    mac: str = ""
    mtu: int = 0


@dataclass(frozen=True, slots=True)
class CreateBridge:
    """A bridge on an uplink, which gives it its address."""

    bridge: BridgeSpec
    uplink: str
    addressing: Addressing = field(default_factory=Addressing)
    backend: BackendName = BackendName.AUTO


@dataclass(frozen=True, slots=True)
class CreateBond:
    """A bond of members; with `vlan` a VLAN link on it; with `bridge` a bridge on top of all.

    The topmost device gets the address.
    """

    bond: BondSpec
    vlan: int | None = None
    bridge: BridgeSpec | None = None
    addressing: Addressing = field(default_factory=Addressing)
    backend: BackendName = BackendName.AUTO


@dataclass(frozen=True, slots=True)
class AddPort:
    """One more port of a bridge."""

    bridge: str
    port: str
    backend: BackendName = BackendName.AUTO


@dataclass(frozen=True, slots=True)
class RemovePort:
    """One port less."""

    bridge: str
    port: str
    backend: BackendName = BackendName.AUTO


@dataclass(frozen=True, slots=True)
class AddMember:
    """One more member of a bond."""

    bond: str
    member: str
    backend: BackendName = BackendName.AUTO


@dataclass(frozen=True, slots=True)
class RemoveMember:
    """One member less."""

    bond: str
    member: str
    backend: BackendName = BackendName.AUTO


@dataclass(frozen=True, slots=True)
class DeleteBridge:
    """No bridge any more: its address goes to `heir`, one of its ports ("" for the uplink)."""

    bridge: str
    heir: str = ""
    backend: BackendName = BackendName.AUTO


@dataclass(frozen=True, slots=True)
class DeleteBond:
    """No bond any more: its address, or its place in a bridge, goes to `heir`, a member."""

    bond: str
    heir: str = ""
    backend: BackendName = BackendName.AUTO


Wish = (
    CreateBridge
    | CreateBond
    | AddPort
    | RemovePort
    | AddMember
    | RemoveMember
    | DeleteBridge
    | DeleteBond
)


def vlan_name(bond: str, vlan: int) -> str:
    """The VLAN link on a bond: the name that every distribution's tools give it."""
    return f"{bond}.{vlan}"


def top_device(wish: CreateBridge | CreateBond) -> str:
    """The device that gets the address."""
    if isinstance(wish, CreateBridge):
        return wish.bridge.name
    if wish.bridge is not None:
        return wish.bridge.name
    return wish.bond.name if wish.vlan is None else vlan_name(wish.bond.name, wish.vlan)


def new_devices(wish: Wish) -> tuple[str, ...]:
    """The links that the wish brings into being, lowest first."""
    if isinstance(wish, CreateBridge):
        return (wish.bridge.name,)
    if not isinstance(wish, CreateBond):
        return ()
    vlan = () if wish.vlan is None else (vlan_name(wish.bond.name, wish.vlan),)
    bridge = () if wish.bridge is None else (wish.bridge.name,)
    return (wish.bond.name, *vlan, *bridge)
