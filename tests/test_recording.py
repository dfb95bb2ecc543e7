"""Recordings: what is written comes back, damage is told, and a replay shows what was."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from kvmnet_tui.codec import CodecError, decode, encode
from kvmnet_tui.events import FailoversTold, fold
from kvmnet_tui.model.drill import Drill, DrillPhase, DrillStep, How, Step, TargetProgress
from kvmnet_tui.model.failovers import Cause, Failover
from kvmnet_tui.model.joins import AddressBook, Topology
from kvmnet_tui.model.state import HostState
from kvmnet_tui.model.timeline import Kind
from kvmnet_tui.recording.format import changed, difference, state_of, whole
from kvmnet_tui.recording.player import RecordingError, load
from kvmnet_tui.recording.recorder import Recorder
from kvmnet_tui.recording.replay import ReplayController
from kvmnet_tui.replay_app import ReplayApp
from kvmnet_tui.requests import RequestError
from kvmnet_tui.requests.bonds import RunDrill
from kvmnet_tui.screens.frame import AppSettings
from tests.support import pictures
from tests.support.screens import screen_text

FAILOVER = Failover("bond0", "ens32", Cause.CARRIER, "active-backup", "ens36", 100.0, 100.1, 100.2)
DRILL = Drill(
    "bond0", "ens32", How.PULL, DrillPhase.WAITING, 5.0,
    targets=(TargetProgress("192.168.200.2", 3, 1, (0.5, None, 1.0)),),
    steps=(DrillStep(5.5, Step.CARRIER_LOST, "ens32"),),
)  # fmt: skip
EVERY: list[Callable[[], HostState]] = [
    pictures.course_host,
    pictures.after_failover,
    pictures.vlan_host,
    pictures.hostile_host,
    pictures.without_libvirt,
    pictures.empty_host,
    lambda: replace(pictures.course_host(), drill=DRILL, failovers=(FAILOVER,)),
]


def through_json(value: object) -> object:
    return json.loads(json.dumps(value))


def same(one: HostState, other: HostState) -> None:
    """All fields but the joins, which compare by what they join."""
    empty = {"topology": Topology.empty(), "address_book": AddressBook.empty(), "replay": None}
    assert replace(one, **empty) == replace(other, **empty)  # type: ignore[arg-type]


@pytest.mark.parametrize("make", EVERY)
def test_a_complete_picture_comes_back_as_it_was(make: Callable[[], HostState]) -> None:
    state = make()
    back = state_of(through_json(whole(state)))  # type: ignore[arg-type]
    same(state, back)
    assert back.topology.index_by_name == state.topology.index_by_name


@pytest.mark.parametrize("before", EVERY)
@pytest.mark.parametrize("after", EVERY)
def test_a_difference_leads_from_any_picture_to_any_other(
    before: Callable[[], HostState], after: Callable[[], HostState]
) -> None:
    old, new = before(), after()
    back = changed(old, through_json(difference(old, new)), 1.0)  # type: ignore[arg-type]
    # Rates are counted anew, and the timeline only ever grows.
    same(
        replace(back, rates={}, timeline=()),
        replace(new, rates={}, timeline=()),
    )


def test_nothing_changed_is_no_difference() -> None:
    state = pictures.course_host()
    assert difference(state, replace(state)) == {}


@pytest.mark.parametrize(
    ("kind", "value"),
    [(int, "1"), (tuple[int, ...], {}), (Failover, []), (Failover, {"bond": 1}), (Cause, "x")],
)
def test_a_value_of_the_wrong_sort_is_an_error(kind: object, value: object) -> None:
    with pytest.raises(CodecError):
        decode(kind, value)


def test_values_of_a_newer_program_are_passed_over() -> None:
    assert decode(Failover, {**encode(FAILOVER), "weather": "fine"}) == FAILOVER


# Files.


def write(path: Path, *states: HostState) -> None:
    recorder = Recorder(path)
    for number, state in enumerate(states):
        recorder.take(state, 1000.0 + number)
    recorder.close()


BEFORE, AFTER = pictures.course_host(), pictures.after_failover()


def test_a_recording_plays_what_was_recorded_forward_and_back(tmp_path: Path) -> None:
    path = tmp_path / "night.jsonl"
    write(path, BEFORE, BEFORE, AFTER, fold(AFTER, FailoversTold((FAILOVER,))))
    recording = load(path)
    assert (len(recording), recording.host, recording.trouble) == (3, BEFORE.host, "")
    assert recording.picture(0).bonds["bond0"].active_member == "ens32"
    assert recording.picture(2).failovers == (FAILOVER,)
    assert recording.picture(1).bonds["bond0"].active_member == "ens36"
    assert recording.picture(1).timeline[-1].kind is Kind.ACTIVE_MEMBER
    assert recording.picture(0).timeline == BEFORE.timeline
    moment = recording.picture(1).replay
    assert moment
    assert (moment.at, moment.number, moment.count) == (1002.0, 2, 3)


def test_a_file_appears_only_with_its_first_picture(tmp_path: Path) -> None:
    path = tmp_path / "night.jsonl"
    recorder = Recorder(path)
    assert not path.exists()
    recorder.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kept", [0.2, 0.6, 0.95])
def test_a_recording_that_breaks_off_shows_what_came_before(tmp_path: Path, kept: float) -> None:
    path = tmp_path / "night.jsonl"
    write(path, BEFORE, AFTER)
    data = path.read_bytes()
    ends = [at for at, byte in enumerate(data) if byte == 10]
    path.write_bytes(data[: ends[1] + 1 + int((ends[2] - ends[1]) * kept)])
    recording = load(path)
    assert "breaks off in line 3" in recording.trouble
    assert len(recording) == 1


def test_damage_in_the_middle_costs_what_follows_up_to_the_next_complete_picture(
    tmp_path: Path,
) -> None:
    path = tmp_path / "night.jsonl"
    write(path, BEFORE, AFTER, BEFORE)
    again = tmp_path / "again.jsonl"
    write(again, AFTER, BEFORE)
    head, first, second, third = path.read_text().splitlines()
    whole_again = again.read_text().splitlines()[1]
    path.write_text("\n".join((head, first, "#" + second[1:], third, whole_again, "")))
    recording = load(path)
    assert "Line 3 of the recording is damaged" in recording.trouble
    assert len(recording) == 2
    assert recording.picture(1).bonds["bond0"].active_member == "ens36"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is no recording"),
        ("hello\n", "is no recording"),
        ('{"format": "other"}\n', "is no recording"),
        ('{"format": "kvmnet-tui recording", "version": 9}\n', "version 9"),
        ('{"format": "kvmnet-tui recording", "version": 1}\n', "no picture"),
        ('{"format": "kvmnet-tui recording", "version": 1}\n{"at": 1, "state": 3}\n', "no picture"),
    ],
)
def test_what_cannot_be_shown_is_told_in_a_sentence(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "night.jsonl"
    path.write_text(text)
    with pytest.raises(RecordingError, match=reason):
        load(path)
    with pytest.raises(RecordingError, match="cannot be read"):
        load(tmp_path / "nothing")


# On the screens.


async def test_a_replay_shows_its_banner_and_obeys_its_keys(tmp_path: Path) -> None:
    path = tmp_path / "night.jsonl"
    write(path, BEFORE, AFTER, fold(AFTER, FailoversTold((FAILOVER,))))
    recording = load(path)

    def make(publish: Callable[[HostState], None]) -> ReplayController:
        return ReplayController(recording, publish, is_paused=True)

    app = ReplayApp(make, AppSettings(read_only=True, replay=True))
    async with app.run_test(size=(100, 24)) as pilot:

        async def sees(text: str) -> None:
            for _ in range(500):
                if text in screen_text(app):
                    return
                await pilot.pause(0.01)
            raise AssertionError(screen_text(app))

        await pilot.press("3")
        await sees("REPLAY")
        await sees("paused  1/3")
        await sees("ens32")
        await pilot.press("full_stop")
        await sees("2/3")
        assert "ens36" in next(x for x in screen_text(app).split("\n") if "bond0" in x)
        await pilot.press("comma")
        await sees("1/3")
        await pilot.press("right_square_bracket")
        await sees("2/3")
        await pilot.press("p", "greater_than_sign")
        await sees("x2  3/3")
        await pilot.press("less_than_sign", "less_than_sign")
        await sees("x0.5")
        with pytest.raises(RequestError, match="This is a recording"):
            await app.perform(RunDrill("bond0"))
        await pilot.press("slash", "p", "p")
        await sees("pp")
