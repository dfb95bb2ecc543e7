"""The benchmark's own arithmetic and parsers; nothing here asserts anything about time."""

import itertools
import json

from tests.bench.figure import (
    Figure,
    alternate,
    as_json,
    as_table,
    at_most,
    compared,
    percentile,
    times_floor,
)
from tests.bench.measures.storm import wrong_rows
from tests.bench.rtnetlink import LinkMessage, link_dump, link_messages
from tests.bench.terminal import Chunk, Picture, first_time, paints, size

FLOOR = "the floor"
LINK = {
    "ifname": "ens1",
    "flags": ["BROADCAST", "UP", "LOWER_UP"],
    "mtu": 1400,
    "address": "52:54:00:00:00:01",
    "master": "br0",
}


def test_a_percentile_is_the_smallest_value_that_covers_so_many_per_cent():
    assert percentile([5, 1, 4, 2, 3], 50) == 3
    assert percentile([float(value) for value in range(1, 101)], 99) == 99
    assert percentile([7.0], 99) == 7


def test_takes_come_in_turn():
    numbers = itertools.count(1)
    assert alternate(2, lambda: next(numbers), lambda: -next(numbers)) == [[1, 3], [-2, -4]]


def test_a_ratio_budget_judges_the_ratio_of_the_medians():
    figure = compared("start", "s", [2, 4, 3], [1, 2, 9], FLOOR, times_floor(1.5))
    assert (figure.ours, figure.floor, figure.ratio, figure.within) == (3, 2, 1.5, True)


def test_a_value_budget_judges_the_figure_whatever_the_floor():
    figure = compared("bytes", "B", [201], [100], FLOOR, at_most(200))
    assert figure.within is False
    assert compared("idle", "B/s", [0], [0], FLOOR, at_most(0)).within is True


def test_a_figure_that_was_never_taken_says_so_and_is_neither_within_nor_beyond():
    figure = compared("start", "s", [], [1], FLOOR, times_floor(1))
    assert figure.within is None
    assert figure.note in as_table([figure])


def test_the_table_and_the_json_say_the_same():
    figure = compared("start", "s", [0.5], [0.25], FLOOR, times_floor(1.35))
    table, (record,) = as_table([figure]), json.loads(as_json([figure]))
    for text in ("start", "0.5 s", "0.25 s  the floor", "2.00 x", "<= 1.35 x", "NO"):
        assert text in table
    assert record["ratio"] == 2
    assert record["budget"] == {"measure": "ratio", "at_most": 1.35}
    assert record["within"] is False
    assert json.loads(as_json([Figure("alone", "")]))[0]["budget"] is None


def test_the_picture_is_what_the_bytes_paint():
    picture = Picture()
    picture.feed(b"\x1b[?2026$p\x1b[>25u\x1b[2;3H\x1b[1mhello\x1b[0m")
    assert picture.lines[1].rstrip() == "  hello"
    assert not picture.lines[0].strip()


def test_the_first_time_of_a_picture_is_when_the_bytes_that_completed_it_came():
    chunks = [Chunk(1.0, b"he"), Chunk(2.0, b"llo"), Chunk(3.0, b"!")]
    assert first_time(chunks, lambda lines: lines[0].startswith("hello")) == 2.0
    assert first_time(chunks, lambda lines: lines[0].startswith("bye")) is None


def test_paints_are_counted_by_their_marks_or_by_the_silence_between_them():
    marked = [Chunk(1.0, b"\x1b[?2026hA\x1b[?2026l\x1b[?2026hB\x1b[?2026l")]
    bursts = [Chunk(1.0, b"A"), Chunk(1.001, b"B"), Chunk(1.5, b"C")]
    assert paints(marked) == 2
    assert paints(bursts) == 2
    assert paints([]) == 0
    assert size(bursts) == 3


def test_a_row_is_right_when_it_says_what_ip_says():
    row = " ens1  ● up  veth  -  52:54:00:00:00:01  br0  1400"
    assert wrong_rows([row], [LINK]) == 0
    assert wrong_rows([row.replace("up", "down")], [LINK]) == 1
    assert wrong_rows([row.replace("1400", "1500")], [LINK]) == 1
    assert wrong_rows([], [LINK]) == 1
    assert wrong_rows([row], [{**LINK, "flags": ["UP", "NO-CARRIER"]}]) == 1


def test_the_raw_reader_sees_this_machines_loopback():
    assert any(link.name == "lo" and link.mtu for link in link_dump())


def test_bytes_that_are_no_netlink_give_no_links():
    for data in (b"", b"\0" * 40, b"\xff" * 40):
        assert [link for link in link_messages(data) if isinstance(link, LinkMessage)] == []
