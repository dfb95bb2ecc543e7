"""BondingSource over a directory of reports, beside a kernel that says what the test wants."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TextIO

import pytest

from kvmnet_tui.events import KernelChanged, SourceChanged
from kvmnet_tui.model.interest import Interest
from kvmnet_tui.model.links import Link
from kvmnet_tui.model.state import Phase, Problem, SourceName, SourceStatus
from kvmnet_tui.model.timeline import Kind
from kvmnet_tui.sources.bonding import BondingSource
from kvmnet_tui.sources.source import Inbox
from tests.support.live import LiveHost, live_host
from tests.support.pictures import link

CAPTURES = Path(__file__).parent / "data" / "bonding"
HEALTHY = (CAPTURES / "3.10-active-backup.txt").read_text()
FAILED_OVER = (CAPTURES / "3.10-active-backup-failed-over.txt").read_text()
NEGOTIATING = (CAPTURES / "4.19-openeuler-8023ad.txt").read_text()

ENS32 = link(2, "ens32", master=4)
ENS36 = link(3, "ens36", master=4)
BOND0 = link(4, "bond0", "bond")
TAP = link(5, "vnet0", "tun")
BONDED = {one.index: one for one in (ENS32, ENS36, BOND0, TAP)}


class SaidKernel:
    """A kernel source that is live and says what it is told to."""

    name = SourceName.KERNEL

    def __init__(self, links: Mapping[int, Link] = BONDED) -> None:
        self._first = links
        self._inbox: Inbox | None = None

    async def run(self, inbox: Inbox) -> None:
        self._inbox = inbox
        inbox.put(SourceChanged(self.name, SourceStatus(Phase.LIVE)))
        inbox.put(KernelChanged(0.0, self._first, complete=True))
        await asyncio.Event().wait()

    def say(self, *links: Link) -> None:
        assert self._inbox
        self._inbox.put(KernelChanged(0.0, {one.index: one for one in links}))

    def say_gone(self, *indexes: int) -> None:
        assert self._inbox
        self._inbox.put(KernelChanged(0.0, dict.fromkeys(indexes)))

    def die(self) -> None:
        assert self._inbox
        self._inbox.put(SourceChanged(self.name, SourceStatus(Phase.LOST)))

    def look_at(self, interest: Interest) -> None: ...

    def follow(self, before: object, after: object) -> None: ...


def again(one: Link) -> Link:
    """The link with something else about it."""
    return link(one.index, one.name, one.kind, master=one.master, carrier_changes=1)


def report(path: Path, text: str) -> None:
    """Put a report there in one go, as the kernel does."""
    made = path.parent.with_name("new")
    made.write_text(text)
    made.replace(path)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "bonding"
    folder.mkdir()
    return folder


@asynccontextmanager
async def bonded_host(root: Path, kernel: SaidKernel) -> AsyncIterator[LiveHost]:
    """A host whose bonding source has settled on what the kernel said first."""
    async with live_host(kernel, BondingSource(root)) as host:
        await host.until(lambda state: state.links)
        await host.until(lambda state: state.source(SourceName.BONDING).phase is not Phase.STARTING)
        yield host


def active_member(host: LiveHost) -> str:
    return host.state.bonds["bond0"].active_member


async def test_every_report_is_in_the_first_picture(root: Path) -> None:
    report(root / "bond0", HEALTHY)
    report(root / "bond1", NEGOTIATING)
    async with live_host(BondingSource(root)) as host:
        state = await host.until(lambda state: state.bonds)
        assert [bond.mode for bond in state.bonds.values()] == ["active-backup", "802.3ad"]
        assert state.source(SourceName.BONDING).phase is Phase.LIVE
        assert state.timeline == ()


@pytest.mark.parametrize("changed", [ENS32, ENS36, BOND0], ids=lambda one: one.name)
async def test_a_report_is_read_again_when_its_bond_or_a_member_changed(
    root: Path, changed: Link
) -> None:
    report(root / "bond0", HEALTHY)
    kernel = SaidKernel()
    async with bonded_host(root, kernel) as host:
        report(root / "bond0", FAILED_OVER)
        kernel.say(again(changed))
        state = await host.until(lambda _: active_member(host) == "ens36")
        assert [(entry.kind, entry.subject) for entry in state.timeline] == [
            (Kind.MEMBER_MII, "ens32"),
            (Kind.ACTIVE_MEMBER, "bond0"),
        ]


async def test_a_report_is_left_alone_when_another_link_changed(root: Path) -> None:
    report(root / "bond0", HEALTHY)
    report(root / "bond1", HEALTHY)
    bond1 = link(7, "bond1", "bond")
    kernel = SaidKernel({**BONDED, 7: bond1})
    async with bonded_host(root, kernel) as host:

        async def change_bond1(text: str, changes: int) -> None:
            report(root / "bond1", text)
            kernel.say(link(7, "bond1", "bond", carrier_changes=changes))
            active = "ens36" if text is FAILED_OVER else "ens32"
            await host.until(lambda state: state.bonds["bond1"].active_member == active)

        await change_bond1(FAILED_OVER, 1)  # what the first picture asked for is done with this
        report(root / "bond0", FAILED_OVER)
        kernel.say(again(TAP))
        await change_bond1(HEALTHY, 2)
        assert active_member(host) == "ens32"


async def test_without_a_bonding_driver_there_is_none_and_that_is_no_fault(tmp_path: Path) -> None:
    async with bonded_host(tmp_path / "bonding", SaidKernel({5: TAP})) as host:
        status = host.state.source(SourceName.BONDING)
        assert (status.phase, status.problem) == (Phase.ABSENT, Problem.NO_DRIVER)


async def test_the_source_comes_alive_when_the_first_bond_appears(tmp_path: Path) -> None:
    kernel = SaidKernel({5: TAP})
    async with bonded_host(tmp_path / "bonding", kernel) as host:
        (tmp_path / "bonding").mkdir()
        report(tmp_path / "bonding" / "bond0", HEALTHY)
        kernel.say(BOND0)
        state = await host.until(lambda state: state.bonds)
        assert state.source(SourceName.BONDING).phase is Phase.LIVE


async def test_a_driver_loaded_without_a_bond_is_seen_with_the_next_look(tmp_path: Path) -> None:
    async with bonded_host(tmp_path / "bonding", SaidKernel({5: TAP})) as host:
        (tmp_path / "bonding").mkdir()
        host.controller.look_at(Interest())
        await host.until(lambda state: state.source(SourceName.BONDING).phase is Phase.LIVE)


async def test_a_bond_that_goes_takes_its_report_along(root: Path) -> None:
    report(root / "bond0", HEALTHY)
    kernel = SaidKernel()
    async with bonded_host(root, kernel) as host:
        (root / "bond0").unlink()
        kernel.say_gone(BOND0.index)
        await host.until(lambda state: not state.bonds)


async def test_a_bond_that_is_renamed_is_found_under_its_new_name(root: Path) -> None:
    report(root / "bond0", HEALTHY)
    kernel = SaidKernel()
    async with bonded_host(root, kernel) as host:
        kernel.say(link(4, "lan", "bond"))  # the report's file may follow a moment later
        await host.until(lambda state: state.links[4].name == "lan")
        (root / "bond0").rename(root / "lan")
        await host.until(lambda state: list(state.bonds) == ["lan"])


async def test_a_member_that_moves_has_both_bonds_read(root: Path) -> None:
    report(root / "bond0", HEALTHY)
    report(root / "bond1", HEALTHY)
    kernel = SaidKernel({**BONDED, 7: link(7, "bond1", "bond")})
    async with bonded_host(root, kernel) as host:
        await host.until(lambda state: len(state.bonds) == 2)
        report(root / "bond0", FAILED_OVER)
        report(root / "bond1", FAILED_OVER)
        kernel.say(link(2, "ens32", master=7))
        await host.until(
            lambda state: {bond.active_member for bond in state.bonds.values()} == {"ens36"}
        )


async def test_what_nobody_announces_is_read_while_it_is_on_the_way(root: Path) -> None:
    report(root / "bond0", NEGOTIATING)
    async with bonded_host(root, SaidKernel()) as host:
        settled = NEGOTIATING.replace("monitoring", "churned")
        report(root / "bond0", settled)
        await host.until(lambda state: state.bonds["bond0"].members[1].actor_churn == "churned")


async def test_bonds_are_read_every_second_while_somebody_looks_at_them(root: Path) -> None:
    report(root / "bond0", HEALTHY)
    async with bonded_host(root, SaidKernel()) as host:
        host.controller.look_at(Interest(bonds=True))
        for text, member in ((FAILED_OVER, "ens36"), (HEALTHY, "ens32")):
            report(root / "bond0", text)
            await host.until(lambda _, member=member: active_member(host) == member)


async def test_without_the_kernel_s_word_bonds_are_still_followed(root: Path) -> None:
    report(root / "bond0", HEALTHY)
    kernel = SaidKernel()
    async with bonded_host(root, kernel) as host:
        kernel.die()
        report(root / "bond0", FAILED_OVER)
        await host.until(lambda _: active_member(host) == "ens36")


async def test_a_directory_that_is_none_is_a_lost_source_and_is_tried_again(
    tmp_path: Path, root: Path
) -> None:
    report(root / "bond0", HEALTHY)
    elsewhere = tmp_path / "elsewhere"
    kernel = SaidKernel()
    async with bonded_host(root, kernel) as host:
        await host.until(lambda state: state.bonds)
        root.rename(elsewhere)
        root.write_text("no directory")
        kernel.say(again(BOND0))
        # Between the two there is no directory at all for a moment, which means another thing.
        state = await host.until(
            lambda state: state.source(SourceName.BONDING).problem is Problem.FAILED
        )
        assert state.source(SourceName.BONDING).phase is Phase.LOST
        assert not state.bonds
        root.unlink()
        elsewhere.rename(root)
        await host.until(lambda state: state.bonds)
        assert host.state.source(SourceName.BONDING).phase is Phase.LIVE


async def test_a_bond_without_a_report_is_no_missing_driver(tmp_path: Path) -> None:
    kernel = SaidKernel()
    async with bonded_host(tmp_path / "hidden", kernel) as host:
        await host.until(
            lambda state: state.source(SourceName.BONDING).problem is Problem.NO_RIGHTS
        )


STATUS_FOR_NOBODY = """
import asyncio, os, sys
from pathlib import Path
from kvmnet_tui.model.state import SourceName
from kvmnet_tui.sources.bonding import BondingSource
from tests.support.live import live_host

async def main():
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
    async with live_host(BondingSource(Path(sys.argv[1]))) as host:
        state = await host.until(lambda state: state.sources)
        status = state.source(SourceName.BONDING)
        print(status.phase, status.problem)

asyncio.run(main())
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody without rights")
def test_a_directory_that_may_not_be_read_says_so(root: Path) -> None:
    root.chmod(0o700)
    command = [sys.executable, "-c", STATUS_FOR_NOBODY, str(root)]
    told = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert told.stdout.split() == [Phase.LOST, Problem.NO_RIGHTS], told.stderr


async def writer(pipe: Path) -> TextIO:
    """The pipe opened by this side, once a reading has opened it too."""
    return await asyncio.wait_for(asyncio.to_thread(pipe.open, "w"), 10)


async def test_changes_that_come_while_a_report_is_read_share_one_more_reading(root: Path) -> None:
    def new_pipe() -> None:  # the next reading opens it, and ends when the test says so
        os.mkfifo(root.with_name("pipe"))
        root.with_name("pipe").replace(root / "bond0")

    kernel = SaidKernel()
    new_pipe()
    try:
        async with live_host(kernel, BondingSource(root)) as host:
            with await writer(root / "bond0") as first:
                await host.until(lambda state: state.links)
                new_pipe()
                first.write(HEALTHY)
            with await writer(root / "bond0") as second:
                for changes in range(1, 6):
                    kernel.say(link(2, "ens32", master=4, carrier_changes=changes))
                    await host.until(lambda s, wanted=changes: s.links[2].carrier_changes == wanted)
                new_pipe()
                second.write(HEALTHY)
            with await writer(root / "bond0") as third:
                new_pipe()
                third.write(FAILED_OVER)
            await host.until(lambda _: active_member(host) == "ens36")
            with pytest.raises(OSError, match="No such device"):  # nobody is reading a fourth time
                os.open(root / "bond0", os.O_WRONLY | os.O_NONBLOCK)
    finally:  # a thread that still waits for a writer would keep the whole run from ending
        os.close(os.open(root / "bond0", os.O_RDWR | os.O_NONBLOCK))
