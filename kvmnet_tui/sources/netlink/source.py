"""The kernel as a source: links, addresses, neighbours, counters, bridges' MAC tables.

Its own transport on a raw route netlink socket: importing pyroute2 would cost more memory and
time than the whole program may take.
"""

import asyncio
import errno
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from kvmnet_tui.events import CountersRead, ForwardingRead, Happened, KernelChanged, SourceChanged
from kvmnet_tui.model.interest import Interest
from kvmnet_tui.model.links import Link
from kvmnet_tui.model.state import HostState, Phase, Problem, SourceName, SourceStatus
from kvmnet_tui.model.timeline import Kind, Origin, TimelineEntry
from kvmnet_tui.sources.netlink.drivers import may_have_driver, read_devices
from kvmnet_tui.sources.netlink.listener import Ending, Listener
from kvmnet_tui.sources.netlink.reading import CountersReader, read_all, read_forwarding
from kvmnet_tui.sources.source import Inbox
from kvmnet_tui.sources.threads import call_in_thread

RECEIVE_BUFFER: Final = 16 << 20
EVERY: Final = 1.0  # seconds between readings of counters and MAC tables
FORWARDING_PACE: Final = 0.1  # at least, between readings that the kernel's events ask for
RESYNC_PACE: Final = 0.25
UNSTEADY: Final = 1.0  # seconds until a reading that changed under us is repeated
LONGEST_WAIT: Final = 30.0


class NetlinkSource:
    """Says what the kernel says. `receive_buffer` in bytes; `sysfs` tells physical links' drivers.

    Looks at the network namespace of the thread that runs it.
    """

    name = SourceName.KERNEL

    def __init__(self, *, receive_buffer: int = RECEIVE_BUFFER, sysfs: Path = Path("/sys")) -> None:
        self._receive_buffer = receive_buffer
        self._sysfs = sysfs
        self._interest = Interest()
        self._counters_wanted = asyncio.Event()
        self._forwarding_wanted = asyncio.Event()
        self._drivers_wanted = asyncio.Event()
        self._without_driver: dict[int, str] = {}
        self._asked_for_driver: set[int] = set()
        self._counters_read_at = float("-inf")
        self._live = False

    def look_at(self, interest: Interest) -> None:
        """Read counters and MAC tables from now on as `interest` says."""
        self._interest = interest
        self._counters_wanted.set()
        self._forwarding_wanted.set()

    def follow(self, before: HostState, after: HostState) -> None:
        """The kernel says all this source needs to know."""

    async def run(self, inbox: Inbox) -> None:
        """Say everything, then changes; after a fault say so and begin again."""
        failures = 0
        resynced: Ending | None = None
        self._live = False
        while True:
            began = time.monotonic()
            try:
                resynced = await self._listen(inbox, resynced)
                failures = 0
                pause = RESYNC_PACE - (time.monotonic() - began)
            except* OSError as group:
                resynced = None
                failures += 1
                pause = min(LONGEST_WAIT, 2.0**failures / 2)
                self._lost(inbox, group)
            await asyncio.sleep(max(0.0, pause))

    def _lost(self, inbox: Inbox, group: BaseExceptionGroup[OSError]) -> None:
        self._live = False
        error: BaseException = group
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        refused = isinstance(error, OSError) and error.errno in (errno.EPERM, errno.EACCES)
        problem = Problem.NO_RIGHTS if refused else Problem.FAILED
        detail = (error.strerror if isinstance(error, OSError) else "") or str(error)
        status = SourceStatus(Phase.LOST, time.time(), problem, detail)
        inbox.put(SourceChanged(self.name, status))

    async def _listen(self, inbox: Inbox, resynced: Ending | None) -> Ending:
        """One complete reading and the changes after it, until a new one is needed."""
        counters = CountersReader()
        self._asked_for_driver.clear()
        with Listener(
            inbox, self._receive_buffer, self._note_links, self._forwarding_wanted.set
        ) as listener:
            steady = await read_all(listener.table)
            self._note_links(listener.table.links)
            await self._add_drivers(listener)
            inbox.put(listener.begin())
            if resynced is Ending.OVERFLOW:
                inbox.put(Happened((_resync_entry(),)))
            await self._say_counters(inbox, counters)
            self._say_live(inbox)
            if not steady:
                asyncio.get_running_loop().call_later(UNSTEADY, listener.end, Ending.UNSTEADY)
            return await self._follow(inbox, listener, counters)

    async def _follow(self, inbox: Inbox, listener: Listener, counters: CountersReader) -> Ending:
        async with asyncio.TaskGroup() as tasks:
            work = (
                tasks.create_task(self._follow_counters(inbox, listener, counters)),
                tasks.create_task(self._follow_forwarding(inbox, listener)),
                tasks.create_task(self._follow_drivers(inbox, listener)),
            )
            ending = await listener.ended
            for task in work:
                task.cancel()
        return ending

    def _say_live(self, inbox: Inbox) -> None:
        if not self._live:
            self._live = True
            inbox.put(SourceChanged(self.name, SourceStatus(Phase.LIVE, time.time())))

    # What somebody looks at.

    async def _say_counters(self, inbox: Inbox, counters: CountersReader) -> None:
        self._counters_read_at = time.monotonic()
        inbox.put(CountersRead(self._counters_read_at, await counters.read()))

    async def _follow_counters(
        self, inbox: Inbox, listener: Listener, counters: CountersReader
    ) -> None:
        asked = 0
        while True:
            if self._interest.counters:
                due_in = self._counters_read_at + EVERY - time.monotonic()
                await asyncio.sleep(max(0.0, due_in))
                await self._say_counters(inbox, counters)
                asked = listener.ask_for_down_links(asked)
            else:
                self._counters_wanted.clear()
                await self._counters_wanted.wait()

    async def _follow_forwarding(self, inbox: Inbox, listener: Listener) -> None:
        shown = False
        while True:
            self._forwarding_wanted.clear()
            bridges = self._interest.forwarding
            if bridges or shown:
                inbox.put(ForwardingRead(await read_forwarding(bridges)))
                listener.ask_for(bridges)  # the tree's root moves without a message
                shown = bool(bridges)
            await asyncio.sleep(FORWARDING_PACE)
            with suppress(TimeoutError):
                async with asyncio.timeout(EVERY - FORWARDING_PACE if bridges else None):
                    await self._forwarding_wanted.wait()

    # Drivers: asked for once per physical link, in a thread.

    def _note_links(self, links: Mapping[int, Link | None]) -> None:
        for index, link in links.items():
            if link is None:
                self._asked_for_driver.discard(index)
            elif may_have_driver(link) and index not in self._asked_for_driver:
                self._asked_for_driver.add(index)
                self._without_driver[index] = link.name
                self._drivers_wanted.set()

    async def _add_drivers(self, listener: Listener) -> dict[int, Link | None]:
        """Read the drivers of the links noted; these links with their drivers."""
        wanted, self._without_driver = self._without_driver, {}
        self._drivers_wanted.clear()
        if not wanted:
            return {}
        devices = await call_in_thread("drivers", lambda: read_devices(self._sysfs, wanted))
        return dict(listener.table.with_devices(devices))

    async def _follow_drivers(self, inbox: Inbox, listener: Listener) -> None:
        while True:
            await self._drivers_wanted.wait()
            if links := await self._add_drivers(listener):
                inbox.put(KernelChanged(time.time(), links))


def _resync_entry() -> TimelineEntry:
    return TimelineEntry(
        0,
        time.time(),
        Origin.PROGRAM,
        Kind.SOURCE_RESYNCED,
        SourceName.KERNEL.value,
        after=Problem.OVERFLOW.value,
    )
