"""Asks the guests' own agents for their addresses, without ever waiting for a dead one."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from functools import partial
from typing import Any

import libvirt

from kvmnet_tui.model.virt import Guest
from kvmnet_tui.sources.virt.connection import Connection
from kvmnet_tui.sources.virt.failure import Failure, Lost

AGENT_SECONDS = 8.0  # libvirt itself gives an agent 5 s to say that it is there
ANSWERED_PACE = 10.0
SILENT_PACE = 60.0
LINES = 3

Addresses = Mapping[str, tuple[str, ...]]
Answered = Callable[[str, Addresses], Awaitable[None]]
Connect = Callable[[Callable[[Failure], None]], Connection]


class Agents:
    """Every agent is asked once when it connects, and from then on while somebody looks.

    Questions go over connections of their own, a few at a time: an agent that does not answer
    holds up its connection, which may then be broken without any other being hurt.
    """

    def __init__(self, connect: Connect, answered: Answered) -> None:
        self._connect = connect
        self._answered = answered
        self._watched = False
        self._due: dict[str, float] = {}
        self._asked: set[str] = set()
        self._asking: set[str] = set()
        self._idle: list[Connection] = []
        self._free = asyncio.Semaphore(LINES)
        self._moved = asyncio.Event()

    def watch(self, watched: bool) -> None:
        """Somebody looks at guests' addresses, or does not any more."""
        self._watched = watched
        self._moved.set()

    def note(self, uuid: str, guest: Guest | None) -> None:
        """Learn whether a guest has an agent to ask."""
        if guest is not None and guest.agent_connected:
            self._due.setdefault(uuid, time.monotonic())
        else:
            self._due.pop(uuid, None)
            self._asked.discard(uuid)
        self._moved.set()

    async def run(self) -> None:
        """Ask until cancelled; raises Lost when the answers cannot be noted."""
        try:
            async with asyncio.TaskGroup() as questions:
                while True:
                    self._moved.clear()
                    for uuid in [*self._wanted(time.monotonic())]:
                        self._asking.add(uuid)
                        questions.create_task(self._ask(uuid))
                    await self._until_due()
        finally:
            lines, self._idle = self._idle, []
            await asyncio.gather(*(line.close() for line in lines))

    def _wanted(self, by: float) -> Iterable[str]:
        return (
            uuid
            for uuid, due in self._due.items()
            if due <= by and uuid not in self._asking and (self._watched or uuid not in self._asked)
        )

    async def _until_due(self) -> None:
        soonest = min((self._due[uuid] for uuid in self._wanted(float("inf"))), default=None)
        wait = None if soonest is None else max(0.0, soonest - time.monotonic())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait):
                await self._moved.wait()

    async def _ask(self, uuid: str) -> None:
        self._asked.add(uuid)
        pace = SILENT_PACE
        try:
            async with self._free:
                answer = await self._answer(uuid)
            if answer is not None:
                pace = ANSWERED_PACE
                await self._answered(uuid, answer)
        finally:
            self._asking.discard(uuid)
            if uuid in self._due:
                self._due[uuid] = time.monotonic() + pace
            self._moved.set()

    async def _answer(self, uuid: str) -> Addresses | None:
        """What the agent says, or None when it says nothing in time."""
        with contextlib.suppress(Lost, TimeoutError):
            async with asyncio.timeout(AGENT_SECONDS), self._line() as line:
                return await line.call(partial(agent_addresses, uuid=uuid))
        return None

    @contextlib.asynccontextmanager
    async def _line(self) -> AsyncIterator[Connection]:
        """A connection nobody else uses; broken when it was not left in good order."""
        line = self._idle.pop() if self._idle else self._connect(_ignore)
        try:
            if not line.is_open:
                await line.open()
            yield line
        except BaseException:
            line.hang_up()
            await line.close()
            raise
        self._idle.append(line)


def _ignore(_failure: Failure) -> None:
    """A lost line is noticed by the next question."""


def agent_addresses(virt: Any, uuid: str) -> dict[str, tuple[str, ...]] | None:
    """MAC to addresses with prefix, as the agent says; None when it does not answer.

    Blocks as long as the agent does.
    """
    source = libvirt.VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_AGENT
    try:
        found = virt.lookupByUUIDString(uuid).interfaceAddresses(source)
    except libvirt.libvirtError:
        if not virt.isAlive():
            raise
        return None
    table: dict[str, tuple[str, ...]] = {}
    for interface in found.values():
        mac = (interface["hwaddr"] or "").lower()
        said = tuple(f"{each['addr']}/{each['prefix']}" for each in interface["addrs"] or ())
        if mac and said:
            table[mac] = table.get(mac, ()) + said
    return table
