"""A NetlinkSource at work in a namespace, and what a fresh reading of the same host says."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from kvmnet_tui.model.links import Link
from kvmnet_tui.model.state import HostState, Phase, SourceName
from kvmnet_tui.sources.netlink import NetlinkSource
from kvmnet_tui.sources.netlink.reading import read_all
from kvmnet_tui.sources.netlink.source import RECEIVE_BUFFER
from kvmnet_tui.sources.netlink.table import KernelTable
from tests.support.live import LiveHost, live_host
from tests.support.namespaces import Namespace


@asynccontextmanager
async def live_kernel(
    namespace: Namespace, *, receive_buffer: int = RECEIVE_BUFFER
) -> AsyncIterator[LiveHost]:
    """A host of the kernel source alone, live, run by a thread inside the namespace."""
    source = NetlinkSource(receive_buffer=receive_buffer, sysfs=Path("/nonexistent"))
    with namespace.entered():
        async with live_host(source) as host:
            await host.until(is_live)
            yield host


def is_live(state: HostState) -> bool:
    """Whether the kernel's picture is complete."""
    return state.source(SourceName.KERNEL).phase is Phase.LIVE


async def fresh_reading() -> KernelTable:
    """A complete reading, made now, of the namespace this thread is in."""
    table = KernelTable()
    assert await read_all(table)
    return table


def the(state: HostState, name: str) -> Link:
    """The link of that name."""
    link = state.link_named(name)
    assert link is not None, f"no {name} among {sorted(one.name for one in state.links.values())}"
    return link
