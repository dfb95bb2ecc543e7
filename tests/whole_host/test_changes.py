"""The real thing: the NIC that carries the SSH session becomes a bridge's port, and what then."""

import json

import pytest

from tests.support.labs import requires_lab
from tests.support.whole_host import LIBRARIES, PROGRAM, Another, WholeHost
from tests.support.whole_host_image import ADDRESS

pytestmark = requires_lab("whole-host")

CREATE = "kvmnet-tui bridge create virbr1 --uplink ens32 --yes"
BOND = "kvmnet-tui bond create bond0 --member ens32 --member ens36 --bridge virbr1 --yes"
TIMERS = "systemctl list-units --state=waiting --plain --no-legend --no-pager 'kvmnet-tui-*.timer'"
# Stays long enough to be seen, were it to count.
LOGIN_FROM_HERE = (
    "ssh-keygen -q -t ed25519 -N '' -f /run/key </dev/null; "
    "cat /run/key.pub >> .ssh/authorized_keys; "
    "ssh -fn -i /run/key -o StrictHostKeyChecking=no 127.0.0.1 'touch /run/in; sleep 60' "
    ">/dev/null 2>&1; for _ in $(seq 100); do [ -e /run/in ] || sleep 0.2; done; "
    "sleep 2; ls /run/in"
)
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


def test_bond_and_bridge_are_made_over_the_session_that_lives_and_fail_over_after_a_reboot(
    another: Another,
) -> None:
    with another() as host:
        with host.session() as session:
            told = session.ask(BOND)
            assert "On trial: Bridge virbr1 on bond bond0 of ens32, ens36" in told, told
            assert session.ask("echo still here") == "still here"
            assert "Kept:" in host.machine.run("kvmnet-tui change confirm")
            assert session.ask("echo still here") == "still here"
        host.reboot()
        assert device_of_address(host) == "virbr1"
        assert "master virbr1" in host.machine.run("ip link show dev bond0")
        for member in ("ens32", "ens36"):
            assert "master bond0" in host.machine.run(f"ip link show dev {member}")
        active, other = members_of_bond(host)
        host.machine.set_cable(active, False)
        host.machine.until(
            lambda: host.machine.answers() and members_of_bond(host)[0] == other,
            f"{other} takes over",
        )
        assert device_of_address(host) == "virbr1"


def members_of_bond(host: WholeHost) -> tuple[str, str]:
    """The active member and the other one."""
    bonds = json.loads(host.machine.run("kvmnet-tui show bonds bond0 --json"))
    active = bonds[0]["active_member"]
    return active, "ens36" if active == "ens32" else "ens32"


def test_bond_and_bridge_are_taken_back_while_the_session_lives(another: Another) -> None:
    with another() as host, host.session() as session:
        before = session.ask(CONFIGURATION)
        assert "On trial" in session.ask(BOND)
        assert "Taken back" in session.ask("kvmnet-tui change cancel")
        assert session.ask("echo still here") == "still here"
        assert device_of_address(host) == "ens32"
        assert session.ask(CONFIGURATION) == before
        assert "bond0" not in session.ask("ip -o link")


def test_with_guard_and_service_gone_systemds_timer_takes_the_change_back(
    ifupdown_hosts: Another,
) -> None:
    with ifupdown_hosts() as host, host.session() as session:
        session.ask(f"{CREATE} --window 46")
        host.machine.until(lambda: len(session.ask(TIMERS).splitlines()) == 1, "one timer is left")
        session.ask("kvmnet-tui change extend --seconds 15")
        journal = json.loads(session.ask("cat /run/kvmnet-tui/*/journal.json"))
        session.ask(f"systemctl stop kvmnet-tui-{journal['id']}.service")
        assert "Its guard is gone" in session.ask("kvmnet-tui change show")
        until_state(host, "rolled-back")
        log = [line["text"] for line in state_of_last(host)["log"]]
        assert "a new guard takes over" in log
        assert device_of_address(host) == "ens32"
        assert session.ask(TIMERS) == ""


def clients(host: WholeHost) -> list[str]:
    """The links that DHCP clients ask on."""
    said = host.machine.run("pgrep -a dhclient", check=False)
    return sorted(line.split()[-1] for line in said.splitlines())


def without_a_guard(host: WholeHost) -> list[str]:
    """The same once the guard's service has ended, with all that systemd ends then."""
    host.machine.run(
        "while systemctl list-units --no-legend --no-pager 'kvmnet-tui-*' | grep -q .; "
        "do sleep 0.2; done"
    )
    return clients(host)


def test_with_dhcp_and_ifupdown_the_client_goes_where_the_address_goes(
    ifupdown_hosts: Another,
) -> None:
    with ifupdown_hosts() as host:
        host.machine.run(
            "sed -i 's/inet static/inet dhcp/; /address/d; /gateway/d' /etc/network/interfaces"
        )
        host.reboot()
        assert clients(host) == ["ens32"]
        with host.session() as session:
            assert "On trial" in session.ask(CREATE)
            assert clients(host) == ["ens32", "virbr1"]
            session.ask("kvmnet-tui change cancel")
            assert (clients(host), device_of_address(host)) == (["ens32"], "ens32")
            session.ask(CREATE)
            assert "Kept:" in host.machine.run("kvmnet-tui change confirm")
            assert (without_a_guard(host), device_of_address(host)) == (["virbr1"], "virbr1")
            assert session.ask("echo still here") == "still here"
            session.ask("kvmnet-tui change undo --yes")
            assert (clients(host), device_of_address(host)) == (["ens32"], "ens32")
            session.ask("kvmnet-tui change cancel")
            assert (without_a_guard(host), device_of_address(host)) == (["virbr1"], "virbr1")
            assert session.ask("echo still here") == "still here"
        host.reboot()
        assert (clients(host), device_of_address(host)) == (["virbr1"], "virbr1")


def test_unconfirmed_it_is_taken_back_and_the_session_lives_on(another: Another) -> None:
    with another() as host, host.session() as session:
        before = session.ask(CONFIGURATION)
        told = session.ask(f"{CREATE} --window 46")
        assert "On trial" in told, told
        session.ask("date --set '+1 hour'")  # no deadline hangs on the wall clock
        assert session.ask(LOGIN_FROM_HERE) == "/run/in"
        assert "No new login was seen" in session.ask("kvmnet-tui change confirm 2>&1")
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
    ("hosts", "at", "state"),
    [
        *(("networkmanager_hosts", at, "undone-by-reboot") for at in (0, 3)),
        # From the fourth on the service that reads the profiles finishes the job by itself.
        *(("networkmanager_hosts", at, "committed") for at in (4, 5, 6, 8, 99)),
        ("ifupdown_hosts", 0, "undone-by-reboot"),
        ("ifupdown_hosts", 99, "committed"),  # one step keeps it there
    ],
)
def test_a_power_cut_at_any_step_of_keeping_it_leaves_it_exactly_old_or_exactly_new(
    request: pytest.FixtureRequest, hosts: str, at: int, state: str
) -> None:
    another: Another = request.getfixturevalue(hosts)
    with another() as host:
        before = host.machine.run(CONFIGURATION)
        script = PAUSED.format(at=at)
        path = f"PYTHONPATH={PROGRAM}:{LIBRARIES}"
        host.machine.run(f"{path} python3 - <<'END'\n{script}\nEND\n")
        host.machine.run("kvmnet-tui change confirm --anyway >/dev/null 2>&1 &")
        journal = "cat /run/kvmnet-tui/*/journal.json"
        host.machine.until(lambda: '"pause"' in host.machine.run(journal), f"it pauses at {at}")
        host.boot_again()
        change = state_of_last(host)
        assert (change["state"], "compare the files" in str(change["problem"])) == (state, False)
        is_old = state == "undone-by-reboot"
        assert device_of_address(host) == ("ens32" if is_old else "virbr1")
        assert ("virbr1" in host.machine.run("ip -o link")) is not is_old
        assert (host.machine.run(CONFIGURATION) == before) is is_old
        left = "ls /etc/systemd/system/*.d/90-kvmnet-tui.conf /var/lib/kvmnet-tui/finish/* 2>&1"
        assert "90-kvmnet-tui.conf" not in host.machine.run(f"{left} | grep -v cannot", check=False)


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


def until_told_on_the_console(host: WholeHost, command: str, prepare: str) -> None:
    """Cut the host off, and wait until a command of its own succeeds: nobody can ask it."""
    told = f"until {command}; do sleep 1; done; echo it-is-so >/dev/ttyS0"
    host.machine.run(f"systemd-run --quiet --collect sh -c '{told}'")
    host.machine.run(prepare)
    host.machine.set_gateway(False)
    host.machine.until(lambda: "it-is-so" in host.machine.said(), command, 240)
    host.machine.set_gateway(True)
    host.machine.until_reachable()


def test_dhcp_that_is_silent_in_the_trial_ends_it_and_the_old_address_stays(
    ifupdown_hosts: Another,
) -> None:
    with ifupdown_hosts() as host:
        host.machine.run("echo 'timeout 10;' >>/etc/dhcp/dhclient.conf")
        create = f"sleep 3; {CREATE} --address dhcp >/run/told 2>&1; touch /run/over"
        until_told_on_the_console(
            host, "[ -e /run/over ]", f"systemd-run --quiet --collect sh -c '{create}'"
        )
        assert "It could not be applied" in host.machine.run("cat /run/told")
        assert state_of_last(host)["state"] == "rolled-back"
        assert (clients(host), device_of_address(host)) == ([], "ens32")


def test_a_gateway_that_falls_silent_takes_the_change_back_early(ifupdown_hosts: Another) -> None:
    with ifupdown_hosts() as host:
        until_told_on_the_console(
            host, "grep -q rolled-back /run/kvmnet-tui/*/journal.json", f"{CREATE} --window 600"
        )
        change = until_state(host, "rolled-back")
        assert "silent" in str(change["problem"])
        assert device_of_address(host) == "ens32"


def test_with_guard_and_timer_gone_networkmanagers_checkpoint_brings_the_uplink_back(
    networkmanager_hosts: Another,
) -> None:
    with networkmanager_hosts() as host, host.session() as session:
        session.ask(CREATE)
        session.ask("systemctl stop 'kvmnet-tui-*'")
        assert "guard.pyz" not in session.ask("ps ax")
        manager = "org.freedesktop.NetworkManager /org/freedesktop/NetworkManager"
        path = "$(grep -o '/org/freedesktop/NetworkManager/Checkpoint/[0-9]*'"
        path += " /run/kvmnet-tui/*/journal.json | head -1)"
        # Half a minute after the deadline it would fire by itself.
        session.ask(
            f"busctl call {manager} org.freedesktop.NetworkManager"
            f" CheckpointAdjustRollbackTimeout ou {path} 1"
        )
        host.machine.until(
            lambda: host.machine.answers() and device_of_address(host) == "ens32",
            "the old profile on ens32",
        )
        assert session.ask("echo still here") == "still here"
        assert "Taken back" in host.machine.run("kvmnet-tui change cancel")
        assert "does not exist" in session.ask("ip link show dev virbr1 2>&1")
