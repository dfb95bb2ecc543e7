"""Decodes RTM_NEWLINK into Link."""

from dataclasses import replace
from struct import Struct
from typing import Final

from kvmnet_tui.model.links import Address, Link
from kvmnet_tui.model.moments import Notice
from kvmnet_tui.sources.netlink import constants as c
from kvmnet_tui.sources.netlink.roles import NO_PARTS, Data, decode_info, mac, word
from kvmnet_tui.sources.netlink.wire import (
    HEADER_SIZE,
    PLACE,
    RAW,
    U32,
    MalformedError,
    Table,
    attributes,
    text,
)

IFINFO = Struct("=BxHiII")  # struct ifinfomsg: family, ARPHRD type, index, flags, change
BODY: Final = HEADER_SIZE + IFINFO.size

_LINK = Table(
    {
        c.IFLA_ADDRESS: RAW,
        c.IFLA_IFNAME: RAW,
        c.IFLA_MTU: "I",
        c.IFLA_LINK: "I",
        c.IFLA_MASTER: "I",
        c.IFLA_TXQLEN: "I",
        c.IFLA_OPERSTATE: "B",
        c.IFLA_LINKINFO: PLACE,
        c.IFLA_IFALIAS: RAW,
        c.IFLA_CARRIER_CHANGES: "I",
        c.IFLA_LINK_NETNSID: "i",
        c.IFLA_PROP_LIST: PLACE,
        c.IFLA_PERM_ADDRESS: RAW,
        c.IFLA_PARENT_DEV_NAME: RAW,
    }
)
_NOTICES = {c.IFLA_EVENT_NOTIFY_PEERS: Notice.PEERS}
_OPERSTATES = ("unknown", "notpresent", "down", "lowerlayerdown", "testing", "dormant", "up")
_ARPHRD = {
    1: "ethernet",
    32: "infiniband",
    512: "ppp",
    519: "rawip",
    768: "ipip",
    769: "ip6tnl",
    772: "loopback",
    776: "sit",
    778: "gre",
    801: "wifi",
    802: "wifi",
    803: "wifi",
    823: "ip6gre",
    0xFFFE: "none",
}


def link_index(data: Data, start: int, end: int) -> int:
    """The index in a link message that starts at `start`."""
    if end - start < BODY:
        message = f"link message of {end - start} bytes"
        raise MalformedError(message)
    index: int = IFINFO.unpack_from(data, start + HEADER_SIZE)[2]
    return index


def link_notice(data: Data, start: int, end: int) -> Notice:
    """Why the kernel sent a link message, where it says so and we care."""
    for kind, value, value_end in attributes(data, start + BODY, end):
        if kind == c.IFLA_EVENT and value_end - value == U32.size:
            return _NOTICES.get(U32.unpack_from(data, value)[0], Notice.NONE)
    return Notice.NONE


def decode_link(
    data: Data, start: int, end: int, old: Link | None, addresses: tuple[Address, ...]
) -> Link | None:
    """The link an RTM_NEWLINK at `start` tells of; None when it tells a part only.

    `old` is the link as known before: what such a message never says (driver, port VLANs) is
    taken from it. Wireless extensions announce events with messages that hold little but a name.
    """
    if end - start < BODY:
        message = f"link message of {end - start} bytes"
        raise MalformedError(message)
    _, hardware, index, flags, _ = IFINFO.unpack_from(data, start + HEADER_SIZE)
    body = start + BODY
    found = _LINK.read(data, body, end)
    if c.IFLA_MTU not in found or c.IFLA_IFNAME not in found:
        return None
    kind, parts = "", NO_PARTS
    if (info := found.get(c.IFLA_LINKINFO)) is not None:
        kind, parts = decode_info(data, body + info[0], body + info[1])
    master = found.get(c.IFLA_MASTER, 0)
    bridge, port, bond, member, vlan_id = parts
    if port and old and old.port and old.port.vlans and old.master == master:
        port = replace(port, vlans=old.port.vlans)
    return Link(
        index,
        text(found[c.IFLA_IFNAME]),
        kind or _ARPHRD.get(hardware, "other"),
        flags,
        word(_OPERSTATES, found.get(c.IFLA_OPERSTATE, 0)),
        found[c.IFLA_MTU],
        mac(found.get(c.IFLA_ADDRESS, b"")),
        mac(found.get(c.IFLA_PERM_ADDRESS, b"")),
        master,
        found.get(c.IFLA_LINK, 0),
        c.IFLA_LINK_NETNSID in found,
        found.get(c.IFLA_CARRIER_CHANGES, 0),
        found.get(c.IFLA_TXQLEN, 0),
        text(found.get(c.IFLA_IFALIAS, b"")),
        text(found.get(c.IFLA_PARENT_DEV_NAME, b"")) or (old.parent_device if old else ""),
        kind or (old.driver if old else ""),
        vlan_id,
        _altnames(data, body, found.get(c.IFLA_PROP_LIST)),
        addresses,
        bridge,
        port,
        bond,
        member,
    )


def _altnames(data: Data, body: int, place: tuple[int, int] | None) -> tuple[str, ...]:
    if place is None:
        return ()
    return tuple(
        text(bytes(data[start:end]))
        for kind, start, end in attributes(data, body + place[0], body + place[1])
        if kind == c.IFLA_ALT_IFNAME
    )
