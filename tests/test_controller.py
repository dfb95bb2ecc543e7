"""The controller: one picture from many sources, at a pace a terminal can follow."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from kvmnet_tui.controller import FLUSH_BURST, FLUSHES_PER_SECOND, Controller, Pacer
from kvmnet_tui.events import Event, KernelChanged, SourceChanged
from kvmnet_tui.model.interest import Interest
from kvmnet_tui.model.state import HostState, Phase, Problem, SourceName, SourceStatus
from kvmnet_tui.sources.source import Inbox
from tests.support.live import live_host
from tests.support.pictures import link

LIVE = SourceStatus(Phase.LIVE, 1.0)


class Scripted:
    """A source that does what the test's coroutine does, and notes what it hears."""

    def __init__(
        self,
        script: Callable[[Inbox], Awaitable[None]],
        name: SourceName = SourceName.KERNEL,
    ) -> None:
        self.name = name
        self.followed: list[tuple[HostState, HostState]] = []
        self.interests: list[Interest] = []
        self.runs = 0
        self.ended = 0
        self._script = script

    async def run(self, inbox: Inbox) -> None:
        self.runs += 1
        try:
            await self._script(inbox)
            await asyncio.Event().wait()
        finally:
            self.ended += 1

    def look_at(self, interest: Interest) -> None:
        self.interests.append(interest)

    def follow(self, before: HostState, after: HostState) -> None:
        self.followed.append((before, after))


def named(name: str) -> KernelChanged:
    return KernelChanged(1.0, {7: link(7, name)})


async def test_what_sources_say_becomes_one_picture() -> None:
    async def kernel(inbox: Inbox) -> None:
        inbox.put(named("ens36"))

    async def libvirt(inbox: Inbox) -> None:
        inbox.put(SourceChanged(SourceName.LIBVIRT, LIVE))

    sources = Scripted(kernel), Scripted(libvirt, SourceName.LIBVIRT)
    async with live_host(*sources) as host:
        state = await host.until(lambda now: now.links and now.sources)
    assert state.link_named("ens36")
    assert state.source(SourceName.LIBVIRT) == LIVE
    for source in sources:
        assert source.followed[-1][1] is state
        assert source.ended == 1, "cancelled with the controller"


async def test_the_same_picture_is_not_published_twice() -> None:
    async def say_twice(inbox: Inbox) -> None:
        inbox.put(named("ens36"))
        await asyncio.sleep(0.01)
        inbox.put(named("ens36"))
        inbox.pull(lambda: [named("ens36")])
        await asyncio.sleep(0.01)
        inbox.put(named("ens37"))

    async with live_host(Scripted(say_twice)) as host:
        await host.until(lambda now: now.link_named("ens37"))
    assert [picture.links[7].name for picture in host.pictures] == ["ens36", "ens37"]


async def test_a_flood_is_shown_at_a_steady_pace_and_ends_exact() -> None:
    async def flood(inbox: Inbox) -> None:
        for number in range(400):
            inbox.put(named(f"vnet{number}"))
            await asyncio.sleep(0.001)
        inbox.put(named("last"))

    began = asyncio.get_running_loop().time()
    async with live_host(Scripted(flood)) as host:
        await host.until(lambda now: now.link_named("last"))
    took = asyncio.get_running_loop().time() - began
    assert len(host.pictures) <= FLUSH_BURST + FLUSHES_PER_SECOND * took + 1


async def test_what_is_pulled_is_taken_once_and_as_late_as_possible() -> None:
    taken: list[float] = []

    async def pull(inbox: Inbox) -> None:
        inbox.pull(take)

    def take() -> list[Event]:
        taken.append(asyncio.get_running_loop().time())
        return [named("ens36")]

    async with live_host(Scripted(pull)) as host:
        await host.until(lambda now: now.links)
    assert len(taken) == 1


async def test_a_source_that_breaks_is_said_to_and_started_again() -> None:
    async def break_once(inbox: Inbox) -> None:
        if source.runs == 1:
            raise ZeroDivisionError("a bug")
        inbox.put(SourceChanged(SourceName.KERNEL, LIVE))

    source = Scripted(break_once)
    async with live_host(source) as host:
        state = await host.until(lambda now: now.sources)
        status = state.source(SourceName.KERNEL)
        assert (status.phase, status.problem) == (Phase.LOST, Problem.FAILED)
        assert status.detail == "ZeroDivisionError: a bug"
        await host.until(lambda now: now.source(SourceName.KERNEL).phase is Phase.LIVE)
    assert source.runs == 2


async def test_every_source_learns_what_is_looked_at() -> None:
    async def nothing(inbox: Inbox) -> None:
        return

    sources = Scripted(nothing), Scripted(nothing, SourceName.LIBVIRT)
    interest = Interest(counters=True, forwarding=frozenset({3}))
    Controller(sources, lambda state: None).look_at(interest)
    assert [source.interests for source in sources] == [[interest], [interest]]


def test_single_changes_pass_at_once_and_floods_wait_their_turn() -> None:
    pacer = Pacer(10.0, 2.0, now=0.0)
    assert [pacer.delay(0.0) for _ in range(4)] == pytest.approx([0.0, 0.0, 0.1, 0.2])
    assert pacer.delay(100.0) == 0.0
