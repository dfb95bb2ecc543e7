"""NETLINK_ROUTE sockets: dumps asked for and read in chunks, and the kernel's own messages."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from struct import Struct
from typing import Final

from kvmnet_tui.sources.netlink import constants as c
from kvmnet_tui.sources.netlink.wire import HEADER_SIZE, messages

SO_RCVBUFFORCE: Final = 33
DUMP_BYTES: Final = 1 << 16  # the kernel fills at most 32 KiB for one receive
MESSAGE_BYTES: Final = 1 << 17
BREATHS: Final = 4  # chunks of a dump decoded before the loop may do something else
_ERROR = Struct("=i")


class DumpInterruptedError(Exception):
    """What was being listed changed meanwhile, so that the list may lack something."""


def open_socket() -> socket.socket:
    """A non-blocking socket whose requests are checked strictly where the kernel can."""
    link = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0)
    try:
        link.setblocking(False)
        for option in (c.NETLINK_EXT_ACK, c.NETLINK_GET_STRICT_CHK):
            with suppress(OSError):  # kernels before 4.12 and 4.20
                link.setsockopt(c.SOL_NETLINK, option, 1)
        link.bind((0, 0))
    except OSError:
        link.close()
        raise
    return link


def open_events(groups: tuple[int, ...], receive_buffer: int) -> socket.socket:
    """A socket that hears `groups`, with as large a receive buffer as rights allow (bytes)."""
    link = open_socket()
    try:
        try:
            link.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, receive_buffer)
        except PermissionError:
            link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        for group in groups:
            link.setsockopt(c.SOL_NETLINK, c.NETLINK_ADD_MEMBERSHIP, group)
    except OSError:
        link.close()
        raise
    return link


@dataclass(frozen=True, slots=True)
class Chunk:
    """Messages of a dump: (type, start, end) of each in `data`, which the next chunk overwrites."""

    data: bytearray
    messages: list[tuple[int, int, int]]


async def dump(request: bytes) -> AsyncIterator[Chunk]:
    """The answer to a dump request, as it comes.

    OSError when the kernel refuses; DumpInterruptedError after the last chunk when the list changed
    while it was read.
    """
    loop = asyncio.get_running_loop()
    buffer = bytearray(DUMP_BYTES)
    interrupted = False
    with closing(open_socket()) as link:
        link.send(request)
        for number in range(1, 1 << 62):
            size = await loop.sock_recv_into(link, buffer)
            found, done, torn = _parted(buffer, size)
            interrupted = interrupted or torn
            yield Chunk(buffer, found)
            if done:
                break
            if number % BREATHS == 0:
                await asyncio.sleep(0)
    if interrupted:
        raise DumpInterruptedError


def _parted(buffer: bytearray, size: int) -> tuple[list[tuple[int, int, int]], bool, bool]:
    """The messages of a chunk, whether it is the last, whether the kernel was interrupted."""
    found: list[tuple[int, int, int]] = []
    flags_seen = 0
    for kind, flags, start, end in messages(buffer, size):
        flags_seen |= flags
        if kind > c.NLMSG_DONE:
            found.append((kind, start, end))
        elif kind in (c.NLMSG_ERROR, c.NLMSG_DONE):
            _raise_error(buffer, start, end)
            return found, True, bool(flags_seen & c.NLM_F_DUMP_INTR)
    return found, False, bool(flags_seen & c.NLM_F_DUMP_INTR)


def _raise_error(buffer: bytearray, start: int, end: int) -> None:
    if end - start >= HEADER_SIZE + _ERROR.size:
        number = -_ERROR.unpack_from(buffer, start + HEADER_SIZE)[0]
        if number > 0:
            raise OSError(number, os.strerror(number))


def ask(link: socket.socket, request: bytes) -> bytes:
    """The answer to a request for one object, which the kernel gives before `send` returns."""
    link.send(request)
    return link.recv(MESSAGE_BYTES)


def drain(link: socket.socket, buffer: bytearray, limit: int) -> Iterator[bytes]:
    """At most `limit` waiting messages; OSError ENOBUFS when some were lost."""
    view = memoryview(buffer)
    for _ in range(limit):
        try:
            size = link.recv_into(buffer)
        except BlockingIOError:
            return
        yield bytes(view[:size])
