"""`kvmnet-tui bond`, `record` and `replay` as their user starts them, on a host without bonds."""

import json
from dataclasses import replace
from pathlib import Path

from kvmnet_tui.history.reports import keep_report
from kvmnet_tui.history.store import History
from kvmnet_tui.model.failovers import Cause, Failover
from tests.support.program import NO_LIBVIRT, run
from tests.test_history import REPORT
from tests.test_recording import AFTER, BEFORE, write

ONE = Failover("bond0", "ens32", Cause.CARRIER, "active-backup", "ens36", 100.0, 100.1, 100.11)


def test_the_history_is_printed_as_tables_json_and_a_drill_s_report(tmp_path: Path) -> None:
    history = History(tmp_path)
    history.append(replace(ONE, restored_at=160.0))
    keep_report(history, REPORT)
    state = {"KVMNET_TUI_STATE": str(tmp_path)}
    table = run("bond", "history", **state)
    assert (table.status, table.err) == (0, "")
    assert "carrier lost" in table.out
    assert REPORT.name in table.out
    record = json.loads(run("bond", "history", "bond0", "--json", **state).out)
    assert record["failovers"][0]["detection_ms"] == 100.0
    assert record["failovers"][0]["out_seconds"] == 60.0
    assert record["drills"][0]["took_over"] == "ens36"
    assert "10 of 61" in run("bond", "history", REPORT.name, **state).out
    assert run("bond", "history", REPORT.name, "--svg", **state).out.startswith("<svg ")
    unknown = run("bond", "history", "bond9", **state)
    assert (unknown.status, unknown.out) == (2, "")
    assert "Nothing is kept of a bond or drill called bond9." in unknown.err


def test_a_drill_of_a_bond_that_is_not_there_is_refused(tmp_path: Path) -> None:
    answer = run(
        "bond", "drill", "bond9", "--yes", "-c", NO_LIBVIRT, KVMNET_TUI_STATE=str(tmp_path)
    )
    assert (answer.status, answer.out) == (2, "")
    assert answer.err.count("\n") == 1


def test_a_recording_is_begun_checked_and_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "night.jsonl"
    done = run("record", str(path), "--seconds", "5", "-c", NO_LIBVIRT)
    assert done.status == 0, done.err
    check = run("replay", "--check", str(path))
    assert check.status == 0, check.err
    assert "picture" in check.out
    again = run("record", str(path), "-c", NO_LIBVIRT)
    assert (again.status, "--force" in again.err) == (2, True)
    lost = run("record", str(tmp_path / "no" / "folder"), "-c", NO_LIBVIRT)
    assert lost.status == 2
    assert "cannot be written" in lost.err


def test_a_damaged_recording_is_told_and_what_is_readable_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "night.jsonl"
    write(path, BEFORE, AFTER)
    path.write_bytes(path.read_bytes()[:-40])
    check = run("replay", "--check", str(path))
    assert (check.status, "1 picture." in check.out) == (2, True)
    assert "breaks off in line 3" in check.err
    no_terminal = run("replay", str(path))
    assert no_terminal.status == 2
    assert "needs a terminal" in no_terminal.err
