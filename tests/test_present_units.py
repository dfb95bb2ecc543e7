from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kvmnet_tui.present.glyphs import ASCII, UNICODE
from kvmnet_tui.present.units import (
    bytes_text,
    clock_text,
    date_time,
    duration_text,
    iso_time,
    rate_text,
    sparkline,
    speed_text,
    time_ms,
)
from tests.support.pictures import NOW
from tests.support.surroundings import surroundings


@pytest.fixture(autouse=True)
def fixed_surroundings() -> Iterator[None]:
    with surroundings():
        yield


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 KiB"),
        (1024, "1.0 KiB"),
        (10 * 1024, "10 KiB"),
        (1023 * 1024, "1.0 MiB"),
        (107_637_288, "103 MiB"),
        (2**63, "8.0 EiB"),
    ],
)
def test_bytes_read_like_those_of_ifconfig(count: int, text: str) -> None:
    assert bytes_text(count) == text


@given(st.integers(0, 2**64))
def test_bytes_never_need_more_than_seven_cells(count: int) -> None:
    assert len(bytes_text(count)) <= 7
    assert rate_text(count) == bytes_text(count) + "/s"


def test_speeds_are_told_in_the_largest_unit() -> None:
    assert [speed_text(mbps) for mbps in (10, 1000, 2500, 100_000)] == [
        "10 Mb/s",
        "1 Gb/s",
        "2.5 Gb/s",
        "100 Gb/s",
    ]
    assert speed_text(None) == speed_text(-1) == ""


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.25, "0.2 s"),
        (12.9, "12 s"),
        (3000, "50 min 0 s"),
        (7 * 3600 + 120, "7 h 2 min"),
        (90_000, "1 d 1 h"),
    ],
)
def test_durations_have_two_units(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


def test_times_are_local_and_carry_milliseconds_where_order_matters() -> None:
    assert time_ms(NOW + 0.25) == "12:07:10.250"
    assert time_ms(NOW + 0.9996) == "12:07:11.000"
    assert clock_text(NOW) == "12:07"
    assert date_time(NOW) == "2018-05-25 12:07:10"
    with surroundings(zone="Asia/Shanghai"):
        assert iso_time(NOW + 0.25) == "2018-05-25T20:07:10.250+08:00"


def test_a_sparkline_measures_against_its_own_maximum() -> None:
    assert sparkline((0, 50, 100), 8) == "▁▅█"
    assert sparkline((1, 2, 3, 4), 2) == "▆█"
    assert sparkline((0.0, 0.0), 8) == "▁▁"
    assert sparkline((), 8) == ""


def test_a_terminal_without_unicode_gets_ascii_signs() -> None:
    with surroundings(signs=ASCII):
        assert sparkline((0, 50, 100), 8).isascii()
    for sign in (ASCII.up, ASCII.down, ASCII.warning, ASCII.ellipsis, ASCII.arrow):
        assert sign.isascii()
        assert len(sign) == 1
    assert len(ASCII.sparks) == len(UNICODE.sparks)
