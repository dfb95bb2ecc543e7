"""Complete readings: all links, addresses and neighbours, counters, bridges' MAC tables."""

import errno
from collections.abc import Iterable
from typing import Final

from kvmnet_tui.model.links import Counters, ForwardingEntry
from kvmnet_tui.sources.netlink import constants as c
from kvmnet_tui.sources.netlink.links import IFINFO
from kvmnet_tui.sources.netlink.records import (
    IFADDR,
    NDMSG,
    STATS,
    TOTALS,
    decode_counters,
    decode_forwarding,
    stats_place,
)
from kvmnet_tui.sources.netlink.table import KernelTable
from kvmnet_tui.sources.netlink.transport import DumpInterruptedError, dump
from kvmnet_tui.sources.netlink.wire import U32, MalformedError, attribute, request

_RETRIES: Final = 4


def link_request(index: int) -> bytes:
    """Ask for one link, without statistics."""
    body = IFINFO.pack(c.AF_UNSPEC, 0, index, 0, 0) + _mask(c.RTEXT_FILTER_SKIP_STATS)
    return request(c.RTM_GETLINK, body, dump=False)


def _mask(filters: int) -> bytes:
    return attribute(c.IFLA_EXT_MASK, U32.pack(filters))


def _links(family: int, filters: int) -> bytes:
    return request(c.RTM_GETLINK, IFINFO.pack(family, 0, 0, 0, 0) + _mask(filters))


_ADDRESSES = request(c.RTM_GETADDR, IFADDR.pack(c.AF_UNSPEC, 0, 0, 0, 0))
_NEIGHBOURS = request(c.RTM_GETNEIGH, NDMSG.pack(c.AF_UNSPEC, 0, 0, 0, 0))
_LINKS = _links(c.AF_UNSPEC, c.RTEXT_FILTER_SKIP_STATS)
_PORTS = _links(c.AF_BRIDGE, c.RTEXT_FILTER_SKIP_STATS | c.RTEXT_FILTER_BRVLAN_COMPRESSED)
_STATS = request(c.RTM_GETSTATS, STATS.pack(c.AF_UNSPEC, 0, c.STATS_FILTER_LINK_64))
_LINKS_WITH_STATS = request(c.RTM_GETLINK, IFINFO.pack(c.AF_UNSPEC, 0, 0, 0, 0))


async def read_all(table: KernelTable) -> bool:
    """Fill the table; whether each list came in one piece, without changes under it."""
    steady = [await _load(table, wanted) for wanted in (_ADDRESSES, _LINKS, _NEIGHBOURS)]
    if any(link.bridge and link.bridge.vlan_filtering for link in table.links.values()):
        steady.append(await _load_ports(table))
    return all(steady)


async def _load(table: KernelTable, wanted: bytes) -> bool:
    for _ in range(_RETRIES):
        try:
            async for chunk in dump(wanted):
                for kind, start, end in chunk.messages:
                    table.load(kind, chunk.data, start, end)
        except DumpInterruptedError:
            continue  # what is loaded twice is only newer
        return True
    return False


async def _load_ports(table: KernelTable) -> bool:
    try:
        async for chunk in dump(_PORTS):
            for _, start, end in chunk.messages:
                table.load_port(chunk.data, start, end)
    except DumpInterruptedError:
        return False
    return True


class CountersReader:
    """Reads all links' totals in one go; a link whose totals stand still keeps its record."""

    def __init__(self) -> None:
        self._of_link = False
        self._last: dict[int, tuple[bytes, Counters]] = {}

    async def read(self) -> dict[int, Counters]:
        """The totals by link index."""
        if not self._of_link:
            try:
                return await self._read(_STATS)
            except OSError as error:
                if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL):
                    raise
                self._of_link = True  # a kernel before 4.7 tells them with the links only
        return await self._read(_LINKS_WITH_STATS)

    async def _read(self, wanted: bytes) -> dict[int, Counters]:
        readings: dict[int, tuple[bytes, Counters]] = {}
        try:
            async for chunk in dump(wanted):
                for _, start, end in chunk.messages:
                    self._take(chunk.data, start, end, readings)
        except DumpInterruptedError:
            pass  # the next reading is a second away
        self._last = readings
        return {index: counters for index, (_, counters) in readings.items()}

    def _take(
        self, data: bytearray, start: int, end: int, readings: dict[int, tuple[bytes, Counters]]
    ) -> None:
        try:
            index, place = stats_place(data, start, end, of_link=self._of_link)
        except MalformedError:
            return
        if not place:
            return
        raw = bytes(data[place : place + TOTALS.size])
        last = self._last.get(index)
        if last is None or last[0] != raw:
            last = (raw, decode_counters(raw))
        readings[index] = last


async def read_forwarding(bridges: Iterable[int]) -> dict[int, tuple[ForwardingEntry, ...]]:
    """The MAC tables of these bridges; a bridge that is gone meanwhile has none."""
    return {bridge: await _forwarding_of(bridge) for bridge in sorted(bridges)}


async def _forwarding_of(bridge: int) -> tuple[ForwardingEntry, ...]:
    filtered = attribute(c.NDA_MASTER, U32.pack(bridge))
    wanted = request(c.RTM_GETNEIGH, NDMSG.pack(c.AF_BRIDGE, 0, 0, 0, 0) + filtered)
    entries: list[ForwardingEntry] = []
    try:
        async for chunk in dump(wanted):
            for _, start, end in chunk.messages:
                entry = _forwarding_entry(chunk.data, start, end)
                if entry is not None and entry.bridge_index == bridge:
                    entries.append(entry)
    except DumpInterruptedError:
        pass  # the next reading is a second away
    except OSError as error:
        if error.errno not in (errno.ENODEV, errno.EINVAL):
            raise
    return tuple(entries)


def _forwarding_entry(data: bytearray, start: int, end: int) -> ForwardingEntry | None:
    try:
        return decode_forwarding(data, start, end)
    except MalformedError:
        return None
