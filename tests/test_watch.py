import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest

from tests.support.labs import requires_lab
from tests.support.namespaces import Namespace, network_namespace
from tests.support.program import PATIENCE, Running, running

pytestmark = requires_lab("namespaces")

QUIET = ("--connect", "test:///default")


@pytest.fixture
def host() -> Iterator[Namespace]:
    with network_namespace("watch") as namespace:
        yield namespace


@contextmanager
def watching(host: Namespace, *arguments: str) -> Iterator[Running]:
    """`watch` inside the host, once it listens: it has told one of many changes, and the last."""
    within = ("ip", "netns", "exec", host.name)
    with running(*QUIET, "watch", *arguments, within=within) as watch:
        with _pulled_cable(host):
            watch.line_with("ens32")
        host.ip("link add done type bridge")
        watch.line_with("done")
        yield watch


@contextmanager
def _pulled_cable(host: Namespace) -> Iterator[None]:
    """A cable that is pulled and plugged again and again, until a program has seen it."""
    host.ip("link add ens32 type veth peer name far", "link set ens32 up")
    script = "while ip link set far up && sleep 0.2 && ip link set far down; do sleep 0.2; done"
    ticker = subprocess.Popen(["ip", "netns", "exec", host.name, "sh", "-c", script])
    try:
        yield
    finally:
        ticker.terminate()
        ticker.wait(PATIENCE)


def test_a_carrier_that_is_lost_is_one_line_of_json_with_the_time(host: Namespace) -> None:
    within = ("ip", "netns", "exec", host.name)
    with running(*QUIET, "watch", "--json", within=within) as watch, _pulled_cable(host):
        lost = json.loads(watch.line_with("carrier-lost"))
    assert lost["subject"] in {"ens32", "far"}
    assert lost["origin"] == "kernel"
    assert list(lost) == ["time", "event", "origin", "subject", "other", "before", "after", "count"]
    at = datetime.fromisoformat(lost["time"])
    assert abs(datetime.now(at.tzinfo) - at) < timedelta(seconds=PATIENCE)


def test_a_line_of_text_says_when_who_and_what(host: Namespace) -> None:
    with watching(host) as watch:
        host.ip("link add br9 type bridge")
        line = watch.line_with("br9")
    when, who, what = line.split(maxsplit=2)
    assert datetime.fromisoformat(when).microsecond % 1000 == 0
    assert (who, what) == ("kernel", "link br9 appeared")


def test_ctrl_c_ends_it_quietly(host: Namespace) -> None:
    with watching(host) as watch:
        watch.process.send_signal(signal.SIGINT)
        assert watch.process.wait(PATIENCE) == 0
        assert watch.complaints() == ""


def test_it_ends_when_nobody_reads_it_any_more_even_while_nothing_happens(host: Namespace) -> None:
    with watching(host) as watch:
        watch.stop_reading()
        assert watch.process.wait(PATIENCE) == 0
        assert watch.complaints() == ""
