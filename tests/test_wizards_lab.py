"""The wizards and the trial's screen on a real terminal, a real kernel and a real guard.

Operators sit at ptys inside the host of the guard's tests; the files are ifupdown's.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.labs import requires_lab
from tests.support.managed_host import ADDRESS, GATEWAY, KeptBy
from tests.support.seat import CLEAR, DOWN, ENTER, ESCAPE, TAB, Seat
from tests.test_change_guard_lab import FINAL, Host

pytestmark = requires_lab("namespaces")

INTERFACES = "/etc/network/interfaces"


@pytest.fixture(scope="module")
def the_host() -> Iterator[Host]:
    with Host(KeptBy.IFUPDOWN) as host:
        yield host


@pytest.fixture
def host(the_host: Host) -> Iterator[Host]:
    """The host as it was, and no change under way at the end."""
    before, files = the_host.picture(), the_host.run("cat", INTERFACES)
    yield the_host
    if the_host.journal().get("state") not in (None, *FINAL):
        the_host.program("change", "cancel")
        the_host.until_over()
    assert the_host.picture() == before
    assert the_host.run("cat", INTERFACES) == files


OFFICE = """
import socket
server = socket.create_server(("0.0.0.0", 2222))
print("ready", flush=True)
peer, _ = server.accept()
peer.recv(1)
"""
# Named as OpenSSH names the process of a session, with a connection to another host.
LOGIN = f'exec -a "sshd: root@pts/9" bash -c "exec 3<>/dev/tcp/{GATEWAY}/2222; read -u 3"'


@contextmanager
def new_login(host: Host) -> Iterator[None]:
    """A session of somebody who logged in from the office just now."""
    office = subprocess.Popen(
        host.office_command([sys.executable, "-c", OFFICE]), stdout=subprocess.PIPE
    )
    with office:
        assert office.stdout is not None
        assert office.stdout.readline() == b"ready\n"
        login = subprocess.Popen(host.command(["bash", "-c", LOGIN]), env=dict(host.environment()))
        try:
            yield
        finally:
            for process in (login, office):
                process.kill()
                process.wait()


def open_links(seat: Seat) -> None:
    """The Links screen, once the kernel has been read."""
    seat.sees(" 5 ")
    seat.types("5")
    seat.sees("10.1.1.2/24")


def begin_bridge(seat: Seat) -> None:
    """The wizard from the Links screen to the trial, all proposals taken."""
    open_links(seat)
    seat.types("n")
    seat.sees("step 1 of 5", "carries this SSH session")
    seat.types(ENTER * 4)
    seat.sees("step 5 of 5", "Bridge virbr1 on ens32", "about 0.02 s")
    seat.types(ENTER)
    seat.sees("What the guard sees", "taken back in")


def test_a_bridge_is_made_proved_kept_and_undone_at_a_terminal(host: Host) -> None:
    with Seat(host, size=(40, 100)) as seat:
        begin_bridge(seat)
        seat.sees("gateway 10.1.1.1 answers", "Open a new SSH session", "kvmnet-tui change confirm")
        assert f"{ADDRESS}/24" in host.run("ip", "address", "show", "dev", "virbr1")
        assert "virbr1" not in host.run("cat", INTERFACES)
        with new_login(host):
            seat.sees("new sessions work")
        seat.types("k")
        seat.sees("every boot brings it up like this")
        seat.types(ENTER)
        seat.sees("● kept", "define a network on it")
        assert "bridge_ports ens32" in host.run("cat", INTERFACES)
        seat.types(ESCAPE)
        seat.sees("Links")
        seat.types("8")
        seat.sees("kept", "ifupdown")
        seat.types("u")
        seat.sees("Undo “Bridge virbr1 on ens32”?")
        seat.types(ENTER)
        seat.sees("What the guard sees", "Undo: Bridge virbr1", "keep anyway")
        seat.types("k")
        seat.sees("Type")
        seat.types("not-this-host", ENTER)
        seat.sees("This is not")
        seat.types(CLEAR)
        seat.sees_no("not-this-host")
        seat.types(os.uname().nodename, ENTER)
        seat.sees("● kept")
        seat.types(ESCAPE)
        seat.sees("8 Changes")
        assert seat.quit() == 0
    assert "virbr1" not in host.run("ip", "link")


def test_a_trial_of_somebody_else_is_followed_to_its_deadline(host: Host) -> None:
    with Seat(host) as seat:
        seat.sees("8 Changes")
        host.try_bridge(window_seconds=4)
        seat.sees("is on trial, taken back in", "press T")
        seat.types("T")
        seat.sees("What the guard sees")
        seat.sees("Nobody confirmed it in time.")
        seat.types(ESCAPE)
        seat.sees("8 Changes")
        seat.sees_no("is on trial")


def test_a_trial_that_loses_the_gateway_says_so_as_it_ends(host: Host) -> None:
    with Seat(host) as seat:
        seat.sees("8 Changes")
        host.try_bridge(patience_seconds=2)
        seat.sees("is on trial")
        seat.types("T")
        seat.sees("passes", "gateway 10.1.1.1 answers")
        host.office("ip", "address", "del", f"{GATEWAY}/24", "dev", "br0")
        try:
            seat.sees("The gateway 10.1.1.1 has been silent")
        finally:
            host.office("ip", "address", "add", f"{GATEWAY}/24", "dev", "br0")


@pytest.mark.parametrize("end", ["kill", "hang-up", "terminal"])
def test_the_guard_goes_on_without_the_program_and_the_next_one_takes_over(
    host: Host, end: str
) -> None:
    with Seat(host) as seat:
        begin_bridge(seat)
        before = host.journal()
        match end:
            case "kill":
                seat.kill(signal.SIGKILL)
            case "hang-up":
                seat.kill(signal.SIGHUP)
            case "terminal":
                seat.hang_up()
    now = host.journal()
    assert (now["state"], now["deadline"], now["guard"]) == (
        "trial", before["deadline"], before["guard"],
    )  # fmt: skip
    assert now["guard"] in host.guards()
    if end != "terminal":
        told = host.program("change", "cancel")
        assert (told.returncode, told.stdout) == (0, "Taken back: Bridge virbr1 on ens32.\n")
        return
    with Seat(host) as seat:
        seat.sees("Bridge virbr1 on ens32 is on trial")
        seat.types("T")
        seat.sees("keep anyway", "gateway 10.1.1.1 answers")
        seat.types("b")
        seat.sees("Somebody took it back.")


def test_without_the_program_the_deadline_holds(host: Host) -> None:
    with Seat(host) as seat:
        begin_bridge(seat)
        seat.kill(signal.SIGKILL)
    sooner = json.dumps({"seconds": -116})  # the window is 120 s: nobody waits that long here
    host.run("sh", "-c", f"printf '%s' '{sooner}' >$(ls -d /run/kvmnet-tui/2*/ | tail -1)extend")
    ended = host.until_over()
    assert (ended["state"], ended["problem"]) == ("rolled-back", "Nobody confirmed it in time.")


def test_two_operators_see_and_decide_the_same_trial(host: Host) -> None:
    with Seat(host) as first, Seat(host) as second:
        open_links(second)
        second.types("b")
        second.sees("New bond")  # a wizard that is open already when the other one begins
        begin_bridge(first)
        second.types(ESCAPE)
        second.sees("Bridge virbr1 on ens32 is on trial")
        second.types("n")
        second.sees("A change is under way (Bridge virbr1 on ens32): press T to see it.")
        second.types("T")
        second.sees("What the guard sees")
        deadline = host.journal()["deadline"]
        second.types("e")
        host.until(lambda journal: journal["deadline"] == deadline + 60, "another deadline")
        second.types("b")
        first.sees("Somebody took it back.")
        second.sees("Somebody took it back.")


def test_of_two_wizards_at_their_end_one_is_refused(host: Host) -> None:
    with Seat(host) as first, Seat(host) as second:
        open_links(second)
        second.types(DOWN, "n")
        second.sees("step 1 of 5")
        second.types(ENTER * 4)
        second.sees("step 5 of 5")
        begin_bridge(first)
        second.types(ENTER)
        second.sees("Another change is under way (Bridge virbr1 on ens32)")
        first.types("b")
        first.sees("Somebody took it back.")


def test_what_was_not_in_the_preview_is_not_tried(host: Host) -> None:
    with Seat(host) as seat:
        open_links(seat)
        seat.types("n")
        seat.sees("step 1 of 5")
        seat.types(ENTER * 4)
        seat.sees("step 5 of 5")
        host.run("ip", "route", "add", "10.7.0.0/16", "via", GATEWAY)
        try:
            seat.types(ENTER)
            seat.sees("The host has changed since the preview was made: look at it again.")
            assert "virbr1" not in host.run("ip", "link")
            seat.types(ESCAPE)
            seat.sees("step 5 of 5", "Bridge virbr1 on ens32")  # the plan for the host as it is
            seat.types(ENTER)
            seat.sees("What the guard sees")
            assert "dev virbr1" in host.run("ip", "route", "show", "10.7.0.0/16")
            seat.types("b")
            host.until_over()
        finally:
            host.run("ip", "route", "del", "10.7.0.0/16")


def test_a_burst_over_a_slow_link_gives_each_field_its_own(host: Host) -> None:
    with Seat(host, size=(40, 100)) as seat:
        open_links(seat)
        seat.types("n")
        seat.sees("step 1 of 5")
        seat.types(ENTER, DOWN, DOWN, TAB, "10.1.1.7/24", TAB, "10.9.9.9", TAB, "10.1.1.1", ENTER)
        seat.sees("10.9.9.9 is in none of the subnets of the addresses.", "10.1.1.7/24")
        seat.types(ESCAPE, ESCAPE)
        seat.sees("Give up what you answered so far?")


@pytest.mark.parametrize("around", [{"NO_COLOR": "1"}, {"TERM": "linux"}])
def test_nothing_is_told_by_colour_alone_and_chinese_fits(
    host: Host, around: dict[str, str]
) -> None:
    with Seat(host, language="zh_CN", **around) as seat:
        open_links(seat)
        seat.types("n")
        seat.sees("新建网桥", "virbr1")
        seat.types(CLEAR)
        seat.sees_no("virbr1")
        seat.types(ENTER)
        wrong = "x" if "TERM" in around else "×"
        seat.sees(f"{wrong} ")
        seat.types("br9", ENTER, ENTER, ENTER, ENTER)
        fine, warning = ("+", "!") if "TERM" in around else ("●", "▲")
        seat.sees("事前检查", f"{fine} 名称 br9 可用。", f"{warning} 来自 10.1.1.1")
