"""HostState: the whole picture at one moment, replaced and never mutated."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from kvmnet_tui.model.bonds import Bond
from kvmnet_tui.model.change import ChangeStatus
from kvmnet_tui.model.drill import Drill
from kvmnet_tui.model.failovers import Failover
from kvmnet_tui.model.joins import AddressBook, Topology
from kvmnet_tui.model.links import Counters, ForwardingEntry, Link, Manager, Neighbour, Rates
from kvmnet_tui.model.replay import ReplayMoment
from kvmnet_tui.model.routes import Route
from kvmnet_tui.model.sriov import PhysicalFunction
from kvmnet_tui.model.tasks import Task
from kvmnet_tui.model.timeline import TimelineEntry
from kvmnet_tui.model.virt import Guest, Network

_EMPTY: Mapping[Any, Any] = MappingProxyType({})


class SourceName(StrEnum):
    """The outside worlds that the picture is made from."""

    KERNEL = "kernel"
    LIBVIRT = "libvirt"
    BONDING = "bonding"
    MANAGERS = "managers"


class Phase(StrEnum):
    """How a source is doing. ABSENT is no fault: this host simply has none of it."""

    STARTING = "starting"
    LIVE = "live"
    LOST = "lost"
    ABSENT = "absent"


class Problem(StrEnum):
    """Why a source is not live; `present` says each as a sentence."""

    NONE = ""
    NOT_RUNNING = "not-running"
    NO_RIGHTS = "no-rights"
    NOT_ANSWERING = "not-answering"
    BAD_URI = "bad-uri"
    NOT_INSTALLED = "not-installed"
    CONNECTION_LOST = "connection-lost"
    OVERFLOW = "overflow"
    NO_DRIVER = "no-driver"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """A source's phase since when (seconds since the epoch), why, and the library's own words."""

    phase: Phase
    since: float = 0.0
    problem: Problem = Problem.NONE
    detail: str = ""


@dataclass(frozen=True, slots=True)
class HostState:
    """Everything known about the host.

    `links`, `counters`, `rates` and `managers` are keyed by link index, `neighbours` by
    (link index, IP), `forwarding` by bridge index (only bridges somebody looks at), `bonds` by
    name, `networks` and `guests` by UUID. `routes` leave out default ones, `sriov` are the cards
    that can be split. `timeline`, `tasks` and `changes` (of the host's own networking) are
    bounded, oldest first; `changes_hidden` says that this account may not see them.
    `drill` is the failover drill under way, or the last one; `failovers` are those of earlier runs
    too, oldest first. `replay` is where in a recording this is, None for the present.
    `topology` and `address_book` are joins over the rest, replaced only when what they join
    changes: their identity tells a screen whether order and ownership may have changed.
    """

    host: str = ""
    sources: Mapping[SourceName, SourceStatus] = field(default_factory=lambda: _EMPTY)
    links: Mapping[int, Link] = field(default_factory=lambda: _EMPTY)
    counters: Mapping[int, Counters] = field(default_factory=lambda: _EMPTY)
    rates: Mapping[int, Rates] = field(default_factory=lambda: _EMPTY)
    neighbours: Mapping[tuple[int, str], Neighbour] = field(default_factory=lambda: _EMPTY)
    forwarding: Mapping[int, tuple[ForwardingEntry, ...]] = field(default_factory=lambda: _EMPTY)
    bonds: Mapping[str, Bond] = field(default_factory=lambda: _EMPTY)
    networks: Mapping[str, Network] = field(default_factory=lambda: _EMPTY)
    guests: Mapping[str, Guest] = field(default_factory=lambda: _EMPTY)
    managers: Mapping[int, Manager] = field(default_factory=lambda: _EMPTY)
    routes: tuple[Route, ...] = ()
    sriov: tuple[PhysicalFunction, ...] = ()
    timeline: tuple[TimelineEntry, ...] = ()
    tasks: tuple[Task, ...] = ()
    changes: tuple[ChangeStatus, ...] = ()
    changes_hidden: bool = False
    drill: Drill | None = None
    failovers: tuple[Failover, ...] = ()
    replay: ReplayMoment | None = None
    topology: Topology = field(default_factory=Topology.empty)
    address_book: AddressBook = field(default_factory=AddressBook.empty)

    def source(self, name: SourceName) -> SourceStatus:
        """The status of a source, STARTING while it has not spoken."""
        return self.sources.get(name, SourceStatus(Phase.STARTING))

    @property
    def change_under_way(self) -> ChangeStatus | None:
        """The change that is being tried, kept or taken back now."""
        return next((change for change in self.changes if not change.is_over), None)

    @property
    def now(self) -> float:
        """Seconds since the epoch: the present, or the moment that a recording shows."""
        return self.replay.at if self.replay else time.time()

    def link_named(self, name: str) -> Link | None:
        """The link called `name`, if there is one."""
        return self.links.get(self.topology.index_by_name.get(name, 0))
