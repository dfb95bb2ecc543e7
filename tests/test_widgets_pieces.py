"""The pieces of the widgets that need no terminal: columns, order, window, text, sections."""

from collections.abc import Hashable, Sequence
from typing import Any

import pytest
from rich.cells import cell_len

from kvmnet_tui.model.state import HostState
from kvmnet_tui.present.glyphs import UNICODE, use_glyphs
from kvmnet_tui.present.table import Cell, Column, Field, Section
from kvmnet_tui.widgets.columns import lay_out
from kvmnet_tui.widgets.ordering import Wish, arrange, nearest
from kvmnet_tui.widgets.sections import lines_of, plain_text
from kvmnet_tui.widgets.text import fit, wrap
from kvmnet_tui.widgets.window import Window
from kvmnet_tui.widgets.xml import coloured

STATE = HostState()
COLUMNS = (
    Column("name", "Name", 10, grow=1),
    Column("state", "State", 8),
    Column("rate", "Rate", 8, right=True, priority=1),
    Column("mac", "MAC", 17, priority=2),
)


@pytest.fixture(autouse=True)
def unicode_signs():
    use_glyphs(UNICODE)
    yield
    use_glyphs(None)


class Family:
    """A tree of names: `a` over `a/1` over `a/1/x`."""

    name = "family"
    columns = (Column("name", "Name", 10),)

    def __init__(self, *paths: str) -> None:
        self.paths = paths

    def keys(self, state: HostState) -> Sequence[Hashable]:
        return self.paths

    def depends_on(self, state: HostState) -> object:
        return self.paths

    def parent(self, state: HostState, key: Hashable) -> Hashable | None:
        return str(key).rpartition("/")[0] or None

    def cells(self, state: HostState, key: Hashable) -> tuple[Cell, ...]:
        depth = str(key).count("/")
        return (Cell("├ " * depth + str(key).rpartition("/")[2]),)

    def sort_value(self, state: HostState, key: Hashable, column: str) -> Any:
        return str(key)

    def detail(self, state: HostState, key: Hashable) -> tuple[Section, ...]:
        return ()

    def empty_reason(self, state: HostState, /) -> str:
        return "none"


def shown(layout) -> list[str]:
    return [COLUMNS[placed.index].key for placed in layout.placed]


def test_all_columns_show_where_there_is_room_and_the_rest_goes_to_those_that_grow() -> None:
    layout = lay_out(COLUMNS, 80)
    assert shown(layout) == ["name", "state", "rate", "mac"]
    assert layout.complete
    assert layout.placed[0].width == 80 - 8 - 8 - 17 - 3
    assert layout.placed[-1].x + layout.placed[-1].width == 80


def test_the_least_important_columns_go_first() -> None:
    assert shown(lay_out(COLUMNS, 40)) == ["name", "state", "rate"]
    assert shown(lay_out(COLUMNS, 20)) == ["name", "state"]


def test_scrolled_columns_keep_the_first_one() -> None:
    layout = lay_out(COLUMNS, 30, skipped=1)
    assert shown(layout) == ["name", "rate"]
    assert layout.can_scroll
    assert shown(lay_out(COLUMNS, 30, skipped=2)) == ["name", "mac"]
    assert not lay_out(COLUMNS, 30, skipped=2).can_scroll


@pytest.mark.parametrize("width", range(12))
def test_no_terminal_is_too_narrow(width: int) -> None:
    for placed in lay_out(COLUMNS, width).placed:
        assert 0 < placed.width <= width


def test_a_filter_keeps_the_ancestors_of_what_it_finds_and_draws_the_branches_anew() -> None:
    found = arrange(Family("a", "a/1", "a/1/x", "a/2", "b"), STATE, Wish(needle="X"))
    assert found.keys == ["a", "a/1", "a/1/x"]
    assert (found.matches, found.total) == (1, 5)
    assert found.branches == {"a": "", "a/1": "└ ", "a/1/x": "  └ "}


def test_sorting_a_tree_keeps_every_row_under_its_parent() -> None:
    family = Family("a", "a/1", "a/1/x", "a/2", "b", "b/1")
    wish = Wish(column="name", reverse=True)
    assert arrange(family, STATE, wish).keys == ["b", "b/1", "a", "a/2", "a/1", "a/1/x"]


def test_a_folded_branch_says_how_many_rows_it_hides() -> None:
    family = Family("a", "a/1", "a/1/x", "b")
    folded = arrange(family, STATE, Wish(folded=frozenset({"a"})))
    assert folded.keys == ["a", "b"]
    assert folded.hidden == {"a": 2}


@pytest.mark.parametrize(
    ("position", "left", "expected"),
    [(1, "abc", "b"), (1, "acd", "c"), (2, "ab", "b"), (0, "", None)],
)
def test_the_cursor_goes_to_the_nearest_row_that_is_left(position, left, expected) -> None:
    where = nearest("abc", position, {key: at for at, key in enumerate(left)})
    assert (left[where] if left else None) == expected


def test_the_cursor_row_stays_on_its_line_when_rows_appear_above_it() -> None:
    window = Window(height=10, count=100, top=40, cursor=45)
    window.replace(count=103, cursor=48)
    assert (window.top, window.cursor) == (43, 48)


def test_a_window_never_shows_blank_lines_while_there_are_rows() -> None:
    window = Window(height=10, count=100, top=90, cursor=99)
    window.replace(count=12, cursor=11)
    assert list(window.rows) == list(range(2, 12))
    window.replace(count=0, cursor=0)
    assert list(window.rows) == []


@pytest.mark.parametrize("text", ["", "abc", "网桥状态", "a网b桥c", "x" * 50, "\x1b[31mred", "é̂é"])
@pytest.mark.parametrize("width", [0, 1, 2, 5, 9, 30])
def test_a_cell_is_exactly_as_wide_as_its_column(text: str, width: int) -> None:
    assert cell_len(fit(text, width)) == width
    assert cell_len(fit(text, width, right=True)) == width


def test_sentences_wrap_at_spaces_and_chinese_anywhere() -> None:
    assert wrap("one two three", 7) == ["one two", "three"]
    assert wrap("没有虚拟网络", 5) == ["没有", "虚拟", "网络"]
    assert wrap("abcdefghij", 4) == ["abcd", "efgh", "ij"]


def test_a_detail_fits_its_width_whatever_is_in_it() -> None:
    section = Section(
        "A title that is much too long",
        (Field("Address", Cell("192.168.122.1/24 and some more words")),),
        ("MAC", "Name"),
        ((Cell("52:54:00:aa:00:01"), Cell("虚拟机虚拟机")),),
        "<network>\n  <name a='1'>" + "x" * 90 + "</name>\n</network>",
        "xml",
    )
    for width in (1, 5, 13, 20, 60):
        for line in lines_of((section, section), width):
            seen = "".join(text for text, _style in line).rstrip()
            assert width < 13 or cell_len(seen) <= width
    assert "52:54:00:aa:00:01  虚拟机虚拟机" in plain_text((section,))


def test_columns_without_room_follow_on_an_indented_line() -> None:
    section = Section("", (), ("MAC", "Name"), ((Cell("52:54:00:aa:00:01"), Cell("centos6.5")),))
    assert plain_text((section,), 20).split("\n") == [
        "MAC",
        "  Name",
        "52:54:00:aa:00:01",
        "  centos6.5",
    ]


def test_coloured_xml_is_still_the_same_text() -> None:
    for line in ("<a b='c' d=\"e\">text &lt; </a>", "<!-- x", "a<b>=''", "<?xml version='1.0'?>"):
        assert "".join(text for text, _style in coloured(line)) == line
