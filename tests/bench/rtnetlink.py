"""Just enough raw rtnetlink to listen to links and to change them (man 7 rtnetlink)."""

import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass

RTM_NEWLINK, RTM_GETLINK, NLMSG_DONE, NLMSG_ERROR = 16, 18, 3, 2
NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP = 0x1, 0x4, 0x300
RTMGRP_LINK = 1
IFLA_IFNAME, IFLA_MTU, IFLA_MASTER = 3, 4, 10
IFF_UP = 0x1
SO_RCVBUFFORCE = 33
LISTENER_BUFFER = 16 << 20
AF_BRIDGE = 7

_HEADER = struct.Struct("=IHHII")
_LINK = struct.Struct("=BxHiII")
_ATTRIBUTE = struct.Struct("=HH")


@dataclass(frozen=True, slots=True)
class LinkMessage:
    """What one RTM_NEWLINK says, as far as the benchmark cares."""

    index: int
    name: str
    up: bool
    mtu: int


def open_socket(groups: int = 0) -> socket.socket:
    """A route netlink socket of the network namespace that the calling thread is in."""
    opened = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
    opened.bind((0, groups))
    return opened


def open_listener() -> socket.socket:
    """A socket that hears of every link, with a buffer that a storm fits in where allowed."""
    listener = open_socket(RTMGRP_LINK)
    try:
        listener.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, LISTENER_BUFFER)
    except PermissionError:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, LISTENER_BUFFER)
    return listener


def link_messages(data: bytes) -> Iterator[LinkMessage]:
    """The links that a datagram speaks of; messages of the bridge family are left out."""
    for kind, start, end in _messages(data):
        if kind != RTM_NEWLINK or data[start] == AF_BRIDGE:
            continue
        _, _, index, flags, _ = _LINK.unpack_from(data, start)
        name, mtu = _name_and_mtu(data, start + _LINK.size, end)
        yield LinkMessage(index, name, bool(flags & IFF_UP), mtu)


def link_dump() -> list[LinkMessage]:
    """Every link there is."""
    links: list[LinkMessage] = []
    with open_socket() as asking:
        asking.send(_message(RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, _LINK.pack(0, 0, 0, 0, 0)))
        while True:
            data = asking.recv(1 << 16)
            links += link_messages(data)
            if any(kind == NLMSG_DONE for kind, _, _ in _messages(data)):
                return links


def set_mtu(through: socket.socket, index: int, mtu: int) -> None:
    """Change a link's MTU; the kernel has done it when this returns."""
    attribute = _ATTRIBUTE.pack(8, IFLA_MTU) + struct.pack("=I", mtu)
    _change(through, _LINK.pack(0, 0, index, 0, 0) + attribute)


def set_master(through: socket.socket, index: int, master: int) -> None:
    """Plug a link into a bridge, out of it with 0; the kernel has done it when this returns."""
    attribute = _ATTRIBUTE.pack(8, IFLA_MASTER) + struct.pack("=I", master)
    _change(through, _LINK.pack(0, 0, index, 0, 0) + attribute)


def set_up(through: socket.socket, index: int, up: bool) -> None:
    """Set a link up or down; the kernel has done it when this returns."""
    _change(through, _LINK.pack(0, 0, index, IFF_UP if up else 0, IFF_UP))


def _change(through: socket.socket, body: bytes) -> None:
    through.send(_message(RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK, body))
    answer = through.recv(1 << 16)
    (error,) = struct.unpack_from("=i", answer, _HEADER.size)
    if error:
        raise OSError(-error, "the kernel refused a change to a link")


def _message(kind: int, flags: int, body: bytes) -> bytes:
    return _HEADER.pack(_HEADER.size + len(body), kind, flags, 1, 0) + body


def _messages(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Each message's type and where its body starts and ends."""
    at = 0
    while at + _HEADER.size <= len(data):
        length, kind, _, _, _ = _HEADER.unpack_from(data, at)
        if length < _HEADER.size:
            return
        yield kind, at + _HEADER.size, at + length
        at += (length + 3) & ~3


def _name_and_mtu(data: bytes, at: int, end: int) -> tuple[str, int]:
    name, mtu = "", 0
    while at + _ATTRIBUTE.size <= end:
        length, kind = _ATTRIBUTE.unpack_from(data, at)
        if length < _ATTRIBUTE.size:
            break
        value = data[at + _ATTRIBUTE.size : at + length]
        if kind == IFLA_IFNAME:
            name = value.rstrip(b"\0").decode()
        elif kind == IFLA_MTU:
            (mtu,) = struct.unpack("=I", value)
        at += (length + 3) & ~3
    return name, mtu
