"""The live table: what it paints again, where the cursor stays, how rows are found."""

import time
from collections.abc import Hashable, Sequence
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.geometry import Region

from kvmnet_tui.model.state import HostState
from kvmnet_tui.present.table import Cell, Column, Section, Severity
from kvmnet_tui.widgets.table import LiveTable
from tests.support.screens import screen_text


class Numbers:
    """Rows by name with a number each, and a count of the cells it was asked for."""

    name = "numbers"
    columns = (
        Column("name", "Name", 10),
        Column("number", "Number", 8, right=True, live=True),
        Column("note", "Note", 20, grow=1),
        Column("extra", "Extra", 30, priority=1),
    )

    def __init__(self, rows: int) -> None:
        self.numbers = {f"row{number}": number for number in range(rows)}
        self.asked = 0

    def keys(self, state: HostState) -> Sequence[Hashable]:
        return list(self.numbers)

    def depends_on(self, state: HostState) -> object:
        return tuple(self.numbers)

    def cells(self, state: HostState, key: Hashable) -> tuple[Cell, ...]:
        self.asked += 1
        number = self.numbers.get(str(key))
        if number is None:
            return (Cell(""),) * 4
        return (Cell(str(key)), Cell(str(number)), Cell("[red]网桥[/]", Severity.DIM), Cell("x"))

    def sort_value(self, state: HostState, key: Hashable, column: str) -> Any:
        return self.numbers[str(key)] if column == "number" else str(key)

    def detail(self, state: HostState, key: Hashable) -> tuple[Section, ...]:
        return ()

    def empty_reason(self, state: HostState, /) -> str:
        return "There are no numbers."


class Watched(LiveTable):
    """Remembers which regions it had painted again."""

    def __init__(self, view: Numbers, **options: bool) -> None:
        super().__init__(view, **options)
        self.regions: list[Region] = []

    def refresh(self, *regions: Region, **options: bool) -> "Watched":
        if hasattr(self, "regions"):
            self.regions += regions or (Region(0, 0, 0, 0),)
        return super().refresh(*regions, **options)


class TableApp(App[None]):
    def __init__(self, rows: int, **options: bool) -> None:
        super().__init__(ansi_color=True)
        self.view = Numbers(rows)
        self.table = Watched(self.view, **options)
        self.opened = 0

    def compose(self) -> ComposeResult:
        yield self.table

    def on_mount(self) -> None:
        self.table.update(HostState())

    def on_live_table_opened(self) -> None:
        self.opened += 1

    def change(self, **numbers: int | None) -> None:
        for name, number in numbers.items():
            if number is None:
                del self.view.numbers[name]
            else:
                self.view.numbers[name] = number
        self.table.regions.clear()
        self.table.update(HostState())


SIZE = (60, 11)


async def test_one_changed_cell_is_one_painted_cell() -> None:
    app = TableApp(40)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        app.change(row3=999)
        assert app.table.regions == [Region(11, 4, 8, 1)]
        app.change(row3=999)
        assert app.table.regions == []
        app.change(row30=5)
        assert app.table.regions == [], "a row that is not on screen is not painted"


@pytest.mark.parametrize("rows", [60, 4000])
async def test_a_change_costs_the_visible_rows_only(rows: int) -> None:
    app = TableApp(rows)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        app.view.asked = 0
        app.change(row3=999)
        assert app.view.asked == 10


async def test_the_cursor_and_its_line_survive_rows_that_come_and_go() -> None:
    app = TableApp(40)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press(*["down"] * 15)
        assert app.table.cursor_key == "row15"
        line = [y for y, text in enumerate(screen_text(app).split("\n")) if "row15 " in text]
        app.change(row0=None, row1=None)
        await pilot.pause()
        assert app.table.cursor_key == "row15"
        assert "row15 " in screen_text(app).split("\n")[line[0]]
        app.change(row15=None)
        assert app.table.cursor_key == "row16"
        app.change(**{f"row{number}": None for number in range(10, 40) if number != 15})
        assert app.table.cursor_key == "row9"


async def test_all_rows_may_vanish_and_come_back() -> None:
    app = TableApp(3)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("down")
        app.change(row0=None, row1=None, row2=None)
        await pilot.pause()
        assert "There are no numbers." in screen_text(app)
        assert app.table.cursor_key is None
        await pilot.press("down", "pageup", "G", "enter", "s", "left")
        app.change(row7=7)
        await pilot.pause()
        assert "There are no numbers." not in screen_text(app)
        assert app.table.cursor_key == "row7"


@pytest.mark.parametrize(
    ("keys", "row"),
    [
        (["j", "j", "k"], "row1"),
        (["pagedown"], "row10"),
        (["ctrl+d"], "row5"),
        (["G"], "row39"),
        (["end", "up"], "row38"),
        (["G", "g"], "row0"),
        (["end", "pageup", "ctrl+u"], "row24"),
        (["up"], "row0"),
    ],
)
async def test_keys_move_the_cursor(keys: list[str], row: str) -> None:
    app = TableApp(40)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press(*keys)
        assert app.table.cursor_key == row
        await pilot.pause()
        assert f"{row} " in screen_text(app)


async def test_text_is_literal_and_wide_text_keeps_the_columns() -> None:
    app = TableApp(2)
    async with app.run_test(size=(100, 5)) as pilot:
        await pilot.pause()
        header, row = screen_text(app).split("\n")[:2]
        assert "[red]网桥[/]" in row
        assert row.index("x") + 2 == header.index("Extra"), "the two wide characters take four"


async def test_s_sorts_by_the_next_column_and_back() -> None:
    app = TableApp(12)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("s", "s")
        await pilot.pause()
        assert "Number▲" in screen_text(app)
        await pilot.press("S")
        await pilot.pause()
        assert "Number▼" in screen_text(app)
        assert screen_text(app).split("\n")[1].startswith("row11")
        await pilot.press("s", "s", "s")
        await pilot.pause()
        assert screen_text(app).split("\n")[1].startswith("row0")


async def test_rows_sorted_by_a_live_column_move_at_most_once_a_second() -> None:
    app = TableApp(12)
    async with app.run_test(size=SIZE) as pilot:
        app.table.sort_by("number", reverse=True)
        started = time.monotonic()
        app.change(row0=100)
        await pilot.pause()
        assert screen_text(app).split("\n")[1].startswith("row11")
        while not screen_text(app).split("\n")[1].startswith("row0"):
            assert time.monotonic() < started + 5
            await pilot.pause(0.02)
        assert time.monotonic() - started > 0.5


async def test_a_filter_finds_text_in_any_cell_and_says_how_much() -> None:
    app = TableApp(40)
    async with app.run_test(size=SIZE) as pilot:
        app.table.filter("ROW1")
        await pilot.pause()
        assert app.table.position.startswith("11 of 40")
        app.table.filter("网桥")
        assert app.table.position.startswith("40 of 40")
        app.table.filter("zebra")
        await pilot.pause()
        assert 'Nothing here contains "zebra".' in screen_text(app)
        app.table.filter("")
        assert app.table.position.startswith("row ")


async def test_hidden_columns_are_reached_with_the_arrow_keys() -> None:
    app = TableApp(3)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert "Extra" not in screen_text(app)
        assert app.table.position.endswith("›")
        await pilot.press("right", "right")
        await pilot.pause()
        assert "Extra" in screen_text(app)
        assert screen_text(app).split("\n")[1].startswith("row0")
        assert app.table.position.endswith("‹")
        await pilot.press("right", "right", "left", "left", "left")
        await pilot.pause()
        assert "Number" in screen_text(app)


async def test_a_click_selects_a_second_one_opens_and_a_title_sorts() -> None:
    app = TableApp(12)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.click(Watched, offset=(3, 4))
        assert (app.table.cursor_key, app.opened) == ("row3", 0)
        await pilot.click(Watched, offset=(3, 4))
        assert app.opened == 1
        await pilot.click(Watched, offset=(13, 0))
        await pilot.pause()
        assert "Number▲" in screen_text(app)


async def test_the_tail_is_followed_until_the_user_leaves_it() -> None:
    app = TableApp(30, follows_tail=True)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert app.table.cursor_key == "row29"
        app.change(row30=30)
        assert app.table.cursor_key == "row30"
        await pilot.press("up")
        app.change(row31=31)
        assert app.table.cursor_key == "row29"
        await pilot.press("G")
        app.change(row32=32)
        assert app.table.cursor_key == "row32"
