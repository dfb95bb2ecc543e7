"""`kvmnet-tui change VERB` for somebody in trouble: what there is, and what to do next."""

import json
import sys
from collections.abc import Iterator
from subprocess import CompletedProcess

import pytest

from tests.support.labs import requires_lab
from tests.support.managed_host import KeptBy
from tests.test_change_guard_lab import Host

pytestmark = requires_lab("namespaces")


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with Host(KeptBy.NOBODY) as host:
        yield host


def told(done: CompletedProcess[str]) -> tuple[int, str, str]:
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("show", "Nothing has been changed yet."),
        ("confirm", "No change is on trial."),
        ("undo --yes", "There is no change that was kept."),
        ("show ../../etc", "There is no change called ../../etc."),
    ],
)
def test_where_nothing_was_changed_each_verb_says_so(host: Host, words: str, sentence: str) -> None:
    status, out, err = told(host.program("change", *words.split()))
    assert (status, out, err) == (2, "", f"kvmnet-tui: {sentence}\n")


def test_an_empty_list_is_no_error(host: Host) -> None:
    assert told(host.program("change", "list")) == (
        0, "", "kvmnet-tui: Nothing has been changed yet.\n",
    )  # fmt: skip
    assert told(host.program("change", "list", "--json")) == (0, "[]\n", "")


def test_a_trial_is_listed_shown_extended_and_taken_back(host: Host) -> None:
    identifier = host.try_bridge(window_seconds=90)
    _status, listed, _err = told(host.program("change", "list"))
    assert identifier in listed
    assert " s left" in listed
    _status, shown, _err = told(host.program("change", "show"))
    for line in (
        f"kvmnet-tui change confirm {identifier}",
        f"To take it back now: kvmnet-tui change cancel {identifier}",
        f"More time: kvmnet-tui change extend {identifier}",
    ):
        assert line in shown.splitlines()
    unknown = told(host.program("change", "confirm", "nope"))
    assert (unknown[0], unknown[1]) == (2, "")
    assert unknown[2].splitlines()[0] == "kvmnet-tui: There is no change called nope."
    assert identifier in unknown[2]
    for seconds in ("0", "-60", "99999"):
        refused = told(host.program("change", "extend", "--seconds", seconds))
        assert refused == (2, "", "kvmnet-tui: A trial is extended by 1 to 3600 s.\n")
    more = json.loads(host.program("change", "extend", "--json").stdout)
    assert (more["id"], more["state"]) == (identifier, "trial")
    unproved = told(host.program("change", "confirm"))
    assert unproved[0] == 2
    assert "No new login was seen: it was not kept." in unproved[2]
    ended = json.loads(host.program("change", "cancel", "--json").stdout)
    assert (ended["id"], ended["state"]) == (identifier, "rolled-back")
    late = told(host.program("change", "confirm"))
    assert late[2].splitlines()[0] == "kvmnet-tui: No change is on trial."
    assert "taken back" in late[2]


def test_the_way_out_over_another_nic_is_never_taken(host: Host) -> None:
    before = host.run("ip", "route")
    words = "bridge create br9 --uplink ens36 --address 10.9.0.2/24 --gateway 10.9.0.1 --yes"
    status, out, err = told(host.program(*words.split()))
    assert (status, out) == (2, "")
    assert "The default route goes over ens32: leave the gateway out" in err
    assert host.run("ip", "route") == before


def test_whoever_is_not_root_is_told_that_nothing_can_be_seen(host: Host) -> None:
    host.run("mkdir", "-p", "-m", "700", "/run/kvmnet-tui")
    nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--")
    program = (sys.executable, "-m", "kvmnet_tui", "--lang", "en", "change")
    allowed = host.tried(*nobody, sys.executable, "-c", "import kvmnet_tui")
    if allowed.returncode:
        pytest.skip(f"another account cannot read this checkout: {allowed.stderr[-200:]}")
    for verb in ("list", "show", "cancel"):
        assert told(host.tried(*nobody, *program, verb)) == (
            2, "", "kvmnet-tui: Only root may see the changes of this host: use sudo.\n",
        )  # fmt: skip


def test_it_is_told_in_chinese_too(host: Host) -> None:
    done = host.tried(sys.executable, "-m", "kvmnet_tui", "--lang", "zh_CN", "change", "cancel")
    assert done.stderr.splitlines()[0] == "kvmnet-tui: 没有正在试用的更改。"
