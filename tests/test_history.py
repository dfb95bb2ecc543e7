"""The history: failovers found in a timeline, kept in files that are rotated; drills' reports."""

import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest

from kvmnet_tui.alerts import Alerts, ringing
from kvmnet_tui.codec import decode, encode
from kvmnet_tui.events import Happened, fold
from kvmnet_tui.failovers import FailoverFinder
from kvmnet_tui.history.reports import keep_report, report_in, report_text
from kvmnet_tui.history.store import History, merged, state_folder
from kvmnet_tui.model.drill import (
    Baseline,
    DrillReport,
    DrillStep,
    DrillTarget,
    How,
    Outage,
    Step,
    TargetOutage,
)
from kvmnet_tui.model.failovers import Cause, Failover
from kvmnet_tui.model.state import HostState
from kvmnet_tui.model.timeline import Kind, Origin, TimelineEntry
from kvmnet_tui.present.drill_report import report_sentence
from tests.support import pictures


def entry(at: float, kind: Kind, subject: str, **more: str) -> TimelineEntry:
    return TimelineEntry(0, at, Origin.BONDING, kind, subject, **more)  # type: ignore[arg-type]


LOST = entry(100.0, Kind.CARRIER_LOST, "ens32")
NOTICED = entry(100.1, Kind.MEMBER_MII, "ens32", other="bond0", before="up", after="down")
MOVED = entry(100.11, Kind.ACTIVE_MEMBER, "bond0", before="ens32", after="ens36")
ANNOUNCED = entry(100.12, Kind.PEERS_NOTIFIED, "virbr1", after="192.168.200.132")
FOUND = entry(160.0, Kind.CARRIER_FOUND, "ens32")
BACK = entry(160.2, Kind.MEMBER_MII, "ens32", other="bond0", before="down", after="up")
FAILED_BACK = entry(160.3, Kind.FAILED_BACK, "bond0", before="ens36", after="ens32")


def found(*entries: TimelineEntry, state: HostState | None = None) -> list[Failover]:
    failovers: dict[str, Failover] = {}
    finder = FailoverFinder(lambda one: failovers.update({one.key: one}))
    for one in entries:
        finder.take(state or pictures.course_host(), one)
    return list(failovers.values())


def test_a_failover_is_told_from_the_lost_carrier_to_the_member_s_return() -> None:
    first, second = found(LOST, NOTICED, MOVED, ANNOUNCED, FOUND, BACK, FAILED_BACK)
    assert (first.bond, first.member, first.took_over) == ("bond0", "ens32", "ens36")
    assert (first.cause, first.mode) == (Cause.CARRIER, "active-backup")
    assert (first.detection_ms, first.total_ms) == (pytest.approx(100), pytest.approx(110))
    assert first.announced_at == 100.12
    assert first.out_seconds == pytest.approx(60.2)
    assert (second.cause, second.member, second.took_over) == (Cause.FAILBACK, "ens36", "ens32")


def test_the_order_of_verdict_and_move_does_not_matter() -> None:
    (one,) = found(LOST, MOVED, NOTICED)
    assert (one.detection_ms, one.total_ms) == (pytest.approx(100), pytest.approx(110))


def test_causes_are_told_apart() -> None:
    set_down = entry(99.9, Kind.LINK_DOWN, "ens32")
    assert found(set_down, LOST, NOTICED)[0].cause is Cause.SET_DOWN
    assert found(NOTICED)[0].cause is Cause.MONITOR
    assert found(MOVED)[0].cause is Cause.CHOICE


def test_a_flicker_that_the_driver_did_not_notice_is_no_failover() -> None:
    back_in_time = replace(BACK, before="going down")
    assert found(LOST, FOUND, back_in_time) == []
    assert found(entry(1.0, Kind.CARRIER_LOST, "vnet0")) == []


# Files.

ONE = Failover("bond0", "ens32", Cause.CARRIER, "active-backup", "ens36", 100.0, 100.1, 100.11)


def test_what_is_appended_is_there_in_the_next_run_the_last_line_about_each_holding(
    tmp_path: Path,
) -> None:
    history = History(tmp_path / "deep" / "state")
    history.append(ONE)
    restored = replace(ONE, restored_at=160.0)
    history.append(restored)
    other = replace(ONE, member="ens36", lost_at=50.0)
    history.append(other)
    assert History(tmp_path / "deep" / "state").failovers() == (other, restored)
    assert merged([(ONE,), (restored, other)]) == (other, restored)


def test_rotation_by_us_and_by_others_loses_nothing(tmp_path: Path) -> None:
    history = History(tmp_path, rotate_bytes=600)
    many = [replace(ONE, lost_at=float(number)) for number in range(1, 13)]
    for one in many:
        history.append(one)
    assert len(list(tmp_path.glob("failovers.jsonl.*"))) > 1
    assert history.failovers() == tuple(many)
    (tmp_path / "failovers.jsonl").unlink()  # moved away by logrotate
    last = replace(ONE, lost_at=99.0)
    history.append(last)
    assert history.failovers()[-1] == last


def test_old_files_go_in_the_end(tmp_path: Path) -> None:
    history = History(tmp_path, rotate_bytes=1)
    for number in range(1, 20):
        history.append(replace(ONE, lost_at=float(number)))
    assert len(list(tmp_path.glob("failovers.jsonl*"))) == 5


def test_damaged_lines_are_passed_over(tmp_path: Path) -> None:
    history = History(tmp_path)
    history.append(ONE)
    with (tmp_path / "failovers.jsonl").open("ab") as file:
        file.write(b'\xff\xfe\n{"version": 1, "failover": {"bond": 3}}\n[]\n{"version": 7}\n{"ver')
    assert history.failovers() == (ONE,)


def test_one_process_records_and_another_follows_when_it_ends(tmp_path: Path) -> None:
    first, second = History(tmp_path), History(tmp_path)
    assert first.is_recorder()
    assert not second.is_recorder()
    first.close()
    assert second.is_recorder()
    second.close()


def test_the_folder_is_the_system_s_for_root_and_the_user_s_own_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KVMNET_TUI_STATE", str(tmp_path))
    assert state_folder() == tmp_path
    monkeypatch.delenv("KVMNET_TUI_STATE")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert state_folder() == Path("/var/lib/kvmnet-tui")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert state_folder() == tmp_path / "kvmnet-tui"
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    monkeypatch.setenv("HOME", "/home/chen")
    assert state_folder() == Path("/home/chen/.local/state/kvmnet-tui")


# Reports.

TRACE = tuple((float(ms), None if 0 <= ms < 100 else 0.5) for ms in range(-200, 400, 10))
OUTAGE = Outage(
    100.0, 98.0, 5.3, 103.3, 98.4, 99.0, 10, 61, 110.2,
    (TargetOutage("192.168.200.2", 61, 10, 110.2, 103.3, 103.3, TRACE),),
)  # fmt: skip
REPORT = DrillReport(
    "bond0-20180525-120700", "kvm", "bond0", "active-backup", "ens32", How.DOWN, "virbr1",
    98.0, 106.0, 10, miimon_ms=100, bridge="virbr1", took_over="ens36",
    targets=(DrillTarget("192.168.200.2", "arp", "gateway"),),
    baseline=(Baseline("192.168.200.2", 200, 0, 0.4, 1.2),),
    failover=OUTAGE, failback=replace(OUTAGE, began=103.0, lost=0),
    steps=(
        DrillStep(100.0, Step.CARRIER_LOST, "ens32"),
        DrillStep(100.098, Step.MII, "ens32", "down"),
    ),
    remarks=("no-failback",),
)  # fmt: skip


def test_a_report_is_kept_as_text_json_and_svg(tmp_path: Path) -> None:
    history = History(tmp_path)
    told = keep_report(history, REPORT)
    assert str(tmp_path / "drills" / REPORT.name) in told
    assert sorted(path.suffix for path in (tmp_path / "drills").iterdir()) == [
        ".json", ".svg", ".txt",
    ]  # fmt: skip
    assert history.reports() == (REPORT,)
    (tmp_path / "drills" / "bad.json").write_text("{")
    assert history.reports() == (REPORT,)
    assert "lab" in keep_report(None, REPORT)


def test_a_report_s_json_comes_back_and_its_text_says_everything() -> None:
    assert decode(DrillReport, json.loads(report_in(REPORT, "json"))) == REPORT
    assert encode(REPORT)["bond"] == "bond0"
    text = report_text(REPORT)
    for part in ("103 ms", "98 ms", "10 of 61", "ens36", "MII every 100 ms", "lost its carrier"):
        assert part in text
    assert "first answer came after 103 ms" in report_sentence(REPORT)
    silent = replace(REPORT, failover=replace(OUTAGE, total_ms=None))
    assert "no answer came any more" in report_sentence(silent)
    shared = replace(REPORT, took_over="", mode="802.3ad")
    assert "went on without ens32" in report_sentence(shared)


def test_a_report_s_picture_is_well_formed_and_shows_every_lost_probe() -> None:
    svg = report_in(replace(REPORT, host="<kvm> & \x1b[31m"), "svg")
    root = ET.fromstring(svg)
    crosses = [one for one in root.iter() if one.tag.endswith("path")]
    assert len(crosses) == 2 * 10
    words = " ".join(one.text or "" for one in root.iter() if one.tag.endswith("text"))
    for part in ("192.168.200.2", "ens32 lost its carrier", "Failover", "Fail-back"):
        assert part in words
    assert "\x1b" not in svg


# Bells.


def test_a_new_failover_rings_once_and_an_old_one_never() -> None:
    state = fold(pictures.course_host(), Happened((MOVED,)))
    alerts = Alerts()
    assert alerts.newest(state) == ""  # it was there when the program began
    assert alerts.newest(state) == ""
    later = fold(state, Happened((NOTICED, ANNOUNCED)))
    assert alerts.newest(later) == "member ens32 of bond0 went from up to down"
    assert alerts.newest(later) == ""
    assert alerts.newest(fold(later, Happened((FOUND,)))) == ""


def test_ringing_is_a_bell_and_a_notice_that_cannot_do_more() -> None:
    assert ringing("bond0 moved") == "\a\x1b]9;bond0 moved\x1b\\"
    assert ringing("a\x1b]0;b\a").count("\x1b") == 2
