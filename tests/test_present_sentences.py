from collections.abc import Iterator

import pytest

from kvmnet_tui.model.state import Phase, Problem, SourceName, SourceStatus
from kvmnet_tui.model.timeline import Kind, Origin, TimelineEntry
from kvmnet_tui.present.sentences import (
    entry_sentence,
    full_status_sentence,
    problems,
    state_word,
    status_sentence,
)
from tests.support.pictures import NOW, course_host, without_libvirt
from tests.support.surroundings import surroundings


@pytest.fixture(autouse=True)
def fixed_surroundings() -> Iterator[None]:
    with surroundings():
        yield


def test_a_lost_daemon_is_told_with_the_time_since_when() -> None:
    status = SourceStatus(Phase.LOST, NOW - 370, Problem.NOT_RUNNING, "No such file")
    expected = "libvirt: daemon not reachable since 12:01, retrying"
    assert status_sentence(SourceName.LIBVIRT, status) == expected
    assert full_status_sentence(SourceName.LIBVIRT, status) == f"{expected} (No such file)"


def test_a_live_source_needs_no_sentence() -> None:
    assert status_sentence(SourceName.KERNEL, SourceStatus(Phase.LIVE)) == ""
    assert problems(course_host()) == ()


def test_only_lost_sources_are_problems() -> None:
    assert problems(without_libvirt()) == ("libvirt: daemon not reachable since 12:01, retrying",)


@pytest.mark.parametrize("problem", Problem)
@pytest.mark.parametrize("name", SourceName)
def test_every_problem_of_every_source_is_one_sentence(name: SourceName, problem: Problem) -> None:
    for phase in (Phase.LOST, Phase.ABSENT):
        sentence = status_sentence(name, SourceStatus(phase, NOW, problem, "\x1b[31mwhy"))
        assert sentence
        assert sentence.isprintable()
        assert "{" not in sentence


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_event_has_a_sentence(kind: Kind) -> None:
    entry = TimelineEntry(1, NOW, Origin.KERNEL, kind, "SUBJECT", "OTHER", "BEFORE", "AFTER")
    sentence = entry_sentence(entry)
    assert "SUBJECT" in sentence or "BEFORE" in sentence
    assert "{" not in sentence


def test_a_burst_says_how_often() -> None:
    entry = TimelineEntry(1, NOW, Origin.KERNEL, Kind.CARRIER_LOST, "ens32", count=12)
    assert entry_sentence(entry) == "ens32 lost its carrier, 12 times"


def test_an_active_member_that_comes_or_goes_is_told_as_such() -> None:
    moved = TimelineEntry(1, NOW, Origin.BONDING, Kind.ACTIVE_MEMBER, "bond0", before="ens32")
    assert entry_sentence(moved) == "bond0 has no active member left, it was ens32"
    came = TimelineEntry(1, NOW, Origin.BONDING, Kind.ACTIVE_MEMBER, "bond0", after="ens36")
    assert entry_sentence(came) == "bond0 now uses ens36"


def test_names_in_events_cannot_harm_the_terminal() -> None:
    entry = TimelineEntry(1, NOW, Origin.KERNEL, Kind.LINK_ADDED, "\x1b[2J{count}")
    assert entry_sentence(entry) == "link \\x1b[2J{count} appeared"


def test_a_state_nobody_knows_is_shown_as_it_is() -> None:
    assert state_word("forwarding") == "forwarding"
    assert state_word("weird\x07") == "weird\\x07"
