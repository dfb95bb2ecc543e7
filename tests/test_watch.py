import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest

from tests.support.labs import requires_lab
from tests.support.namespaces import Namespace, network_namespace
from tests.support.program import running

pytestmark = requires_lab("namespaces")

PATIENCE = 20.0
QUIET = ("--connect", "test:///default")


@pytest.fixture
def host() -> Iterator[Namespace]:
    with network_namespace("watch") as namespace:
        yield namespace


@contextmanager
def watching(host: Namespace, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """`watch` inside the host, once it listens: it has told the first of many changes."""
    within = ("ip", "netns", "exec", host.name)
    with running(*QUIET, "watch", *arguments, within=within) as process:
        assert process.stdout is not None
        with _ticking(host):
            assert process.stdout.readline()
        host.ip("link add done type bridge")
        while "done" not in process.stdout.readline():
            pass
        yield process


@contextmanager
def _ticking(host: Namespace) -> Iterator[None]:
    """Something happens again and again, until a program that is about to listen hears it."""
    script = "while ip link add tick type bridge && ip link del tick; do :; done"
    ticker = subprocess.Popen(
        ["ip", "netns", "exec", host.name, "sh", "-c", script],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        ticker.terminate()
        ticker.wait(PATIENCE)


def test_a_carrier_that_is_lost_is_one_line_of_json_with_the_time(host: Namespace) -> None:
    with watching(host, "--json") as process:
        assert process.stdout is not None
        host.ip("link add ens32 type veth peer name far", "link set ens32 up", "link set far up")
        host.ip("link set far down")
        events: list[dict[str, str]] = []
        while not events or events[-1]["event"] != "carrier-lost":
            events.append(json.loads(process.stdout.readline()))
    lost = events[-1]
    assert lost["subject"] in {"ens32", "far"}
    assert lost["origin"] == "kernel"
    assert list(lost) == ["time", "event", "origin", "subject", "other", "before", "after", "count"]
    at = datetime.fromisoformat(lost["time"])
    assert abs(datetime.now(at.tzinfo) - at) < timedelta(seconds=PATIENCE)


def test_a_line_of_text_says_when_who_and_what(host: Namespace) -> None:
    with watching(host) as process:
        assert process.stdout is not None
        host.ip("link add br9 type bridge")
        line = process.stdout.readline()
        while "br9" not in line:
            line = process.stdout.readline()
    when, who, what = line.split(maxsplit=2)
    assert datetime.fromisoformat(when).microsecond % 1000 == 0
    assert (who, what) == ("kernel", "link br9 appeared\n")


def test_ctrl_c_ends_it_quietly(host: Namespace) -> None:
    with watching(host) as process:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (0, "")
    assert "Traceback" not in out


def test_it_ends_when_nobody_reads_it_any_more_even_while_nothing_happens(host: Namespace) -> None:
    with watching(host) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(PATIENCE) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""
