"""Bonds from /proc/net/bonding, read again when the kernel says that a bond or member changed.

As tried on kernel 6.1, netlink announces each carrier found or lost, each member that is up or down
in the driver's eyes, each move of the active member, each change of an option. It does not announce
`going down` and `going back`: the driver's monitor enters them up to miimon after the carrier
changed, so a bond with delays is read once more then. Nor does it announce what LACP negotiates:
that is read every second while it is on the way, or while somebody looks at the bonds.
"""

import asyncio
import errno
import os
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from kvmnet_tui.events import BondsRead, SourceChanged
from kvmnet_tui.model.bonds import Bond
from kvmnet_tui.model.interest import Interest
from kvmnet_tui.model.links import Link
from kvmnet_tui.model.state import HostState, Phase, Problem, SourceName, SourceStatus
from kvmnet_tui.sources.bonding_parser import parse_bond
from kvmnet_tui.sources.source import Inbox
from kvmnet_tui.sources.threads import Worker

PROC = Path("/proc/net/bonding")
LOOK_SECONDS = 1.0
RETRY_SECONDS = 5.0
MONITOR_LATENESS_SECONDS = 0.05  # how late the driver's monitor may run
READ_ATTEMPTS = 3

_PASSING_MII = {"going down", "going back"}
_PASSING_CHURN = "monitoring"


@dataclass(frozen=True, slots=True)
class _Reading:
    at: float
    phase: Phase
    problem: Problem
    detail: str
    bonds: Mapping[str, Bond]


class BondingSource:
    """The bonding driver's own reports. One reading is under way at a time, one more may wait."""

    name = SourceName.BONDING

    def __init__(self, root: Path = PROC) -> None:
        self._root = root
        self._known: Mapping[str, Bond] = {}
        self._wanted: set[str] = set()
        self._again: set[str] = set()
        self._wake = asyncio.Event()
        self._told: tuple[Phase, Problem, str] | None = None
        self._topology: object = None
        self._bond_of: Mapping[int, str] = {}
        self._looked_at = False
        self._kernel_is_live = False

    async def run(self, inbox: Inbox) -> None:
        """Say how it is and all bonds, then changes, until cancelled."""
        self._told = None
        self._want_all()
        # A thread of its own: the loop's are shared with calls to a libvirtd that may hang.
        worker = Worker("bonding")
        try:
            while True:
                self._tell(inbox, await self._next_reading(worker))
                await self._rest()
        finally:
            worker.close()

    def look_at(self, interest: Interest) -> None:
        """Read the bonds every second while they are on screen.

        Any change of screen looks for the driver too: one that is loaded but has no bond yet
        announces itself nowhere.
        """
        self._looked_at = interest.bonds
        if self._looked_at or self._phase is not Phase.LIVE:
            self._want_all()

    def follow(self, before: HostState, after: HostState) -> None:
        """Want the bonds read whose link, or a member's, is another than before."""
        live = after.source(SourceName.KERNEL).phase is Phase.LIVE
        if live != self._kernel_is_live:
            self._kernel_is_live = live
            self._want_all()
        if after.links is before.links:
            return

        def changed() -> set[str]:
            old, new = before.links, after.links
            return {name for i, name in self._bond_of.items() if old.get(i) is not new.get(i)}

        names = changed()
        if after.topology is not self._topology:  # who is bond and member may have changed
            self._topology = after.topology
            self._bond_of = dict(_bonds_and_members(after.links))
            names |= changed()
        self._want(names)
        self._again |= names & {bond.name for bond in self._known.values() if _has_delays(bond)}

    @property
    def _phase(self) -> Phase:
        return self._told[0] if self._told else Phase.STARTING

    def _want(self, names: Collection[str]) -> None:
        if names:
            self._wanted.update(names)
            self._wake.set()

    def _want_all(self) -> None:
        self._wanted.update(self._known)
        self._wake.set()

    async def _next_reading(self, worker: Worker) -> _Reading:
        self._wake.clear()
        wanted, self._wanted = self._wanted, set()
        has_bonds = bool(self._bond_of)
        return await worker.call(lambda: _read(self._root, self._known, wanted, has_bonds))

    def _tell(self, inbox: Inbox, reading: _Reading) -> None:
        told = (reading.phase, reading.problem, reading.detail)
        if told != self._told:
            status = SourceStatus(reading.phase, reading.at, reading.problem, reading.detail)
            inbox.put(SourceChanged(self.name, status))
            self._told = told
        changed = {
            name: reading.bonds.get(name)
            for name in (*self._known, *reading.bonds)
            if self._known.get(name) != reading.bonds.get(name)
        }
        if changed:
            inbox.put(BondsRead(reading.at, changed))
        self._known = reading.bonds
        self._again &= reading.bonds.keys()

    async def _rest(self) -> None:
        """Wait until there is reason to read again."""
        try:
            async with asyncio.timeout(self._rest_seconds()):
                await self._wake.wait()
        except TimeoutError:
            if self._again:
                self._want(self._again)
                self._again = set()
            else:
                self._want_all()

    def _rest_seconds(self) -> float | None:
        if self._phase is Phase.LOST:
            return RETRY_SECONDS
        if not self._kernel_is_live:  # nobody announces anything
            return LOOK_SECONDS if self._phase is Phase.LIVE else RETRY_SECONDS
        if self._phase is Phase.ABSENT:
            return None
        if self._again:
            slowest = max(self._known[name].miimon_ms for name in self._again)
            return slowest / 1000 + MONITOR_LATENESS_SECONDS
        return LOOK_SECONDS if self._is_watched() or self._is_unsettled() else None

    def _is_watched(self) -> bool:
        return self._looked_at and bool(self._known)

    def _is_unsettled(self) -> bool:
        """Whether a report is about to change unannounced, or names lag behind the kernel's."""
        return set(self._bond_of.values()) != self._known.keys() or any(
            member.mii_status in _PASSING_MII
            or _PASSING_CHURN in (member.actor_churn, member.partner_churn)
            for bond in self._known.values()
            for member in bond.members
        )


def _has_delays(bond: Bond) -> bool:
    return bond.miimon_ms > 0 and bond.up_delay_ms + bond.down_delay_ms > 0


def _bonds_and_members(links: Mapping[int, Link]) -> Iterator[tuple[int, str]]:
    """The indexes of bonds and their members, each with the bond's name."""
    bonds = {link.index: link.name for link in links.values() if link.kind == "bond"}
    yield from bonds.items()
    if bonds:
        for link in links.values():
            if link.master in bonds:
                yield link.index, bonds[link.master]


def _read(
    root: Path, known: Mapping[str, Bond], wanted: Collection[str], has_bonds: bool
) -> _Reading:
    """What the directory says now; a failure leaves no bond, since an old report may be wrong."""
    at = time.time()  # before it is read: a message of the kernel that comes meanwhile is newer
    phase, problem, detail = Phase.LIVE, Problem.NONE, ""
    bonds: Mapping[str, Bond] = {}
    try:
        bonds = _read_bonds(root, known, wanted)
    except PermissionError as error:
        phase, problem, detail = Phase.LOST, Problem.NO_RIGHTS, str(error)
    except FileNotFoundError as error:
        if has_bonds:  # there is a driver; its directory is hidden from this process
            phase, problem, detail = Phase.LOST, Problem.NO_RIGHTS, str(error)
        else:
            phase, problem = Phase.ABSENT, Problem.NO_DRIVER
    except OSError as error:
        phase, problem, detail = Phase.LOST, Problem.FAILED, str(error)
    return _Reading(at, phase, problem, detail, bonds)


def _read_bonds(
    root: Path, known: Mapping[str, Bond], wanted: Collection[str]
) -> Mapping[str, Bond]:
    """All bonds there are, new or wanted ones read, the others as known."""
    bonds: dict[str, Bond] = {}
    for path in sorted(root.iterdir()):
        name = os.fsencode(path.name).decode(errors="replace")
        if name in known and name not in wanted:
            bonds[name] = known[name]
        elif (text := _text(path)) is not None:
            bonds[name] = parse_bond(name, text)
    return bonds


def _text(path: Path) -> str | None:
    """The report's text, None when the bond is gone, be it while it was read (then EIO)."""
    for _ in range(READ_ATTEMPTS):
        try:
            return path.read_bytes().decode(errors="replace")
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno != errno.EIO:
                raise
    return None
