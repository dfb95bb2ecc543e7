"""The kernel's routes as a source: read at the start and whenever the kernel says that one changed.

A socket of its own: the main one decodes what the screens show and need not know of routes.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Iterator
from contextlib import closing, suppress
from struct import Struct
from typing import Final

from kvmnet_tui.events import RoutesRead
from kvmnet_tui.model.interest import Interest
from kvmnet_tui.model.routes import Route
from kvmnet_tui.model.state import HostState, SourceName
from kvmnet_tui.sources.netlink import constants as c
from kvmnet_tui.sources.netlink.transport import DumpInterruptedError, dump, open_events
from kvmnet_tui.sources.netlink.wire import HEADER_SIZE, MalformedError, attributes, request
from kvmnet_tui.sources.source import Inbox

RECEIVE_BUFFER: Final = 1 << 18
SETTLE: Final = 0.3  # seconds after a change, for those that come with it
RETRY: Final = 5.0
LIMIT: Final = 10_000  # a router's whole table tells nothing that its default route does not

_RTMSG = Struct("=8BI")  # family, destination's length, source's, TOS, table, protocol, scope, type
_TABLE_LOCAL: Final = 255
_UNICAST: Final = 1
_U32 = Struct("=I")


class RouteSource:
    """Says which subnets the host has routes to; it has no status of its own."""

    name = SourceName.KERNEL

    def look_at(self, interest: Interest) -> None:
        """Routes are read whatever is on screen."""

    def follow(self, before: HostState, after: HostState) -> None:
        """The kernel tells of routes itself."""

    async def run(self, inbox: Inbox) -> None:
        """Say the routes, then each change, until cancelled."""
        while True:
            with suppress(OSError):
                await _watch(inbox)
            await asyncio.sleep(RETRY)


async def _watch(inbox: Inbox) -> None:
    loop = asyncio.get_running_loop()
    groups = (c.RTNLGRP_IPV4_ROUTE, c.RTNLGRP_IPV6_ROUTE)
    with closing(open_events(groups, RECEIVE_BUFFER)) as link:
        while True:
            with suppress(DumpInterruptedError):  # what changed meanwhile waits in the socket
                inbox.put(RoutesRead(await read_routes()))
            await _heard(loop, link)
            await asyncio.sleep(SETTLE)
            _forget_waiting(link)


async def _heard(loop: asyncio.AbstractEventLoop, link: socket.socket) -> None:
    """Wait for a message; a buffer that overflowed is one, too."""
    with suppress(OSError):
        await loop.sock_recv(link, 1)


def _forget_waiting(link: socket.socket) -> None:
    for _ in range(LIMIT):
        try:
            link.recv(1)
        except BlockingIOError:
            return
        except OSError:
            continue


async def read_routes() -> tuple[Route, ...]:
    """The routes of all tables but the local one; raises OSError, DumpInterruptedError."""
    found: list[Route] = []
    for family in (c.AF_INET, c.AF_INET6):
        body = _RTMSG.pack(family, 0, 0, 0, 0, 0, 0, 0, 0)
        async for chunk in dump(request(c.RTM_GETROUTE, body)):
            for kind, start, end in chunk.messages:
                if kind == c.RTM_NEWROUTE and len(found) < LIMIT:
                    found += _route(chunk.data, start + HEADER_SIZE, end)
    return tuple(dict.fromkeys(found))


def _route(data: bytearray, start: int, end: int) -> Iterator[Route]:
    """The route of one message, unless it says nothing about who has which address."""
    with suppress(MalformedError, ValueError):
        _, length, _, _, table, _, _, kind, _ = _RTMSG.unpack_from(data, start)
        told = {
            name: bytes(data[value:value_end])
            for name, value, value_end in attributes(data, start + _RTMSG.size, end)
        }
        if kind != _UNICAST or table == _TABLE_LOCAL or c.RTA_DST not in told:
            return
        subnet = ipaddress.ip_network((told[c.RTA_DST], length), strict=False)
        if subnet.is_link_local or subnet.is_multicast:
            return
        out = _U32.unpack(told[c.RTA_OIF])[0] if c.RTA_OIF in told else 0
        via = told.get(c.RTA_GATEWAY)
        gateway = str(ipaddress.ip_address(via)) if via else ""
        yield Route(str(subnet), out, gateway)
