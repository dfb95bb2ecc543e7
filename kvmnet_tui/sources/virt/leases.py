"""Keeps the networks' leases fresh while there is a reason to expect new ones."""

import asyncio
import contextlib
import time
from math import inf

from kvmnet_tui.events import LeasesRead
from kvmnet_tui.model.state import HostState
from kvmnet_tui.model.virt import Lease
from kvmnet_tui.sources.source import Inbox
from kvmnet_tui.sources.virt.attention import LeaseClock
from kvmnet_tui.sources.virt.connection import Connection
from kvmnet_tui.sources.virt.networks import Networks


class Leases:
    """Reads leases whenever the clock says so, and tells which changed."""

    def __init__(self, connection: Connection, networks: Networks, inbox: Inbox) -> None:
        self._connection = connection
        self._networks = networks
        self._inbox = inbox
        self._clock = LeaseClock()
        self._moved = asyncio.Event()

    async def run(self) -> None:
        """Read until cancelled; raises Lost."""
        while True:
            await self._until_due()
            for uuid, leases in (await self.read()).items():
                self._inbox.put(LeasesRead(time.time(), uuid, leases))

    async def read(self) -> dict[str, tuple[Lease, ...]]:
        """Read once; the leases of the networks where they changed."""
        changed, expires = await self._connection.call(self._networks.read_leases)
        now = time.monotonic()
        self._clock.last = now
        # A lease that has run out is dropped by libvirt within the second.
        self._clock.expiry = now + expires + 1 - time.time() if expires else inf
        return changed

    def watch(self, watched: bool) -> None:
        """Somebody looks at leases, or does not any more."""
        self._clock.watched = watched
        self._moved.set()

    def guest_plugged(self) -> None:
        """A guest started, or was given a NIC."""
        self._clock.guest_plugged(time.monotonic())
        self._moved.set()

    def follow(self, before: HostState, after: HostState) -> None:
        """See in the kernel's neighbours that dnsmasq has granted an address."""
        if after.neighbours is not before.neighbours and _has_new_face(before, after):
            self._clock.neighbour_appeared(time.monotonic())
            self._moved.set()

    async def _until_due(self) -> None:
        while (wait := self._clock.due(time.monotonic()) - time.monotonic()) > 0:
            self._moved.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None if wait == inf else wait):
                    await self._moved.wait()


def _has_new_face(before: HostState, after: HostState) -> bool:
    """Whether somebody answers on a network's bridge who did not before, or with another MAC."""
    indexes = after.topology.index_by_name
    bridges = {indexes.get(network.bridge) for network in after.networks.values() if network.active}
    for key, neighbour in after.neighbours.items():
        known = before.neighbours.get(key)
        if known is neighbour or not neighbour.mac or neighbour.link_index not in bridges:
            continue
        if known is None or known.mac != neighbour.mac:
            return True
    return False
