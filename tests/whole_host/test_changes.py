"""The real thing: the NIC that carries the SSH session becomes a bridge's port, and what then."""

import json
import time

import pytest

from tests.support.labs import requires_lab
from tests.support.whole_host import LIBRARIES, PROGRAM, Another, WholeHost
from tests.support.whole_host_image import ADDRESS

pytestmark = requires_lab("whole-host")

CREATE = "kvmnet-tui bridge create virbr1 --uplink ens32 --yes"
CONFIGURATION = "cat /etc/network/interfaces /etc/NetworkManager/system-connections/* | sha256sum"
# Like `bridge create`, with a pause among the commit's steps: there the power is cut.
PAUSED = """
import dataclasses
from kvmnet_tui.change.plan import run_step
from kvmnet_tui.change.planner import make_plan
from kvmnet_tui.change.reader import read_facts
from kvmnet_tui.change.start import start
from kvmnet_tui.change.wishes import BridgeSpec, CreateBridge
plan = make_plan(CreateBridge(BridgeSpec("virbr1"), "ens32"), read_facts())
steps = list(plan.commit)
at = min({at}, len(steps))
steps.insert(at, run_step(["sleep", "600"], "pause", seconds=900))
print(len(plan.commit))
start(dataclasses.replace(plan, commit=tuple(steps)))
"""


@pytest.fixture(params=["networkmanager_hosts", "ifupdown_hosts"])
def another(request: pytest.FixtureRequest) -> Another:
    hosts: Another = request.getfixturevalue(request.param)
    return hosts


def state_of_last(host: WholeHost) -> dict[str, object]:
    """The last change, as a new login reads it."""
    record: dict[str, object] = json.loads(host.machine.run("kvmnet-tui change show --json"))
    return record


def until_state(host: WholeHost, state: str, seconds: float = 180.0) -> dict[str, object]:
    host.machine.until(lambda: host.machine.answers() and state_of_last(host)["state"] == state,
                       f"the change is {state}", seconds)  # fmt: skip
    return state_of_last(host)


def device_of_address(host: WholeHost) -> str:
    """Which link has the host's address."""
    words = host.machine.run(f"ip -o -4 address show to {ADDRESS}").split()
    return words[1]


def test_the_session_lives_and_what_a_new_login_confirms_is_there_after_a_reboot(
    another: Another,
) -> None:
    with another() as host:
        with host.session() as session:
            told = session.ask(CREATE)
            assert "On trial: Bridge virbr1 on ens32" in told, told
            assert session.ask("echo still here") == "still here"
            assert "virbr1" in session.ask(f"ip -o -4 address show to {ADDRESS}")
            # This very login is the proof.
            assert "Kept: Bridge virbr1 on ens32" in host.machine.run("kvmnet-tui change confirm")
            assert session.ask("echo still here") == "still here"
        host.reboot()
        assert device_of_address(host) == "virbr1"
        assert "master virbr1" in host.machine.run("ip link show dev ens32")
        assert state_of_last(host)["state"] == "committed"


def test_unconfirmed_it_is_taken_back_and_the_session_lives_on(another: Another) -> None:
    with another() as host, host.session() as session:
        before = session.ask(CONFIGURATION)
        told = session.ask(f"{CREATE} --window 46")
        assert "On trial" in told, told
        session.ask("date --set '+1 hour'")  # no deadline hangs on the wall clock
        assert json.loads(session.ask("cat /run/kvmnet-tui/*/journal.json"))["state"] == "trial"
        assert "virbr1" in session.ask(f"ip -o -4 address show to {ADDRESS}")
        change = until_state(host, "rolled-back")
        assert "Nobody confirmed it in time." in str(change["problem"])
        assert session.ask("echo still here") == "still here"
        assert device_of_address(host) == "ens32"
        assert session.ask(CONFIGURATION) == before
        assert "does not exist" in session.ask("ip link show dev virbr1 2>&1")


def test_a_power_cut_in_the_trial_is_the_rollback(another: Another) -> None:
    with another() as host:
        before = host.machine.run(CONFIGURATION)
        host.machine.run(CREATE)
        assert device_of_address(host) == "virbr1"
        host.boot_again()
        assert device_of_address(host) == "ens32"
        assert host.machine.run(CONFIGURATION) == before
        assert state_of_last(host)["state"] == "undone-by-reboot"


@pytest.mark.parametrize(
    ("hosts", "at"),
    [
        *(("networkmanager_hosts", at) for at in (0, 1, 3, 5, 99)),
        *(("ifupdown_hosts", at) for at in (0, 99)),  # one step keeps it there
    ],
)
def test_a_power_cut_at_any_step_of_keeping_it_leaves_a_host_that_is_reached(
    request: pytest.FixtureRequest, hosts: str, at: int
) -> None:
    another: Another = request.getfixturevalue(hosts)
    with another() as host:
        script = PAUSED.format(at=at)
        path = f"PYTHONPATH={PROGRAM}:{LIBRARIES}"
        steps = int(host.machine.run(f"{path} python3 - <<'END'\n{script}\nEND\n"))
        host.machine.run("kvmnet-tui change confirm --anyway >/dev/null 2>&1 &")
        reached = str(min(at, steps))
        journal = "cat /run/kvmnet-tui/*/journal.json"
        host.machine.until(
            lambda: '"pause"' in host.machine.run(journal), f"it pauses at {reached}"
        )
        host.machine.run("sync")
        host.boot_again()
        device = device_of_address(host)
        is_new = "virbr1" in host.machine.run("ip -o link")
        assert device == ("virbr1" if is_new else "ens32")
        if at == 0:
            assert not is_new
        if at == 99:
            assert is_new


def test_systemd_starts_a_guard_that_was_killed_and_the_change_goes_on(another: Another) -> None:
    with another() as host, host.session() as session:
        session.ask(CREATE)
        first = json.loads(session.ask("cat /run/kvmnet-tui/*/journal.json"))["guard"]
        session.ask(f"kill -9 {first}")
        host.machine.until(
            lambda: json.loads(session.ask("cat /run/kvmnet-tui/*/journal.json"))["guard"] != first,
            "another guard",
        )
        assert state_of_last(host)["state"] == "trial"
        assert "Taken back" in host.machine.run("kvmnet-tui change cancel")
        assert device_of_address(host) == "ens32"
        assert session.ask("echo still here") == "still here"


def test_a_gateway_that_falls_silent_takes_the_change_back_early(ifupdown_hosts: Another) -> None:
    with ifupdown_hosts() as host:
        with host.session() as session:
            session.ask(f"{CREATE} --window 600")
            session.type("sleep 1\n")
        host.machine.set_gateway(False)
        # Nobody can ask a host that is cut off: it has twice the time that the guard waits.
        time.sleep(45.0)
        host.machine.set_gateway(True)
        change = until_state(host, "rolled-back")
        assert "silent" in str(change["problem"])
        assert device_of_address(host) == "ens32"
