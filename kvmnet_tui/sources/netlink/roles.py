"""Decodes IFLA_LINKINFO: a link's kind and its settings as bridge, port, bond, member, VLAN."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from kvmnet_tui.model.links import (
    BondSettings,
    BridgeSettings,
    Link,
    MemberSettings,
    PortSettings,
    PortVlan,
)
from kvmnet_tui.sources.netlink import constants as c
from kvmnet_tui.sources.netlink.wire import PLACE, RAW, U16, MalformedError, Table, attributes, text

USER_HZ: Final = 100.0  # ticks a second in what the kernel tells user space

Data = bytes | bytearray

_LINKINFO = Table(
    {
        c.IFLA_INFO_KIND: RAW,
        c.IFLA_INFO_DATA: PLACE,
        c.IFLA_INFO_SLAVE_KIND: RAW,
        c.IFLA_INFO_SLAVE_DATA: PLACE,
    }
)
_BRIDGE = Table(
    {
        c.IFLA_BR_FORWARD_DELAY: "I",
        c.IFLA_BR_HELLO_TIME: "I",
        c.IFLA_BR_MAX_AGE: "I",
        c.IFLA_BR_AGEING_TIME: "I",
        c.IFLA_BR_STP_STATE: "I",
        c.IFLA_BR_VLAN_FILTERING: "B",
        c.IFLA_BR_ROOT_ID: "8s",
        c.IFLA_BR_BRIDGE_ID: "8s",
        c.IFLA_BR_ROOT_PORT: "H",
        c.IFLA_BR_ROOT_PATH_COST: "I",
        c.IFLA_BR_TOPOLOGY_CHANGE: "B",
        c.IFLA_BR_MCAST_SNOOPING: "B",
        c.IFLA_BR_VLAN_DEFAULT_PVID: "H",
    }
)
_PORT = Table(
    {
        c.IFLA_BRPORT_STATE: "B",
        c.IFLA_BRPORT_PRIORITY: "H",
        c.IFLA_BRPORT_COST: "I",
        c.IFLA_BRPORT_MODE: "B",
        c.IFLA_BRPORT_GUARD: "B",
        c.IFLA_BRPORT_LEARNING: "B",
        c.IFLA_BRPORT_UNICAST_FLOOD: "B",
        c.IFLA_BRPORT_NO: "H",
        c.IFLA_BRPORT_ISOLATED: "B",
    }
)
_BOND = Table(
    {
        c.IFLA_BOND_MODE: "B",
        c.IFLA_BOND_ACTIVE_SLAVE: "I",
        c.IFLA_BOND_MIIMON: "I",
        c.IFLA_BOND_ARP_INTERVAL: "I",
        c.IFLA_BOND_PRIMARY: "I",
    }
)
_MEMBER = Table(
    {
        c.IFLA_BOND_SLAVE_STATE: "B",
        c.IFLA_BOND_SLAVE_MII_STATUS: "B",
        c.IFLA_BOND_SLAVE_LINK_FAILURE_COUNT: "I",
        c.IFLA_BOND_SLAVE_PERM_HWADDR: RAW,
        c.IFLA_BOND_SLAVE_QUEUE_ID: "H",
        c.IFLA_BOND_SLAVE_AD_AGGREGATOR_ID: "H",
    }
)
_VLAN = Table({c.IFLA_VLAN_ID: "H"})
_PORT_MESSAGE = Table({c.IFLA_MASTER: "I", c.IFLA_PROTINFO: PLACE, c.IFLA_AF_SPEC: PLACE})

_PORT_STATES = ("disabled", "listening", "learning", "forwarding", "blocking")
_BOND_MODES = (
    "balance-rr",
    "active-backup",
    "balance-xor",
    "broadcast",
    "802.3ad",
    "balance-tlb",
    "balance-alb",
)
_MEMBER_STATES = ("active", "backup")
_MII_STATES = ("up", "going down", "down", "going back")
_kinds: dict[bytes, str] = {}


def word(words: tuple[str, ...], number: int) -> str:
    """The kernel's word for a number, the number itself where a newer kernel has more words."""
    return words[number] if number < len(words) else str(number)


def _kind(raw: bytes) -> str:
    """The kind's name, one object for all links of the kind."""
    name = _kinds.get(raw)
    if name is None:
        name = text(raw)
        if len(_kinds) < 256:
            _kinds[raw] = name
    return name


def mac(raw: bytes) -> str:
    """`52:54:00:79:e3:41`."""
    return raw.hex(":")


Parts = tuple[
    BridgeSettings | None,
    PortSettings | None,
    BondSettings | None,
    MemberSettings | None,
    int | None,
]
NO_PARTS: Parts = (None, None, None, None, None)


def decode_info(data: Data, start: int, end: int) -> tuple[str, Parts]:
    """IFLA_LINKINFO: the kind, and what it and the master's kind say."""
    found = _LINKINFO.read(data, start, end)
    kind = _kind(found.get(c.IFLA_INFO_KIND, b""))
    own: Any = None
    if kind in _KIND_DATA and (place := found.get(c.IFLA_INFO_DATA)):
        own = _KIND_DATA[kind](data, start + place[0], start + place[1])
    slave_kind = _kind(found.get(c.IFLA_INFO_SLAVE_KIND, b""))
    role: Any = None
    if slave_kind in _SLAVE_DATA and (place := found.get(c.IFLA_INFO_SLAVE_DATA)):
        role = _SLAVE_DATA[slave_kind](data, start + place[0], start + place[1])
    return kind, (
        own if kind == "bridge" else None,
        role if slave_kind == "bridge" else None,
        own if kind == "bond" else None,
        role if slave_kind == "bond" else None,
        own if kind == "vlan" else None,
    )


def _bridge_id(raw: bytes) -> str:
    digits = raw.hex()
    return f"{digits[:4]}.{digits[4:]}" if digits else ""


def _bridge(data: Data, start: int, end: int) -> BridgeSettings:
    found = _BRIDGE.read(data, start, end)
    return BridgeSettings(
        bridge_id=_bridge_id(found.get(c.IFLA_BR_BRIDGE_ID, b"")),
        root_id=_bridge_id(found.get(c.IFLA_BR_ROOT_ID, b"")),
        root_port=found.get(c.IFLA_BR_ROOT_PORT, 0),
        root_path_cost=found.get(c.IFLA_BR_ROOT_PATH_COST, 0),
        stp=bool(found.get(c.IFLA_BR_STP_STATE)),
        forward_delay=found.get(c.IFLA_BR_FORWARD_DELAY, 0) / USER_HZ,
        hello_time=found.get(c.IFLA_BR_HELLO_TIME, 0) / USER_HZ,
        max_age=found.get(c.IFLA_BR_MAX_AGE, 0) / USER_HZ,
        ageing_time=found.get(c.IFLA_BR_AGEING_TIME, 0) / USER_HZ,
        vlan_filtering=bool(found.get(c.IFLA_BR_VLAN_FILTERING)),
        vlan_default_pvid=found.get(c.IFLA_BR_VLAN_DEFAULT_PVID, 0),
        multicast_snooping=bool(found.get(c.IFLA_BR_MCAST_SNOOPING)),
        topology_change=bool(found.get(c.IFLA_BR_TOPOLOGY_CHANGE)),
    )


def _port(data: Data, start: int, end: int, vlans: tuple[PortVlan, ...] = ()) -> PortSettings:
    found = _PORT.read(data, start, end)
    return PortSettings(
        word(_PORT_STATES, found.get(c.IFLA_BRPORT_STATE, 0)),
        found.get(c.IFLA_BRPORT_COST, 0),
        found.get(c.IFLA_BRPORT_PRIORITY, 0),
        found.get(c.IFLA_BRPORT_NO, 0),
        found.get(c.IFLA_BRPORT_MODE, 0) != 0,
        found.get(c.IFLA_BRPORT_GUARD, 0) != 0,
        found.get(c.IFLA_BRPORT_LEARNING, 1) != 0,
        found.get(c.IFLA_BRPORT_UNICAST_FLOOD, 1) != 0,
        found.get(c.IFLA_BRPORT_ISOLATED, 0) != 0,
        vlans,
    )


def _bond(data: Data, start: int, end: int) -> BondSettings:
    found = _BOND.read(data, start, end)
    return BondSettings(
        mode=word(_BOND_MODES, found.get(c.IFLA_BOND_MODE, 0)),
        active_member=found.get(c.IFLA_BOND_ACTIVE_SLAVE, 0),
        primary=found.get(c.IFLA_BOND_PRIMARY, 0),
        miimon_ms=found.get(c.IFLA_BOND_MIIMON, 0),
        arp_interval_ms=found.get(c.IFLA_BOND_ARP_INTERVAL, 0),
    )


def _member(data: Data, start: int, end: int) -> MemberSettings:
    found = _MEMBER.read(data, start, end)
    return MemberSettings(
        state=word(_MEMBER_STATES, found.get(c.IFLA_BOND_SLAVE_STATE, 0)),
        mii_status=word(_MII_STATES, found.get(c.IFLA_BOND_SLAVE_MII_STATUS, 0)),
        link_failures=found.get(c.IFLA_BOND_SLAVE_LINK_FAILURE_COUNT, 0),
        permanent_mac=mac(found.get(c.IFLA_BOND_SLAVE_PERM_HWADDR, b"")),
        queue_id=found.get(c.IFLA_BOND_SLAVE_QUEUE_ID, 0),
        aggregator_id=found.get(c.IFLA_BOND_SLAVE_AD_AGGREGATOR_ID),
    )


def _vlan_id(data: Data, start: int, end: int) -> int | None:
    number: int | None = _VLAN.read(data, start, end).get(c.IFLA_VLAN_ID)
    return number


_KIND_DATA: dict[str, Callable[[Data, int, int], object]] = {
    "bridge": _bridge,
    "bond": _bond,
    "vlan": _vlan_id,
}
_SLAVE_DATA: dict[str, Callable[[Data, int, int], object]] = {"bridge": _port, "bond": _member}


def decode_port(data: Data, start: int, end: int, link: Link) -> Link:
    """`link` with what the attributes of an AF_BRIDGE RTM_NEWLINK say of it as a port.

    Such messages hold the port's settings and its VLANs, none where they name none; those of the
    bridge itself hold no settings.
    """
    found = _PORT_MESSAGE.read(data, start, end)
    if (place := found.get(c.IFLA_PROTINFO)) is None:
        return link
    vlans: tuple[PortVlan, ...] = ()
    if (spec := found.get(c.IFLA_AF_SPEC)) is not None:
        vlans = _vlans(data, start + spec[0], start + spec[1])
    port = _port(data, start + place[0], start + place[1], vlans)
    return replace(link, port=port, master=found.get(c.IFLA_MASTER, link.master))


def _vlans(data: Data, start: int, end: int) -> tuple[PortVlan, ...]:
    """Struct bridge_vlan_info: flags and a VLAN; two of them, flagged, are a range's ends."""
    vlans: list[PortVlan] = []
    first = 0
    for kind, value, value_end in attributes(data, start, end):
        if kind != c.IFLA_BRIDGE_VLAN_INFO:
            continue
        if value_end - value < 4:
            message = f"VLAN of {value_end - value} bytes"
            raise MalformedError(message)
        flags = U16.unpack_from(data, value)[0]
        vid = U16.unpack_from(data, value + 2)[0]
        if flags & c.BRIDGE_VLAN_INFO_RANGE_BEGIN:
            first = vid
            continue
        lowest = first if flags & c.BRIDGE_VLAN_INFO_RANGE_END and 0 < first <= vid else vid
        pvid = bool(flags & c.BRIDGE_VLAN_INFO_PVID)
        untagged = bool(flags & c.BRIDGE_VLAN_INFO_UNTAGGED)
        vlans.extend(PortVlan(number, pvid, untagged) for number in range(lowest, vid + 1))
    return tuple(vlans)
