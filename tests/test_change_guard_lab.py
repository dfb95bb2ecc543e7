"""The guard on a real kernel: sessions live, nothing is confirmed by silence, and it may be killed.

The host of these tests has namespaces, a /run and a /var/lib of its own; its gateway and the SSH
client are in the office at the other end of ens32.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.labs import requires_lab
from tests.support.managed_host import ADDRESS, GATEWAY, ROOT, KeptBy, ManagedHost

pytestmark = requires_lab("namespaces")

STATES = {"armed", "applying", "trial", "rolling-back", "rolled-back", "refused"}
FINAL = {"committed", "rolled-back", "rollback-failed", "refused"}
PATIENCE = 40.0

# A trial of virbr1 on ens32 with short times, and steps of the test's own among the plan's.
TRY = """
import dataclasses, json, sys
from kvmnet_tui.change.plan import FileChange
from kvmnet_tui.change.planner import make_plan
from kvmnet_tui.change.reader import read_facts
from kvmnet_tui.change.start import start
from kvmnet_tui.change.wishes import BackendName, BridgeSpec, CreateBridge
from kvmnet_tui.requests import RequestError
said = json.loads(sys.argv[1])
wish = CreateBridge(BridgeSpec("virbr1"), "ens32", backend=BackendName.RUNTIME)
plan = make_plan(wish, read_facts())
values = {name: said[name] for name in ("window_seconds", "patience_seconds") if name in said}
for name in ("trial", "commit", "rollback"):
    steps = list(getattr(plan, name))
    for at, step in said.get(name, ()):
        steps.insert(at, step)
    values[name] = tuple(steps)
if "files" in said:
    values["files"] = tuple(FileChange(*change) for change in said["files"])
try:
    print(start(dataclasses.replace(plan, **values)))
except RequestError as error:
    print("refused:", error.sentence)
"""

ECHO = """
import socket
server = socket.create_server(("0.0.0.0", 2222))
print("ready", flush=True)
peer, _ = server.accept()
while data := peer.recv(64):
    peer.send(data)
"""
TALK = f"""
import select, socket, sys, time
peer = socket.create_connection(("{ADDRESS}", 2222))
peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
print("ready", flush=True)
longest, last = 0.0, time.monotonic()
while not select.select([sys.stdin], [], [], 0.005)[0]:
    peer.send(b"x")
    if not select.select([peer], [], [], 10)[0]:
        print("dead", flush=True)
        break
    peer.recv(64)
    now = time.monotonic()
    longest, last = max(longest, now - last), now
print(longest, flush=True)
"""


# What a guard that died right after it was armed leaves, in a copy of the newest change's folder.
ARM = """
import json, shutil, sys, time
from pathlib import Path
newest = max(Path("/run/kvmnet-tui").glob("2*"))
folder = newest.with_name(newest.name + "-1")
shutil.copytree(newest, folder)
sys.path.insert(0, str(folder / "guard.pyz"))
from guard.guarding import Guard
before = json.loads((folder / "journal.json").read_text())
fresh = {"state": "prepared", "log": [], "id": folder.name, "boot_id": before["boot_id"]}
fresh |= {"created": time.time(), "prepared": time.clock_gettime(time.CLOCK_BOOTTIME)}
said = json.loads(sys.argv[1])
if not said["arm"]:
    fresh["prepared"] -= said["dead_for"]
(folder / "journal.json").write_text(json.dumps(fresh))
if said["arm"]:
    guard = Guard(folder)
    guard.arm()
    guard.journal.save(deadline=guard.journal["deadline"] - said["dead_for"])
print(folder)
"""

NEWEST = "$(ls -d /run/kvmnet-tui/2*/ | tail -1)"
FILL = "head -c 4096 /dev/zero >"


def pause(seconds: float = 3.0) -> dict[str, Any]:
    """A step during which the test finds the guard where it wants it."""
    argv = ["sleep", str(seconds)]
    return {"do": "run", "argv": argv, "text": "", "may_fail": False, "say": "pause", "seconds": 20}


def written(path: str, before: str | None = None) -> dict[str, Any]:
    """A step that writes a configuration file."""
    return {"do": "write", "path": path, "text": "new\n", "mode": 0o644, "say": "write",
            "before": before, "seconds": 5}  # fmt: skip


class Host(ManagedHost):
    """A managed host with the verbs of these tests."""

    def try_bridge(self, **said: Any) -> str:
        """The change's id, or `refused: SENTENCE`."""
        return self.run(
            sys.executable, "-c", TRY, json.dumps({"window_seconds": 60, **said})
        ).strip()

    @contextmanager
    def trying(self, **said: Any) -> Iterator[None]:
        """The same beside the test."""
        argv = [sys.executable, "-c", TRY, json.dumps({"window_seconds": 60, **said})]
        process = subprocess.Popen(
            self.command(argv), stdout=subprocess.DEVNULL, env=dict(self.environment()),
            cwd=ROOT,
        )  # fmt: skip
        try:
            yield
        finally:
            process.wait(60)

    def journal(self) -> dict[str, Any]:
        """The newest change's journal; empty while there is none."""
        said = self.run("sh", "-c", "cat $(ls -d /run/kvmnet-tui/2*/ | tail -1)journal.json",
                        check=False)  # fmt: skip
        try:
            journal: dict[str, Any] = json.loads(said)
        except ValueError:
            return {}
        return journal

    def until(self, condition: Callable[[dict[str, Any]], object], what: str) -> dict[str, Any]:
        """The journal once it satisfies the condition."""
        deadline = time.monotonic() + PATIENCE
        while True:
            journal = self.journal()
            if journal and condition(journal):
                return journal
            assert time.monotonic() < deadline, f"not seen: {what}; {journal}"
            time.sleep(0.05)

    def until_over(self) -> dict[str, Any]:
        """The journal of a change that has ended."""
        return self.until(lambda journal: journal["state"] in FINAL, "an end")

    def until_paused(self, state: str) -> dict[str, Any]:
        """The journal while the guard sleeps in this state."""
        return self.until(
            lambda journal: (
                journal["state"] == state
                and journal.get("guard")
                and journal["log"][-1]["text"] == "pause"
            ),
            f"a pause in {state}",
        )

    def picture(self) -> object:
        """What must be again after a rollback."""
        links = json.loads(self.run("ip", "-j", "address", "show"))
        routes = self.run("ip", "route", "show", "table", "all").splitlines()
        kept = ("master", "mtu", "address")
        return (
            {
                one["ifname"]: (
                    [one.get(key) for key in kept],
                    "UP" in one["flags"],
                    sorted(each["local"] for each in one["addr_info"] if each["scope"] != "link"),
                )
                for one in links
            },
            sorted(
                route.replace(" linkdown", "").strip()
                for route in routes
                if "table local" not in route and not route.startswith(("fe80:", "multicast"))
            ),
        )

    def guards(self) -> list[int]:
        """The guard and its watcher."""
        newest = self.run("sh", "-c", "ls -d /run/kvmnet-tui/2*/ | tail -1").strip()
        found = subprocess.run(["pgrep", "-f", f"guard.pyz.*{newest.rstrip('/')}$"],
                               capture_output=True, text=True, check=False)  # fmt: skip
        return [int(pid) for pid in found.stdout.split() if self.is_ours(int(pid))]

    def is_ours(self, pid: int) -> bool:
        """Whether a process is in this host's network."""
        try:
            return (
                Path(f"/proc/{pid}/ns/net").readlink()
                == Path(f"/proc/{self.pid}/ns/net").readlink()
            )
        except OSError:
            return False


@pytest.fixture(scope="module")
def the_host() -> Iterator[Host]:
    with Host(KeptBy.NOBODY) as host:
        host.run(
            "ip", "route", "add", "10.9.0.0/16", "via", GATEWAY, "metric", "77", "proto", "static"
        )
        host.run("ip", "route", "add", "10.8.0.0/16", "via", GATEWAY, "table", "100")
        yield host


@pytest.fixture
def host(the_host: Host) -> Iterator[Host]:
    """The host as it was, and no change under way at the end."""
    before = the_host.picture()
    yield the_host
    if the_host.journal().get("state") not in (None, *FINAL):
        the_host.program("change", "cancel")
        the_host.until_over()
    if the_host.journal().get("state") == "committed" and "virbr1" in the_host.run("ip", "link"):
        the_host.program("change", "undo", "--yes")
        the_host.program("change", "confirm", "--anyway")
    assert the_host.picture() == before


@contextmanager
def talking(host: Host) -> Iterator[Callable[[], float]]:
    """A TCP session from the office that says something 200 times a second; its longest silence."""
    server = subprocess.Popen(host.command([sys.executable, "-c", ECHO]), stdout=subprocess.PIPE)
    assert server.stdout is not None
    assert server.stdout.readline() == b"ready\n"
    client = subprocess.Popen(
        host.office_command([sys.executable, "-c", TALK]),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert client.stdout is not None
    assert client.stdin is not None
    assert client.stdout.readline() == b"ready\n"

    def silence() -> float:
        assert client.stdin is not None
        assert client.stdout is not None
        client.stdin.close()
        return float(client.stdout.readline())

    try:
        yield silence
    finally:
        for process in (client, server):
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe:
                    pipe.close()


def test_a_session_lives_through_the_change_and_its_rollback(host: Host) -> None:
    before = host.picture()
    with talking(host) as silence:
        host.try_bridge(window_seconds=1.5)
        assert f"{ADDRESS}/24" in host.run("ip", "address", "show", "dev", "virbr1")
        journal = host.until_over()
        longest = silence()
    print(f"longest silence of a TCP session over change and rollback: {1000 * longest:.1f} ms")
    assert longest < 5.0
    assert (journal["state"], journal["problem"]) == ("rolled-back", "Nobody confirmed it in time.")
    assert journal["interruption"] < 1.0
    assert host.picture() == before


def test_nothing_but_root_reads_what_a_change_keeps(host: Host) -> None:
    host.try_bridge(window_seconds=1)
    modes = host.run("sh", "-c", "cd /run/kvmnet-tui && stat -c '%a %n' . 2*/ 2*/*.pyz 2*/*.json")
    found = {line.split()[0] for line in modes.splitlines()}
    assert found == {"700", "600"}
    host.until_over()


def test_confirming_wants_a_new_login_unless_it_is_told_otherwise(host: Host) -> None:
    host.try_bridge()
    refused = host.program("change", "confirm")
    assert refused.returncode == 2
    assert "No new login was seen" in refused.stderr
    assert host.journal()["state"] == "trial"
    kept = host.program("change", "confirm", "--anyway")
    assert kept.returncode == 0, kept.stderr
    assert host.journal()["state"] == "committed"
    shown = json.loads(host.program("change", "list", "--json").stdout)
    assert shown[-1]["state"] == "committed"
    undone = host.program("change", "undo", "--yes")
    assert undone.returncode == 0, undone.stderr
    assert "virbr1" not in host.run("ip", "link")
    host.program("change", "confirm", "--anyway")
    assert host.journal()["state"] == "committed"


def test_a_trial_is_extended_and_taken_back_at_once_by_its_verbs(host: Host) -> None:
    host.try_bridge()
    deadline = host.journal()["deadline"]
    assert host.program("change", "extend", "--seconds", "30").returncode == 0
    host.until(lambda journal: journal["deadline"] == deadline + 30, "another deadline")
    assert host.program("change", "cancel").returncode == 0
    assert host.journal()["state"] == "rolled-back"
    none = host.program("change", "cancel")
    assert (none.returncode, "No change is on trial" in none.stderr) == (2, True)


@pytest.mark.parametrize(
    ("state", "said", "end"),
    [
        ("applying", {"trial": [[1, pause()]]}, "rolled-back"),
        ("applying", {"trial": [[3, pause()]]}, "rolled-back"),
        ("rolling-back", {"window_seconds": 0.5, "rollback": [[0, pause(1)]]}, "rolled-back"),
        ("rolling-back", {"window_seconds": 0.5, "rollback": [[1, pause(1)]]}, "rolled-back"),
    ],
)
def test_a_guard_killed_in_any_state_is_taken_over(
    host: Host, state: str, said: dict[str, Any], end: str
) -> None:
    with host.trying(**said):
        journal = host.until_paused(state)
        os.kill(_outside(host, journal["guard"]), signal.SIGKILL)
        ended = host.until_over()
    assert ended["state"] == end
    assert ended["guard"] != journal["guard"]


@pytest.mark.parametrize(
    ("arm", "dead_for", "states"),
    [
        (False, 60, ["refused"]),
        (True, 0, ["armed", "applying", "trial", "rolling-back", "rolled-back"]),
        (True, 60, ["armed", "rolling-back", "rolled-back"]),
    ],
)
def test_a_guard_killed_before_it_touched_anything_is_taken_over_unless_it_is_too_late(
    host: Host, arm: bool, dead_for: float, states: list[str]
) -> None:
    host.try_bridge(window_seconds=1)
    host.until_over()
    said = json.dumps({"arm": arm, "dead_for": dead_for})
    folder = host.run(sys.executable, "-c", ARM, said).strip()
    host.run("python3", "-I", "-S", f"{folder}/guard.pyz", folder)
    journal = json.loads(host.run("cat", f"{folder}/journal.json"))
    log = [line["text"] for line in journal["log"]]
    assert [text for text in log if text in STATES] == states
    assert ("a new guard takes over" in log) is arm


def test_a_guard_killed_on_trial_is_taken_over_and_the_deadline_holds(host: Host) -> None:
    host.try_bridge(window_seconds=4)
    journal = host.journal()
    os.kill(_outside(host, journal["guard"]), signal.SIGKILL)
    resumed = host.until(lambda now: now["guard"] != journal["guard"], "another guard")
    assert (resumed["state"], resumed["deadline"]) == ("trial", journal["deadline"])
    assert host.until_over()["problem"] == "Nobody confirmed it in time."


def test_a_guard_killed_while_it_keeps_a_change_only_goes_forward(host: Host) -> None:
    host.try_bridge(commit=[[0, written("/run/kept")], [1, pause(1)], [2, written("/run/kept2")]])
    host.run(
        "sh", "-c", "echo '{\"anyway\": true}' > $(ls -d /run/kvmnet-tui/2*/ | tail -1)confirm"
    )
    journal = host.until_paused("committing")
    os.kill(_outside(host, journal["guard"]), signal.SIGKILL)
    assert host.until_over()["state"] == "committed"
    assert host.run("cat", "/run/kept", "/run/kept2") == "new\nnew\n"
    host.run("rm", "/run/kept", "/run/kept2")


def _outside(host: Host, pid: int) -> int:
    """The lab shares the process namespace: the guard's own number is the one to kill."""
    assert host.is_ours(pid)
    return pid


def test_with_guard_and_watcher_dead_the_next_command_takes_the_change_back(host: Host) -> None:
    host.try_bridge()
    for pid in sorted(host.guards()):
        os.kill(pid, signal.SIGKILL)
    told = host.program("change", "show")
    assert "Its guard is gone" in told.stdout
    assert host.program("change", "cancel").returncode == 0
    assert host.journal()["state"] == "rolled-back"


def test_the_rollback_script_works_from_a_console(host: Host) -> None:
    before = host.picture()
    host.try_bridge()
    for pid in sorted(host.guards()):
        os.kill(pid, signal.SIGKILL)
    host.run("sh", "-c", "sh $(ls -d /run/kvmnet-tui/2*/ | tail -1)rollback.sh", check=False)
    assert host.picture() == before
    assert host.program("change", "cancel").returncode == 0


def test_a_step_that_hangs_ends_by_its_own_limit_and_all_is_taken_back(host: Host) -> None:
    hanging = pause(60) | {"seconds": 0.5}
    said = host.try_bridge(trial=[[3, hanging]])
    assert said.startswith("refused: It could not be applied: sleep: no end within 0.5 s")
    assert host.journal()["state"] == "rolled-back"


def test_a_gateway_that_falls_silent_takes_the_change_back_early(host: Host) -> None:
    host.try_bridge(patience_seconds=2)
    host.office("ip", "address", "del", f"{GATEWAY}/24", "dev", "br0")
    began = time.monotonic()
    try:
        journal = host.until_over()
    finally:
        host.office("ip", "address", "add", f"{GATEWAY}/24", "dev", "br0")
    print(f"from the loss of the gateway to restored: {time.monotonic() - began:.1f} s")
    assert journal["problem"].startswith(f"The gateway {GATEWAY} has been silent")
    assert journal["state"] == "rolled-back"


def test_two_operators_at_once_are_one_too_many(host: Host) -> None:
    host.try_bridge()
    other = TRY.replace("virbr1", "virbr2").replace("ens32", "ens36")
    second = host.run(sys.executable, "-c", other, json.dumps({}))
    assert second.strip() == "refused: Another change is under way on this host."
    assert "virbr2" not in host.run("ip", "link")
    host.run("sh", "-c", "rm -r $(ls -d /run/kvmnet-tui/2*/ | tail -1)")


def test_a_tap_that_joined_meanwhile_is_named_after_the_rollback(host: Host) -> None:
    host.try_bridge()
    host.run("ip", "tuntap", "add", "vnet7", "mode", "tap")
    host.run("ip", "link", "set", "vnet7", "master", "virbr1")
    host.program("change", "cancel")
    assert "vnet7" in host.journal()["problem"]
    assert "master" not in host.run("ip", "-o", "link", "show", "vnet7")
    host.run("ip", "link", "delete", "vnet7")


@pytest.mark.parametrize(
    ("prepare", "problem"),
    [
        ("mount -t tmpfs -o ro none /run/etc", "cannot be written"),
        (f"mount -t tmpfs -o size=4k none /run/etc && {FILL} /run/etc/full", "cannot be written"),
        ("mount -t tmpfs none /run/etc && echo theirs > /run/etc/file", "changed by somebody else"),
    ],
)  # fmt: skip
def test_what_cannot_be_written_is_not_kept_and_nothing_is_half_written(
    host: Host, prepare: str, problem: str
) -> None:
    host.run("sh", "-c", f"mkdir -p /run/etc && {prepare}")
    try:
        before = host.run("sh", "-c", "ls -A /run/etc; cat /run/etc/file 2>/dev/null || true")
        host.try_bridge(commit=[[0, written("/run/etc/other")], [1, written("/run/etc/file")]])
        refused = host.program("change", "confirm", "--anyway")
        assert refused.returncode == 2
        assert problem in refused.stderr
        assert host.journal()["state"] == "trial"
        assert (
            host.run("sh", "-c", "ls -A /run/etc; cat /run/etc/file 2>/dev/null || true") == before
        )
    finally:
        host.run("umount", "/run/etc")


def reboot_in(host: Host, state: str) -> dict[str, Any]:
    """The newest change as it is told after a reboot that came while it was in `state`."""
    edit = (
        "cd /var/lib/kvmnet-tui/changes/ && cd $(ls | tail -1) && "
        'sed -i \'s/"boot_id": "[^"]*"/"boot_id": "another"/; '
        f's/"state": "[^"]*"/"state": "{state}"/\' journal.json && '
        "rm -r /run/kvmnet-tui/$(basename $PWD)"
    )
    host.run("sh", "-c", edit)
    told: dict[str, Any] = json.loads(host.program("change", "list", "--json").stdout)[-1]
    return told


def test_what_a_reboot_left_is_told(host: Host) -> None:
    host.try_bridge(window_seconds=1)
    host.until_over()
    told = reboot_in(host, "trial")
    assert told["state"] == "undone-by-reboot"
    assert "went down during the trial" in told["problem"]


@pytest.mark.parametrize(
    ("first", "second", "state", "problem"),
    [
        ("new", "new", "committed", "the boot finished it"),
        ("old", "old", "undone-by-reboot", "before it was kept"),
        ("new", "old", "undone-by-reboot", "compare the files with the differences"),
    ],
)
def test_what_a_reboot_left_of_keeping_it_is_told_by_the_files(
    host: Host, first: str, second: str, state: str, problem: str
) -> None:
    paths = ["/run/first", "/run/second"]
    host.try_bridge(window_seconds=1, files=[[path, "old\n", "new\n"] for path in paths])
    host.until_over()
    host.run("sh", "-c", f"echo {first} > {paths[0]}; echo {second} > {paths[1]}")
    told = reboot_in(host, "committing")
    assert (told["state"], problem in told["problem"]) == (state, True), told["problem"]
    assert told["can_undo"] is (state == "committed")


def test_a_guard_that_hangs_is_ended_and_the_change_taken_back(host: Host) -> None:
    host.try_bridge(window_seconds=1)
    os.kill(_outside(host, host.journal()["guard"]), signal.SIGSTOP)
    assert host.until_over()["state"] == "rolled-back"


def test_a_full_disk_keeps_nothing_from_being_taken_back(host: Host) -> None:
    host.run(
        "sh", "-c", "mkdir -p /run/kvmnet-tui && mount -t tmpfs -o size=1m none /run/kvmnet-tui"
    )
    try:
        host.try_bridge(window_seconds=2)
        host.run("sh", "-c", "head -c 4000000 /dev/zero > /run/kvmnet-tui/full", check=False)
        assert host.until_over()["state"] == "rolled-back"
    finally:
        host.run("umount", "--lazy", "/run/kvmnet-tui")


def test_a_guest_that_stops_meanwhile_is_in_nobodys_way(host: Host) -> None:
    host.run("ip", "link", "add", "br7", "type", "bridge")
    host.run("ip", "tuntap", "add", "vnet8", "mode", "tap")
    host.run("ip", "link", "set", "vnet8", "master", "br7")
    host.try_bridge()
    host.run("ip", "link", "delete", "vnet8")
    assert host.program("change", "confirm", "--anyway").returncode == 0
    assert host.journal()["state"] == "committed"
    host.run("ip", "link", "delete", "br7")


def test_a_tap_that_left_its_bridge_for_ours_goes_home(host: Host) -> None:
    host.run("ip", "link", "add", "br7", "type", "bridge")
    host.run("ip", "tuntap", "add", "vnet8", "mode", "tap")
    host.run("ip", "link", "set", "vnet8", "master", "br7")
    host.try_bridge()
    host.run("ip", "link", "set", "vnet8", "master", "virbr1")
    host.program("change", "cancel")
    assert "master br7" in host.run("ip", "-o", "link", "show", "vnet8")
    host.run("ip", "link", "delete", "vnet8")
    host.run("ip", "link", "delete", "br7")


FIREWALL = """
table inet filter {
    chain input {
        type filter hook input priority 0; policy accept;
        ct state established,related accept
        iifname "ens32" tcp dport 2222 accept
        tcp dport 2222 drop
    }
}
"""


def test_rules_that_name_the_nic_are_warned_of_and_block_the_proof_not_the_session(
    host: Host,
) -> None:
    host.run("sh", "-c", f"printf '%s' '{FIREWALL}' | nft -f -")
    connect = f"import socket; socket.create_connection(('{ADDRESS}', 2222), 2)"
    try:
        with talking(host) as silence:
            warned = host.program("bridge", "create", "virbr1", "--uplink", "ens32", "--dry-run")
            assert "Firewall rules name ens32" in warned.stdout
            host.try_bridge()
            attempt = f"try:\n {connect}\nexcept OSError:\n print('no')"
            new = host.office(sys.executable, "-c", attempt)
            assert new.strip() == "no"
            refused = host.program("change", "confirm")
            assert "No new login was seen" in refused.stderr
            host.program("change", "cancel")
            assert silence() < 5.0
    finally:
        host.run("nft", "flush", "ruleset")
