"""Failover drills on a real kernel: run by pytest inside User-Mode Linux (test_drill_lab.py)."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from kvmnet_tui.app import KvmnetApp
from kvmnet_tui.controller import Controller
from kvmnet_tui.drill.helpers import FOLDER, PYTHON
from kvmnet_tui.drill.source import DrillSource
from kvmnet_tui.drill.surroundings import Surroundings
from kvmnet_tui.failovers import FailoverFinder
from kvmnet_tui.history.source import HistorySource
from kvmnet_tui.history.store import History
from kvmnet_tui.model.bonds import Bond
from kvmnet_tui.model.drill import DrillPhase, DrillReport, How, Step
from kvmnet_tui.model.failovers import Cause, Failover
from kvmnet_tui.model.interest import Interest
from kvmnet_tui.model.state import HostState, Phase, SourceName
from kvmnet_tui.model.timeline import Kind
from kvmnet_tui.recording.player import load
from kvmnet_tui.requests import RequestError
from kvmnet_tui.requests.bonds import RunDrill
from kvmnet_tui.screens.frame import AppSettings
from kvmnet_tui.sources.bonding import BondingSource
from kvmnet_tui.sources.netlink import NetlinkSource
from tests.support import silence
from tests.support.live import LiveHost, live_host
from tests.support.screens import screen_text
from tests.support.uml_network import (
    SWITCH,
    cabled,
    far_end,
    ip,
    make_bond,
    plug,
    pull,
    setting,
)

NICS = ("ens32", "ens36")
ACTIVE_BACKUP = "mode active-backup miimon 100"
GATEWAY, OWN = "192.0.2.1", "192.0.2.2"
AROUND = Surroundings(gateways={"bond0": (GATEWAY,)})
UNDER_A_BRIDGE = Surroundings(gateways={"virbr1": (GATEWAY,)})
PATIENCE = 60.0
PROGRAM = (sys.executable, "-m", "kvmnet_tui")


class DrilledHost(LiveHost):
    """A live host on which drills can be asked for; keeps their reports."""

    def __init__(self, around: Surroundings) -> None:
        self.reports: list[DrillReport] = []
        self.drills = DrillSource(self._keep, lambda: around)
        self.told: list[str] = []
        sources = (NetlinkSource(), BondingSource(), self.drills)
        super().__init__(*sources, performers={}, read_only=False)

    def _keep(self, report: DrillReport) -> str:
        self.reports.append(report)
        return "kept"

    def tell(self, sentence: str) -> None:
        self.told.append(sentence)

    async def drill(self, **wanted: object) -> DrillReport:
        """Run a drill of bond0 to its end."""
        brief = {"baseline_seconds": 0.6, "settle_seconds": 0.6}
        await self.drills.perform(RunDrill("bond0", **brief, **wanted), self)  # type: ignore[arg-type]
        return self.reports[-1]

    async def wait_for(self, phase: DrillPhase) -> None:
        """Wait until the drill is that far."""
        await self.until(lambda state: state.drill and state.drill.phase is phase, PATIENCE)


@contextmanager
def bonded(options: str = ACTIVE_BACKUP, bridge: str = "") -> Iterator[str]:
    """bond0 over two NICs of one switch that is the gateway; the device with the address."""
    with cabled(*NICS):
        make_bond("bond0", options, NICS)
        ip(f"address add {GATEWAY}/24 dev br0", namespace=SWITCH)
        if bridge:
            ip(
                f"link add {bridge} type bridge forward_delay 0",
                f"link set bond0 master {bridge}",
                f"link set {bridge} up",
            )
        device = bridge or "bond0"
        ip(f"address add {OWN}/24 dev {device}", f"route add default via {GATEWAY} dev {device}")
        yield device


@asynccontextmanager
async def drilled_host(around: Surroundings = AROUND) -> AsyncIterator[DrilledHost]:
    """What is bonded, seen live and settled."""
    host = DrilledHost(around)
    host.controller.look_at(Interest(counters=True, bonds=True))
    running = asyncio.create_task(host.controller.run())
    try:
        await host.until(lambda state: mii(state) == ["up", "up"])
        await host.until(lambda state: state.source(SourceName.KERNEL).phase is Phase.LIVE)
        yield host
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def mii(state: HostState, name: str = "bond0") -> list[str]:
    return [member.mii_status for member in state.bonds.get(name, Bond(name)).members]


def steps_of(report: DrillReport) -> list[tuple[Step, str, str]]:
    return [(one.step, one.subject, one.value) for one in report.steps]


def in_order(found: list[object], *expected: object) -> bool:
    """Whether all expected ones are there, in this order."""
    rest = iter(found)
    return all(one in rest for one in expected)


async def test_a_drill_measures_a_failover_and_leaves_everything_as_it_was(
    record_property: Callable[[str, object], None],
) -> None:
    with bonded():
        async with drilled_host() as host:
            report = await host.drill()
            assert setting("bond0", "active_slave") == "ens32"
            state = await host.until(lambda state: mii(state) == ["up", "up"])
            assert state.link_named("ens32").is_up  # type: ignore[union-attr]
    assert in_order(
        [(entry.kind, entry.subject) for entry in state.timeline],
        (Kind.LINK_DOWN, "ens32"),
        (Kind.CARRIER_LOST, "ens32"),
        (Kind.MEMBER_MII, "ens32"),
        (Kind.ACTIVE_MEMBER, "bond0"),
        (Kind.PEERS_NOTIFIED, "bond0"),
        (Kind.CARRIER_FOUND, "ens32"),
        (Kind.MEMBER_MII, "ens32"),
        (Kind.ACTIVE_MEMBER, "bond0"),
    )
    assert (report.member, report.took_over, report.how) == ("ens32", "ens36", How.DOWN)
    assert report.remarks == ()
    assert in_order(
        steps_of(report),
        (Step.SET_DOWN, "ens32", ""),
        (Step.CARRIER_LOST, "ens32", ""),
        (Step.ARP, "bond0", OWN),
        (Step.FIRST_ANSWER, GATEWAY, ""),
        (Step.SET_UP, "ens32", ""),
        (Step.CARRIER_FOUND, "ens32", ""),
        (Step.MII, "ens32", "up"),
        (Step.GIVEN_BACK, "bond0", "ens32"),
        (Step.ACTIVE, "bond0", "ens32"),
    )
    assert (Step.MII, "ens32", "down") in steps_of(report)
    assert (Step.ACTIVE, "bond0", "ens36") in steps_of(report)
    failover, failback = report.failover, report.failback
    assert failover is not None
    assert failback is not None
    assert failover.lost > 0
    assert failover.detection_ms is not None
    assert failover.total_ms is not None
    assert failover.switch_ms is not None
    assert failover.detection_ms < failover.total_ms <= failover.longest_silence_ms + 50
    assert failover.total_ms == pytest.approx(failover.detection_ms + failover.switch_ms, abs=1)
    assert failover.announced_ms is not None
    assert failback.moved_ms is not None
    record_property("drill_detection_ms", failover.detection_ms)
    record_property("drill_switch_over_ms", failover.switch_ms)
    record_property("drill_lost_probes", f"{failover.lost} of {failover.sent}")
    record_property("drill_failback_silence_ms", failback.longest_silence_ms)


@contextmanager
def witnessed(out: Path) -> Iterator[None]:
    """The independent probe of a datagram a millisecond, from here to the gateway."""
    program = [sys.executable, silence.__file__]
    inside = ["ip", "netns", "exec", SWITCH]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([*inside, *program, "echo", GATEWAY], **pipes) as answering:
        assert answering.stdout
        assert answering.stdout.readline() == b"ready\n"
        watching = subprocess.Popen([*program, "watch", GATEWAY, str(out)], **pipes)
        assert watching.stdout
        assert watching.stdout.readline() == b"ready\n"
        try:
            yield
        finally:
            watching.communicate()
            answering.kill()


async def test_the_measured_outage_agrees_with_an_independent_probe(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    with bonded(f"{ACTIVE_BACKUP} downdelay 600 primary ens32"), witnessed(tmp_path / "silence"):
        async with drilled_host() as host:
            drill = asyncio.create_task(host.drill(how=How.PULL))
            await host.wait_for(DrillPhase.WAITING)
            pull("ens32")
            await host.wait_for(DrillPhase.RESTORING)
            plug("ens32")
            report = await drill
    measured = report.failover
    assert measured is not None
    independent = float((tmp_path / "silence").read_text())
    record_property("outage_by_drill_ms", measured.longest_silence_ms)
    record_property("outage_by_1ms_probe_ms", independent)
    assert independent > 500
    assert measured.longest_silence_ms == pytest.approx(independent, rel=0.1)
    assert measured.total_ms == pytest.approx(independent, rel=0.1)
    assert measured.detection_ms == pytest.approx(650, abs=150)
    # The primary takes over again by itself.
    assert (Step.ACTIVE, "bond0", "ens32") in steps_of(report)
    assert (Step.GIVEN_BACK, "bond0", "ens32") not in steps_of(report)
    moved = [entry for entry in host.state.timeline if entry.kind is Kind.FAILED_BACK]
    assert [(one.subject, one.before, one.after) for one in moved] == [("bond0", "ens36", "ens32")]


async def test_a_bond_under_a_bridge_with_a_guest_is_drilled_through_the_bridge(
    tmp_path: Path,
) -> None:
    with bonded(f"{ACTIVE_BACKUP} downdelay 300", bridge="virbr1"):
        ip("netns add guest")
        try:
            ip(
                "link add vnet0 type veth peer name eth0 netns guest",
                "link set vnet0 master virbr1 up",
            )
            ip("link set eth0 up", "address add 192.0.2.9/24 dev eth0", namespace="guest")
            with guest_pings(tmp_path / "pings"):
                async with drilled_host(UNDER_A_BRIDGE) as host:
                    report = await host.drill(targets=(GATEWAY,))
            lost = (tmp_path / "pings").read_text()
        finally:
            ip("netns del guest")
    assert (report.device, report.bridge) == ("virbr1", "virbr1")
    assert report.failover is not None
    assert report.failover.total_ms is not None
    assert report.failover.lost > 0
    # The guest lost its pings in the same interruption, and no more than that.
    sent, received = int(lost.split()[0]), int(lost.split()[3])
    assert sent > received > sent / 2


@contextmanager
def guest_pings(out: Path) -> Iterator[None]:
    """Pings from the guest's namespace to the gateway while the block runs."""
    command = ["ip", "netns", "exec", "guest", "ping", "-n", "-i", "0.02", GATEWAY]
    with out.with_suffix(".all").open("w") as file:
        ping = subprocess.Popen(command, stdout=file)
        try:
            yield
        finally:
            ping.send_signal(signal.SIGINT)
            ping.wait(PATIENCE)
    lines = out.with_suffix(".all").read_text().splitlines()
    out.write_text(next(line for line in lines if "packets transmitted" in line))


@contextmanager
def chatter() -> Iterator[None]:
    """Broadcasts from the switch: a standby is known to live by what it hears."""
    inside = ["ip", "netns", "exec", SWITCH]
    # A port outside the bridge must not answer for the bridge's address, as Linux otherwise does.
    subprocess.run([*inside, "sysctl", "-qw", "net.ipv4.conf.all.arp_ignore=1"], check=True)
    command = [*inside, "ping", "-q", "-b", "-i", "0.05", "192.0.2.255"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as ping:
        try:
            yield
        finally:
            ping.kill()


async def test_arp_monitoring_notices_what_no_carrier_tells() -> None:
    arp = f"mode active-backup arp_interval 100 arp_ip_target {GATEWAY}"
    with bonded(arp), chatter():
        history: list[Failover] = []
        async with drilled_host() as host:
            await host.until(lambda state: state.bonds["bond0"].active_member == "ens32", PATIENCE)
            # The switch no longer passes anything on: the carrier stays.
            ip(f"link set {far_end('ens32')} nomaster", namespace=SWITCH)
            state = await host.until(
                lambda state: state.bonds["bond0"].active_member == "ens36", PATIENCE
            )
            assert state.link_named("ens32").has_carrier  # type: ignore[union-attr]
            assert not [e for e in state.timeline if e.kind is Kind.CARRIER_LOST]
            history.extend(failovers_in(state))
            ip(f"link set {far_end('ens32')} master br0", namespace=SWITCH)
            await host.until(lambda state: mii(state) == ["up", "up"], PATIENCE)
            report = await host.drill(member="ens36")
    assert [(one.member, one.cause) for one in history][-1] == ("ens32", Cause.MONITOR)
    assert report.failover is not None
    assert report.failover.detection_ms is not None
    assert (report.miimon_ms, report.arp_interval_ms) == (0, 100)


def failovers_in(state: HostState) -> list[Failover]:
    found: dict[str, Failover] = {}
    finder = FailoverFinder(lambda one: found.update({one.key: one}))
    for entry in state.timeline:
        finder.take(state, entry)
    return list(found.values())


async def test_lacp_goes_on_without_a_member_and_tells_of_one_in_another_aggregator() -> None:
    lacp = "mode 802.3ad miimon 100 lacp_rate fast"
    with cabled(*NICS, bridged=False):
        make_bond("peer", lacp, [far_end(nic) for nic in NICS], SWITCH)
        make_bond("bond0", lacp, NICS)
        ip(f"address add {GATEWAY}/24 dev peer", namespace=SWITCH)
        ip(f"address add {OWN}/24 dev bond0")
        async with drilled_host() as host:
            await host.until(lambda state: aggregated(state) == 2, PATIENCE)
            report = await host.drill()
            assert report.took_over == ""
            assert report.failover is not None
            assert report.failover.total_ms is not None
            assert report.remarks == ()
            # The switch's port leaves the other bond: here it ends in an aggregator of its own.
            began = time.time()
            ip(f"link set {far_end('ens36')} nomaster", namespace=SWITCH)
            ip(f"link set {far_end('ens36')} up", namespace=SWITCH)
            state = await host.until(
                lambda state: any(
                    entry.kind is Kind.LACP_AGGREGATOR and entry.at > began
                    for entry in state.timeline
                ),
                PATIENCE,
            )
            first, second = state.bonds["bond0"].members
            assert first.aggregator_id != second.aggregator_id
            assert aggregated(state) == 1


def aggregated(state: HostState) -> int:
    lacp = state.bonds["bond0"].lacp
    speaks = lacp is not None and lacp.partner_mac != "00:00:00:00:00:00"
    return (lacp.port_count or 0) if lacp and speaks else 0


async def test_what_must_not_be_drilled_is_refused_and_nothing_is_touched() -> None:
    with bonded():
        async with drilled_host() as host:
            pull("ens36")
            await host.until(lambda state: mii(state) == ["up", "down"])
            with pytest.raises(RequestError, match="only way out"):
                await host.drill()
            assert up("ens32")
            assert not host.reports
            plug("ens36")
            await host.until(lambda state: mii(state) == ["up", "up"])
        silent = Surroundings(gateways={"bond0": ("192.0.2.77",)})
        async with drilled_host(silent) as host:
            with pytest.raises(RequestError, match="Nothing that is probed answers"):
                await host.drill()
            assert not [e for e in host.state.timeline if e.kind is Kind.LINK_DOWN]


# The program itself, with its own commands.


@contextmanager
def state_folder(folder: Path) -> Iterator[dict[str, str]]:
    yield {**os.environ, "KVMNET_TUI_STATE": str(folder), "HOME": "/run/home", "LANG": "C.UTF-8"}


def up(nic: str) -> bool:
    return bool(int(Path(f"/sys/class/net/{nic}/flags").read_text(), 16) & 1)


def wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def test_kill_9_in_the_middle_of_a_drill_leaves_the_member_up(tmp_path: Path) -> None:
    with bonded(f"{ACTIVE_BACKUP} downdelay 2000"), state_folder(tmp_path) as environment:
        drill = subprocess.Popen(
            [*PROGRAM, "bond", "drill", "bond0", "--yes"],
            env=environment, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        wait_until(lambda: not up("ens32"), "the member never went down")
        os.killpg(drill.pid, signal.SIGKILL)
        killed = time.monotonic()
        drill.communicate()
        assert drill.returncode == -signal.SIGKILL
        wait_until(lambda: up("ens32"), "the member stayed down")
        assert time.monotonic() - killed < 5
        assert Path("/sys/class/net/ens32/master").resolve().name == "bond0"


def test_the_restorer_brings_the_member_up_at_its_deadline_and_back_into_its_bond() -> None:
    with bonded():
        orders = {"bond": "bond0", "member": "ens32", "seconds": 2, "lock": "/run/drill.lock"}
        command = [*PYTHON, str(FOLDER / "restorer.py"), json.dumps(orders)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        with subprocess.Popen(command, **pipes) as restorer:
            assert restorer.stdin
            assert restorer.stdout
            assert json.loads(restorer.stdout.readline())[0] == "armed"
            # While it guards, no other can.
            second = subprocess.run(command, input=b"", capture_output=True, check=False)
            assert b'["refused", "busy"]' in second.stdout
            restorer.stdin.write(b"down\n")
            restorer.stdin.flush()
            assert json.loads(restorer.stdout.readline())[0] == "down"
            assert not up("ens32")
            ip("link set ens32 nomaster")  # as a daemon may do that does not like what it sees
            assert json.loads(restorer.stdout.readline())[0] == "up"
        assert up("ens32")
        assert Path("/sys/class/net/ens32/master").resolve().name == "bond0"


def test_the_commands_drill_watch_record_and_tell_the_history(tmp_path: Path) -> None:
    with bonded(), state_folder(tmp_path) as environment:
        recording = tmp_path / "night.jsonl"
        pipes = {"env": environment, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        record = subprocess.Popen([*PROGRAM, "record", str(recording)], **pipes)
        watch = subprocess.Popen([*PROGRAM, "bond", "watch", "bond0", "--json"], **pipes)
        wait_until(recording.exists, "the recording never began")
        svg = tmp_path / "drill.svg"
        drill = subprocess.run(
            [*PROGRAM, "bond", "drill", "bond0", "--yes", "--json", "--svg", str(svg)],
            env=environment, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert drill.returncode == 0, drill.stderr
        assert "Taking ens32 down." in drill.stderr
        report = json.loads(drill.stdout)
        assert (report["bond"], report["member"], report["took_over"]) == (
            "bond0",
            "ens32",
            "ens36",
        )
        assert svg.read_text().startswith("<svg ")
        assert watch.stdout
        events = [json.loads(watch.stdout.readline()) for _ in range(5)]
        assert [one["event"] for one in events] == [
            "link-down", "carrier-lost", "member-mii", "active-member", "peers-notified",
        ]  # fmt: skip
        for process in (watch, record):
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=PATIENCE)
        history = said("bond", "history", "--json", environment=environment)
        failovers = json.loads(history)["failovers"]
        assert (failovers[0]["member"], failovers[0]["cause"]) == ("ens32", "set-down")
        assert 0 < failovers[0]["detection_ms"] <= failovers[0]["total_ms"] < 2000
        assert failovers[0]["out_seconds"] > 1
        name = json.loads(history)["drills"][0]["name"]
        assert "ens36" in said("bond", "history", name, environment=environment)
        assert "active-backup" in said("bond", "show", "bond0", environment=environment)
        check_recording(recording)


def said(*words: str, environment: dict[str, str]) -> str:
    done = subprocess.run(
        [*PROGRAM, *words], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def check_recording(path: Path) -> None:
    recording = load(path)
    assert recording.trouble == ""
    active = [recording.picture(at).bonds["bond0"].active_member for at in range(len(recording))]
    assert [name for at, name in enumerate(active) if active[at - 1] != name][-2:] == [
        "ens36", "ens32",
    ]  # fmt: skip
    kinds = [entry.kind for entry in recording.picture(len(recording) - 1).timeline]
    assert kinds.count(Kind.ACTIVE_MEMBER) == 2


async def test_failovers_are_kept_with_their_durations(tmp_path: Path) -> None:
    with bonded(f"{ACTIVE_BACKUP} primary ens32"):
        for _run in range(2):
            source = HistorySource(History(tmp_path))
            async with live_host(NetlinkSource(), BondingSource(), source) as host:
                await host.until(lambda state: mii(state) == ["up", "up"])
                pulled = time.time()
                pull("ens32")
                await host.until(lambda state: mii(state) == ["down", "up"])
                plug("ens32")
                await host.until(lambda state: mii(state) == ["up", "up"])
                await host.until(
                    lambda state, since=pulled: any(
                        one.cause is Cause.FAILBACK and one.at > since for one in state.failovers
                    )
                )
        state = host.state
    kept = [one for one in state.failovers if one.cause is Cause.CARRIER]
    assert [(one.member, one.took_over) for one in kept] == [("ens32", "ens36")] * 2
    for one in kept:
        assert one.detection_ms is not None
        assert one.total_ms is not None
        assert 0 < one.detection_ms <= one.total_ms < 2000
        assert one.out_seconds
    assert len([one for one in state.failovers if one.cause is Cause.FAILBACK]) == 2


class Flapper(threading.Thread):
    """Pulls and plugs a cable 50 times a second until told to stop."""

    def __init__(self, nic: str) -> None:
        super().__init__(daemon=True)
        self.flaps = 0
        self._nic = nic
        self._ended = threading.Event()

    def run(self) -> None:
        ip_batch = subprocess.Popen(
            ["ip", "-n", SWITCH, "-batch", "-"], stdin=subprocess.PIPE, text=True
        )
        assert ip_batch.stdin
        while not self._ended.wait(0.02):
            end = far_end(self._nic)
            ip_batch.stdin.write(f"link set {end} down\nlink set {end} up\n")
            ip_batch.stdin.flush()
            self.flaps += 1
        ip_batch.communicate()

    def stop(self) -> None:
        self._ended.set()
        self.join()


async def test_a_member_that_flaps_fifty_times_a_second_keeps_the_screen_truthful(
    record_property: Callable[[str, object], None],
) -> None:
    with bonded():

        def make(publish: Callable[[HostState], None]) -> Controller:
            return Controller((NetlinkSource(), BondingSource()), publish)

        app = KvmnetApp(make, AppSettings())
        async with app.run_test(size=(120, 30)) as pilot:
            await shown(pilot, app, lambda text: "bond0" in text, "3")
            before = carriers_lost("ens32")
            flapper = Flapper("ens32")
            began = time.monotonic()
            flapper.start()
            while time.monotonic() - began < 4:
                await pilot.pause(0.1)
            await asyncio.to_thread(flapper.stop)
            seconds = time.monotonic() - began
            pull("ens32")
            await shown(pilot, app, lambda text: line_of(text, "ens32").count("down") == 1)
            await shown(pilot, app, lambda text: "active" in line_of(text, "ens36"))
            state, text = app.state, screen_text(app)
        lost = sum(
            entry.count
            for entry in state.timeline
            if entry.kind is Kind.CARRIER_LOST and entry.subject == "ens32"
        )
        assert lost == carriers_lost("ens32") - before
        told = next(one for one in state.bonds["bond0"].members if one.name == "ens32")
        assert str(told.link_failures) in line_of(text, "ens32")
        record_property("flaps_per_second", round(flapper.flaps / seconds, 1))
        record_property("carriers_lost_told", lost)
        assert flapper.flaps / seconds > 20


async def shown(pilot, app, condition: Callable[[str], bool], *keys: str) -> None:  # type: ignore[no-untyped-def]
    await pilot.press(*keys)
    deadline = time.monotonic() + PATIENCE
    while not condition(screen_text(app)):
        assert time.monotonic() < deadline, screen_text(app)
        await pilot.pause(0.05)


def line_of(text: str, name: str) -> str:
    """The member's own line, not the bond's that names it."""
    return next((line for line in text.split("\n") if name in line[:12]), "")


def carriers_lost(nic: str) -> int:
    return int(Path(f"/sys/class/net/{nic}/carrier_down_count").read_text())
