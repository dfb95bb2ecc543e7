"""The guards of the test suite itself: leaks are named, labs are asked for by name."""

import os
import signal
import subprocess

import pytest

from tests.support import labs, leaks
from tests.support.labs import requires_lab


def test_a_process_left_behind_is_named_even_after_it_left_its_parent() -> None:
    before = leaks.take()
    started = subprocess.run(
        ["sh", "-c", "sleep 61.25 >/dev/null 2>&1 & echo $!"],
        capture_output=True,
        text=True,
        check=True,
    )
    try:
        assert leaks.take().added_since(before) == {
            "processes": [f"{started.stdout.strip()} sleep 61.25"]
        }
    finally:
        os.kill(int(started.stdout), signal.SIGKILL)


@requires_lab("namespaces")
def test_a_namespace_left_behind_is_named() -> None:
    before = leaks.take()
    subprocess.run(["ip", "netns", "add", "kvmnet-left"], check=True)
    try:
        left = leaks.take().added_since(before)
    finally:
        subprocess.run(["ip", "netns", "delete", "kvmnet-left"], check=True)
    assert "kvmnet-left" in left["namespaces"]
    assert "/run/netns/kvmnet-left" in left["mounts"]


def test_a_lab_nobody_knows_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="no lab is called zeppelin"):
        requires_lab("zeppelin")


@pytest.mark.parametrize("name", sorted(labs.LABS))
def test_a_lab_is_there_or_says_why_not(name: str) -> None:
    reason = labs.why_missing(name)
    assert reason is None or len(reason) > 10
