import fcntl
import json
import os
import pty
import struct
import subprocess
import termios
from collections.abc import Iterator
from contextlib import suppress

import pytest
from rich.cells import cell_len

from tests.support.labs import requires_lab
from tests.support.namespaces import Namespace, network_namespace
from tests.support.program import ENVIRONMENT, NO_LIBVIRT, PROGRAM, Answer, run

TEST_DRIVER = ("--connect", "test:///default")


def one_sentence(answer: Answer) -> str:
    assert answer.out == ""
    assert answer.status == 2
    assert answer.err.startswith("kvmnet-tui: ")
    assert answer.err.count("\n") == 1
    assert "Traceback" not in answer.err
    return answer.err


@pytest.fixture(scope="module")
def host() -> Iterator[Namespace]:
    """A host of its own: br0 with the ports ens32 and tap0, and a wide name."""
    with network_namespace("show") as namespace:
        namespace.ip(
            "link set lo up",
            "link add br0 address 02:00:00:00:00:01 mtu 1400 type bridge stp_state 1",
            "address add 10.9.8.1/24 dev br0",
            "link add ens32 type veth peer name far",
            "link set ens32 master br0 up",
            "link set far up",
            "tuntap add tap0 mode tap",
            "link set tap0 master br0",
            "tuntap add vnet7 mode tap",
            "link set br0 up",
            "link add [red]网 type bridge",
        )
        yield namespace


def inside(host: Namespace, *arguments: str) -> Answer:
    return run(*arguments, within=("ip", "netns", "exec", host.name))


def test_networks_of_a_real_libvirt_are_shown() -> None:
    answer = run(*TEST_DRIVER, "show", "networks")
    assert answer.status == 0
    assert answer.err == ""
    heading, line = answer.out.splitlines()
    assert heading.startswith("Name")
    assert line.split()[:5] == ["default", "●", "active", "NAT", "virbr0"]


def test_json_is_a_list_and_nothing_else_is_on_stdout() -> None:
    answer = run("show", "guests", "--json", *TEST_DRIVER)
    assert answer.status == 0
    (guest,) = json.loads(answer.out)
    assert guest["name"] == "test"
    assert guest["nics"][0]["source"] == "default"


def test_a_name_gives_the_details_or_a_list_of_one() -> None:
    answer = run(*TEST_DRIVER, "show", "networks", "default")
    assert "Live XML" in answer.out
    assert "<network>" in answer.out
    as_json = run(*TEST_DRIVER, "show", "networks", "default", "--json")
    assert [record["name"] for record in json.loads(as_json.out)] == ["default"]


@pytest.mark.parametrize("thing", ["networks", "bridges", "bonds", "guests", "links"])
@pytest.mark.parametrize("form", [(), ("--json",)])
def test_an_unknown_name_is_one_sentence_and_status_2(thing: str, form: tuple[str, ...]) -> None:
    answer = run(*TEST_DRIVER, "show", thing, "no\x1bbody", *form)
    assert "called no\\x1bbody." in one_sentence(answer)


@pytest.mark.parametrize("thing", ["networks", "guests"])
def test_what_needs_libvirt_says_so_when_it_is_not_there(thing: str) -> None:
    answer = run("--connect", NO_LIBVIRT, "show", thing)
    assert "libvirt: the daemon cannot be reached" in one_sentence(answer)


def test_links_are_shown_without_libvirt_and_say_what_is_missing() -> None:
    answer = run("--connect", NO_LIBVIRT, "show", "links")
    assert answer.status == 0
    assert "lo" in answer.out
    assert "libvirt: the daemon cannot be reached" in answer.err


def test_a_uri_that_is_wrong_is_one_sentence() -> None:
    one_sentence(run("--connect", "nonsense", "show", "networks"))


def test_nothing_to_show_is_an_empty_answer_with_the_reason_on_stderr() -> None:
    answer = run(*TEST_DRIVER, "show", "bonds", "--json")
    assert answer.status == 0
    assert isinstance(json.loads(answer.out), list)


def test_the_screens_need_a_terminal() -> None:
    assert "terminal" in one_sentence(run(*TEST_DRIVER))


def test_a_reader_that_stops_reading_is_no_error() -> None:
    script = f"{' '.join(PROGRAM)} --connect test:///default show links --json | head -n 1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", script],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "[\n", "")


@requires_lab("namespaces")
def test_bridges_are_those_that_ip_and_bridge_show(host: Namespace) -> None:
    (_wide, bridge) = json.loads(inside(host, *TEST_DRIVER, "show", "bridges", "--json").out)
    (link,) = json.loads(host.run("ip", "-d", "-j", "address", "show", "br0"))
    assert bridge["name"] == "br0"
    assert bridge["bridge_id"] == "8000.020000000001"
    assert bridge["stp"] is True
    assert bridge["mac"] == link["address"]
    assert bridge["mtu"] == link["mtu"]
    cidrs = [f"{one['local']}/{one['prefixlen']}" for one in link["addr_info"]]
    assert bridge["addresses"] == cidrs
    ports = {port["ifname"]: port["state"] for port in json.loads(host.run("bridge", "-j", "link"))}
    assert {port["name"]: port["state"] for port in bridge["ports"]} == ports


@requires_lab("namespaces")
def test_links_have_the_states_and_addresses_that_ip_shows(host: Namespace) -> None:
    records = json.loads(inside(host, *TEST_DRIVER, "show", "links", "--json").out)
    shown = {one["name"]: (one["state"], one["mtu"], one["mac"]) for one in records}
    links = json.loads(host.run("ip", "-j", "link"))
    assert shown == {one["ifname"]: (one["operstate"], one["mtu"], one["address"]) for one in links}


@requires_lab("namespaces")
def test_the_tree_of_bridges_prints_literally_what_names_say(host: Namespace) -> None:
    lines = inside(host, *TEST_DRIVER, "show", "bridges").out.splitlines()
    names = [line.split("  ")[0].rstrip() for line in lines]
    assert names == [
        "Bridge / port",
        "[red]网",
        "br0",
        "├ ens32",
        "└ tap0",
        "▲ loose taps",
        "└ vnet7",
    ]


@requires_lab("namespaces")
def test_a_bridges_details_have_its_mac_table(host: Namespace) -> None:
    answer = inside(host, *TEST_DRIVER, "show", "bridges", "br0")
    assert answer.status == 0
    assert "MAC table" in answer.out
    assert "permanent" in answer.out


def test_without_utf8_the_table_is_ascii_and_the_json_still_json() -> None:
    table = run(
        *TEST_DRIVER, "show", "networks", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0"
    )
    assert table.out.isascii()
    assert "+ active" in table.out


def on_a_terminal(*arguments: str, columns: int, **environment: str) -> list[str]:
    """The lines the program prints on a terminal of this width."""
    master, terminal = pty.openpty()
    with os.fdopen(master, "rb", buffering=0) as screen:
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        process = subprocess.Popen(
            [*PROGRAM, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=terminal,
            stderr=subprocess.DEVNULL,
            env=os.environ | ENVIRONMENT | {"TERM": "xterm"} | environment,
        )
        os.close(terminal)
        text = b""
        with suppress(OSError):  # EIO: the program has closed the terminal
            while part := screen.read(4096):
                text += part
        assert process.wait(60) == 0
    return text.decode().splitlines()


@pytest.mark.parametrize("columns", [40, 80])
def test_a_table_fits_the_terminal(columns: int) -> None:
    lines = on_a_terminal(*TEST_DRIVER, "show", "links", columns=columns, NO_COLOR="1")
    assert lines[0].startswith("Name")
    assert all(cell_len(line) <= columns for line in lines)


def test_colours_are_for_terminals_that_want_them() -> None:
    command = (*TEST_DRIVER, "show", "networks")
    assert any("\x1b[32m" in line for line in on_a_terminal(*command, columns=80))
    for unwanted in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        lines = on_a_terminal(*command, columns=80, **unwanted)
        assert not any("\x1b" in line for line in lines)
