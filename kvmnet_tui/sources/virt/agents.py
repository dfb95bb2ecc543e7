"""Asks the guests' own agents for their addresses, without ever waiting for a dead one."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from typing import Any

import libvirt

from kvmnet_tui.model.virt import Guest
from kvmnet_tui.sources.virt.connection import Connection
from kvmnet_tui.sources.virt.failure import Failure

AGENT_SECONDS = 6.0  # libvirt itself gives an agent 5 s to say that it is there
ANSWERED_PACE = 10.0
SILENT_PACE = 60.0
# The daemon serves five calls a connection at once: questions that hang must leave some free.
QUESTIONS_AT_ONCE = 3

Addresses = Mapping[str, tuple[str, ...]]
Answered = Callable[[str, Addresses], Awaitable[None]]


class Agents:
    """Every agent is asked once when it connects, and from then on while somebody looks."""

    def __init__(self, connection: Connection, answered: Answered) -> None:
        self._connection = connection
        self._answered = answered
        self._watched = False
        self._due: dict[str, float] = {}
        self._asked: set[str] = set()
        self._hanging: set[str] = set()
        self._free = asyncio.Semaphore(QUESTIONS_AT_ONCE)
        self._moved = asyncio.Event()

    @property
    def has_hanging_questions(self) -> bool:
        """Whether a thread still waits for an agent."""
        return bool(self._hanging)

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
        """Ask until cancelled; raises Lost."""
        async with asyncio.TaskGroup() as questions:
            while True:
                self._moved.clear()
                now = time.monotonic()
                for uuid in [each for each in self._wanted() if self._due[each] <= now]:
                    self._due[uuid] = now + SILENT_PACE
                    questions.create_task(self._ask(uuid))
                await self._until_due()

    def _wanted(self) -> Iterable[str]:
        return (uuid for uuid in self._due if self._watched or uuid not in self._asked)

    async def _until_due(self) -> None:
        soonest = min((self._due[uuid] for uuid in self._wanted()), default=None)
        wait = None if soonest is None else max(0.0, soonest - time.monotonic())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait):
                await self._moved.wait()

    async def _ask(self, uuid: str) -> None:
        self._asked.add(uuid)
        if uuid in self._hanging:
            return
        await self._free.acquire()
        self._hanging.add(uuid)
        question = self._connection.call_beside(partial(agent_addresses, uuid=uuid))
        question.add_done_callback(lambda _: self._came_back(uuid))
        await asyncio.wait([question], timeout=AGENT_SECONDS)
        if not question.done() or uuid not in self._due:
            return
        answer = question.result()
        if not isinstance(answer, Failure):
            self._due[uuid] = time.monotonic() + ANSWERED_PACE
            self._moved.set()
            await self._answered(uuid, answer)

    def _came_back(self, uuid: str) -> None:
        """Only now is the thread free, and the daemon's place for the call."""
        self._hanging.discard(uuid)
        self._free.release()


def agent_addresses(virt: Any, uuid: str) -> dict[str, tuple[str, ...]]:
    """MAC to addresses with prefix, as the agent says; blocks as long as the agent does."""
    source = libvirt.VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_AGENT
    found = virt.lookupByUUIDString(uuid).interfaceAddresses(source)
    table: dict[str, tuple[str, ...]] = {}
    for interface in found.values():
        mac = (interface["hwaddr"] or "").lower()
        said = tuple(f"{each['addr']}/{each['prefix']}" for each in interface["addrs"] or ())
        if mac and said:
            table[mac] = table.get(mac, ()) + said
    return table
