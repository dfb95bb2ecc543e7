"""NetlinkSource under floods, overflow and faults: the picture is exact when the storm is over."""

import asyncio
import os
import resource
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager

import pytest

from kvmnet_tui.model.state import HostState, Phase, Problem, SourceName
from kvmnet_tui.model.timeline import Kind
from kvmnet_tui.sources.netlink import NetlinkSource
from tests.support.kernel import fresh_reading, is_live, live_kernel, the
from tests.support.labs import requires_lab
from tests.support.live import LiveHost, live_host
from tests.support.namespaces import Namespace, network_namespace

pytestmark = requires_lab("namespaces")

SMALLEST_BUFFER = 1  # the kernel makes it about 2 KiB: hardly a message


@pytest.fixture
def namespace() -> Iterator[Namespace]:
    with network_namespace() as made:
        yield made


def storm_lines(ports: int, rounds: int) -> list[str]:
    return [
        f"link set vnet{port} {way}"
        for _ in range(rounds)
        for port in range(ports)
        for way in ("down", "up")
    ]


def plugged(namespace: Namespace, ports: int) -> None:
    namespace.ip("link add br0 type bridge", "link set br0 up")
    namespace.batch(
        line
        for port in range(ports)
        for line in (
            f"link add vnet{port} type veth peer name far{port}",
            f"link set vnet{port} master br0 up",
            f"link set far{port} up",
        )
    )


async def agrees_with_the_kernel(host: LiveHost) -> None:
    """Until the host's links are exactly what a fresh reading says; AssertionError if never."""
    for _ in range(40):
        table = await fresh_reading()
        if host.state.links == table.links and host.state.neighbours == table.neighbours:
            return
        # Duplicate address detection and learning go on for a second or two.
        await asyncio.sleep(0.25)
    differing = [
        (host.state.links.get(index), table.links.get(index))
        for index in host.state.links.keys() | table.links.keys()
        if host.state.links.get(index) != table.links.get(index)
    ]
    raise AssertionError(f"{len(differing)} links differ, such as {differing[:1]}")


async def test_a_storm_of_flaps_ends_with_the_exact_picture(namespace: Namespace) -> None:
    plugged(namespace, 20)
    async with live_kernel(namespace) as host:
        before = len(host.pictures)
        began = asyncio.get_running_loop().time()
        await asyncio.to_thread(namespace.batch, storm_lines(20, 50))
        took = asyncio.get_running_loop().time() - began
        await agrees_with_the_kernel(host)
        published = len(host.pictures) - before
        assert published <= 30 + 20 * (took + 10), "floods are coalesced"
        flaps = [one for one in host.state.timeline if one.kind is Kind.CARRIER_LOST]
        assert sum(one.count for one in flaps) >= 900, "what was coalesced is still counted"


async def test_messages_that_the_kernel_threw_away_are_made_good(namespace: Namespace) -> None:
    plugged(namespace, 8)
    async with live_kernel(namespace, receive_buffer=SMALLEST_BUFFER) as host:
        await asyncio.to_thread(namespace.batch, storm_lines(8, 25))
        namespace.ip("link set vnet3 name survivor", "address add 10.0.0.7/24 dev br0")
        await host.until(lambda now: resyncs(now) and now.link_named("survivor"))
        await agrees_with_the_kernel(host)
        assert host.state.source(SourceName.KERNEL).phase is Phase.LIVE
        assert resyncs(host.state)[0].after == Problem.OVERFLOW


def resyncs(state: HostState) -> list[object]:
    return [entry for entry in state.timeline if entry.kind is Kind.SOURCE_RESYNCED]


async def test_links_that_vanish_while_all_are_read_are_not_in_the_picture(
    namespace: Namespace,
) -> None:
    lines = [f"link add dev v{number} type veth peer name w{number}" for number in range(100)]
    namespace.batch(lines)
    removing = [f"link del v{number}" for number in range(0, 100, 2)]
    with namespace.entered():
        async with live_host(NetlinkSource()) as host:
            await asyncio.to_thread(namespace.batch, removing)
            await host.until(is_live)
            await host.until(lambda now: len(now.links) == 101)
            await agrees_with_the_kernel(host)


async def test_ten_thousand_links_are_a_picture(namespace: Namespace) -> None:
    # Of the kinds quick to make, ifb is the one that the kernel also takes away quickly.
    namespace.batch(f"link add br{number} type bridge" for number in range(10))
    namespace.batch(f"link add idle{number} type ifb" for number in range(8_990))
    namespace.batch(f"link add vnet{n} master br{n % 10} type ifb" for n in range(1_000))
    async with live_kernel(namespace) as host:
        assert len(host.state.links) == 10_001
        assert len(host.state.topology.slaves) == 10
        namespace.ip("link set vnet999 name last")
        state = await host.until(lambda now: now.link_named("last"))
        assert the(state, "last").master == the(state, "br9").index


async def test_no_sockets_is_said_and_tried_again(namespace: Namespace) -> None:
    with namespace.entered():
        async with AsyncExitStack() as stack:
            with no_descriptors_left():
                host = await stack.enter_async_context(live_host(NetlinkSource()))
                await host.until(is_lost)
            status = host.state.source(SourceName.KERNEL)
            assert (status.problem, status.detail) == (Problem.FAILED, "Too many open files")
            await host.until(is_live)
            assert host.state.link_named("lo")


def is_lost(state: HostState) -> bool:
    return state.source(SourceName.KERNEL).phase is Phase.LOST


@contextmanager
def no_descriptors_left() -> Iterator[None]:
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    next_free = os.dup(0)
    os.close(next_free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (next_free, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
