"""Decodes addresses, neighbours, forwarding entries and counters."""

import socket
from struct import Struct
from typing import Final, NamedTuple

from kvmnet_tui.model.links import Address, Counters, ForwardingEntry, Neighbour
from kvmnet_tui.sources.netlink import constants as c
from kvmnet_tui.sources.netlink.roles import USER_HZ, Data, mac
from kvmnet_tui.sources.netlink.wire import HEADER_SIZE, RAW, U32, MalformedError, Table, attributes

IFADDR = Struct("=BBBBI")  # struct ifaddrmsg: family, prefix, flags, scope, index
NDMSG = Struct("=B3xiHBB")  # struct ndmsg: family, index, state, flags, type
_IFINFO = Struct("=BxHiII")  # struct ifinfomsg
STATS = Struct("=B3xII")  # struct if_stats_msg: family, index, filter
TOTALS = Struct("=10Q")  # the beginning of struct rtnl_link_stats64

_ADDRESS = Table({c.IFA_ADDRESS: RAW, c.IFA_LOCAL: RAW, c.IFA_FLAGS: "I"})
_NEIGHBOUR = Table({c.NDA_DST: RAW, c.NDA_LLADDR: RAW})
_ENTRY = Table(
    {c.NDA_LLADDR: RAW, c.NDA_CACHEINFO: "8xI4x", c.NDA_VLAN: "H", c.NDA_MASTER: "I"}
)  # struct nda_cacheinfo: confirmed, used, updated, references

_FAMILY_BYTES: Final = {c.AF_INET: 4, c.AF_INET6: 16}
_SCOPES: Final = {0: "global", 200: "site", 253: "link", 254: "host", 255: "nowhere"}
_NEIGHBOUR_STATES: Final = (
    (0x01, "incomplete"),
    (0x02, "reachable"),
    (0x04, "stale"),
    (0x08, "delay"),
    (0x10, "probe"),
    (0x20, "failed"),
    (0x80, "permanent"),
)


class AddressRecord(NamedTuple):
    """An address, whose it is and where it stands among the link's; `order` as `ip` lists them."""

    link_index: int
    order: tuple[int, int, int, bytes]
    address: Address

    @property
    def key(self) -> tuple[str, int]:
        """What tells a link's addresses apart."""
        return self.address.ip, self.address.prefix


def _begin(start: int, end: int, body: Struct) -> int:
    """Where the attributes begin; MalformedError when the message has not even its struct."""
    begin = start + HEADER_SIZE + body.size
    if begin > end:
        message = f"message of {end - start} bytes"
        raise MalformedError(message)
    return begin


def _ip(family: int, raw: bytes) -> str:
    if len(raw) != _FAMILY_BYTES.get(family):
        message = f"address of {len(raw)} bytes in family {family}"
        raise MalformedError(message)
    return socket.inet_ntop(family, raw)


def decode_address(data: Data, start: int, end: int) -> AddressRecord:
    """RTM_NEWADDR or RTM_DELADDR. IFA_LOCAL is the link's own where a peer's is told too."""
    begin = _begin(start, end, IFADDR)
    family, prefix, short_flags, scope, index = IFADDR.unpack_from(data, start + HEADER_SIZE)
    found = _ADDRESS.read(data, begin, end)
    raw = found.get(c.IFA_LOCAL) or found.get(c.IFA_ADDRESS, b"")
    flags = found.get(c.IFA_FLAGS, short_flags)
    ip = _ip(family, raw)
    address = Address(
        ip,
        prefix,
        _SCOPES.get(scope) or str(scope),
        not flags & c.IFA_F_PERMANENT,
        bool(flags & c.IFA_F_TENTATIVE),
        bool(flags & c.IFA_F_DADFAILED),
    )
    return AddressRecord(index, _order(family, scope, flags, raw), address)


def _order(family: int, scope: int, flags: int, raw: bytes) -> tuple[int, int, int, bytes]:
    """IPv4 in the kernel's order, which decides about source addresses; IPv6 has none to keep."""
    if family == c.AF_INET6:
        return (1, 0, scope, raw)
    if flags & c.IFA_F_SECONDARY:
        return (0, 1, 0, b"")
    return (0, 0, -scope, b"")


def decode_neighbour(data: Data, start: int, end: int) -> Neighbour:
    """RTM_NEWNEIGH or RTM_DELNEIGH of IPv4 or IPv6; `state` is "" for entries of no use.

    Of no use are those the kernel makes itself for multicast and point-to-point links.
    """
    begin = _begin(start, end, NDMSG)
    family, index, state, _, _ = NDMSG.unpack_from(data, start + HEADER_SIZE)
    found = _NEIGHBOUR.read(data, begin, end)
    raw = found.get(c.NDA_DST, b"")
    ip = _ip(family, raw)
    word = next((name for bit, name in _NEIGHBOUR_STATES if state & bit), "")
    if _is_multicast(family, raw):
        word = ""
    return Neighbour(index, ip, mac(found.get(c.NDA_LLADDR, b"")), word)


def _is_multicast(family: int, raw: bytes) -> bool:
    return raw[0] == 0xFF if family == c.AF_INET6 else raw[0] >= 0xE0


def decode_forwarding(data: Data, start: int, end: int) -> ForwardingEntry | None:
    """RTM_NEWNEIGH of AF_BRIDGE; None for what a link filters itself, which no bridge owns."""
    begin = _begin(start, end, NDMSG)
    _, index, state, _, _ = NDMSG.unpack_from(data, start + HEADER_SIZE)
    found = _ENTRY.read(data, begin, end)
    bridge = found.get(c.NDA_MASTER)
    if bridge is None:
        return None
    ages = not state & (c.NUD_PERMANENT | c.NUD_NOARP) and c.NDA_CACHEINFO in found
    return ForwardingEntry(
        bridge,
        index,
        mac(found.get(c.NDA_LLADDR, b"")),
        found.get(c.NDA_VLAN, 0),
        bool(state & c.NUD_PERMANENT),
        found[c.NDA_CACHEINFO] / USER_HZ if ages else None,
    )


def stats_place(data: Data, start: int, end: int, *, of_link: bool) -> tuple[int, int]:
    """Index and place of the totals in an RTM_NEWSTATS (or, `of_link`, RTM_NEWLINK); 0 for none."""
    begin = _begin(start, end, _IFINFO if of_link else STATS)
    index: int = U32.unpack_from(data, start + HEADER_SIZE + 4)[0]  # at the same place in both
    wanted = c.IFLA_STATS64 if of_link else c.IFLA_STATS_LINK_64
    for kind, value, value_end in attributes(data, begin, end):
        if kind == wanted and value_end - value >= TOTALS.size:
            return index, value
    return index, 0


def decode_counters(raw: bytes) -> Counters:
    """The totals from the bytes of TOTALS."""
    rx_packets, tx_packets, rx_bytes, tx_bytes, *rest = TOTALS.unpack(raw)
    return Counters(rx_bytes, tx_bytes, rx_packets, tx_packets, *rest)
