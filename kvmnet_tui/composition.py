"""The real sources put together; what they import is loaded here and not before."""

import asyncio
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from kvmnet_tui import lab
from kvmnet_tui.controller import Controller, Publish
from kvmnet_tui.events import SourceChanged
from kvmnet_tui.model.interest import Interest
from kvmnet_tui.model.state import HostState, Phase, Problem, SourceStatus
from kvmnet_tui.requests import Performers
from kvmnet_tui.sources.source import Inbox, Source

if TYPE_CHECKING:
    from kvmnet_tui.drill.source import DrillSource
    from kvmnet_tui.history.store import History
    from kvmnet_tui.model.drill import DrillReport
    from kvmnet_tui.sources.virt.caller import VirtCaller


def controller_maker(uri: str, *, read_only: bool) -> Callable[[Publish], Controller]:
    """What makes the controller of this host (in the lab: of the lab's) and of libvirt at `uri`."""

    def make(publish: Publish) -> Controller:
        world = real_world(lab.URI if lab.inside() else uri, read_only=read_only)
        sources = world.sources
        if lab.inside():
            sources = tuple(_InLab(source) for source in sources)
        host = socket.gethostname()
        return Controller(sources, publish, host, world.performers, read_only=read_only)

    return make


@dataclass(frozen=True, slots=True)
class World:
    """The sources, and what loads those who perform requests."""

    sources: tuple[Source, ...]
    performers: Callable[[], Performers]


def real_world(uri: str, *, read_only: bool) -> World:
    """The kernel, the bonding driver, libvirt, and the services that manage links."""
    from kvmnet_tui.change.source import ChangesSource  # noqa: PLC0415
    from kvmnet_tui.drill.source import DrillSource  # noqa: PLC0415 - after the first frame
    from kvmnet_tui.history.source import HistorySource  # noqa: PLC0415
    from kvmnet_tui.history.store import History, state_folder  # noqa: PLC0415
    from kvmnet_tui.sources.bonding import BondingSource  # noqa: PLC0415
    from kvmnet_tui.sources.managers import ManagersSource  # noqa: PLC0415
    from kvmnet_tui.sources.netlink import NetlinkSource  # noqa: PLC0415
    from kvmnet_tui.sources.netlink.routes import RouteSource  # noqa: PLC0415
    from kvmnet_tui.sources.sriov import SriovSource  # noqa: PLC0415
    from kvmnet_tui.sources.virt import VirtSource  # noqa: PLC0415
    from kvmnet_tui.sources.virt.caller import VirtCaller  # noqa: PLC0415

    virt = VirtSource(uri, read_only)
    caller = VirtCaller(uri, virt)
    history = None if lab.inside() else History(state_folder())
    drills = DrillSource(partial(_keep_report, history))
    kernel = (NetlinkSource(), RouteSource(), SriovSource())
    bonds = (BondingSource(), HistorySource(history), drills)
    sources = (*kernel, virt, *bonds, ManagersSource(), ChangesSource())
    return World(sources, partial(_performers, caller, drills))


def _keep_report(history: "History | None", report: "DrillReport") -> str:
    from kvmnet_tui.history.reports import keep_report  # noqa: PLC0415 - with the first drill

    return keep_report(history, report)


def _performers(caller: "VirtCaller", drills: "DrillSource") -> Performers:
    """Who performs what; each domain adds its own here."""
    from kvmnet_tui.change import perform as changes  # noqa: PLC0415
    from kvmnet_tui.sources.virt.perform import networks  # noqa: PLC0415

    return {
        **networks.performers(caller),
        **_nic_performers(caller),
        **drills.performers(),
        **changes.performers(),
    }


def _nic_performers(caller: "VirtCaller") -> Performers:
    from kvmnet_tui.reach import perform as reach  # noqa: PLC0415 - with the first request
    from kvmnet_tui.reach import watching  # noqa: PLC0415
    from kvmnet_tui.sources.virt.perform import nics  # noqa: PLC0415

    inner = nics.performers(caller)
    return {**inner, **watching.performers(inner), **reach.performers()}


class _InLab:
    """A source that begins when the lab's little host is complete."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.name = source.name

    async def run(self, inbox: Inbox) -> None:
        """Wait for the lab, then be the source."""
        from kvmnet_tui.lab.ready import wait_ready  # noqa: PLC0415 - in the lab only

        try:
            await wait_ready()
        except lab.LabError as error:
            status = SourceStatus(Phase.LOST, time.time(), Problem.FAILED, str(error))
            inbox.put(SourceChanged(self.name, status))
            await asyncio.Event().wait()
        await self._source.run(inbox)

    def look_at(self, interest: Interest) -> None:
        """Pass it on."""
        self._source.look_at(interest)

    def follow(self, before: HostState, after: HostState) -> None:
        """Pass it on."""
        self._source.follow(before, after)
