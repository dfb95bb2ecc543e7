import string
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from rich.cells import cell_len

from kvmnet_tui.events import CountersRead, fold
from kvmnet_tui.i18n import _, known_languages
from kvmnet_tui.model.links import Counters
from kvmnet_tui.model.state import HostState, Phase, Problem, SourceName, SourceStatus
from kvmnet_tui.present.bonds import BondsView
from kvmnet_tui.present.bridges import BridgesView
from kvmnet_tui.present.glyphs import ASCII
from kvmnet_tui.present.guests import GuestsView
from kvmnet_tui.present.links import LinksView
from kvmnet_tui.present.listing import section_lines, table_lines
from kvmnet_tui.present.networks import NetworksView
from kvmnet_tui.present.nics import NicsView
from kvmnet_tui.present.table import View
from kvmnet_tui.present.timeline import EventsView
from tests.support.goldens import assert_golden
from tests.support.pictures import (
    ALL_LIVE,
    NOW,
    after_failover,
    big_host,
    course_host,
    empty_host,
    hostile_host,
    picture,
    vlan_host,
    without_libvirt,
)
from tests.support.surroundings import surroundings

VIEWS: dict[str, Callable[[], View]] = {
    "networks": lambda: NetworksView(now=lambda: NOW),
    "bridges": BridgesView,
    "bonds": BondsView,
    "guests": GuestsView,
    "links": LinksView,
    "events": EventsView,
    "nics": NicsView,
}
PICTURES: dict[str, Callable[[], HostState]] = {
    "course": course_host,
    "failover": after_failover,
    "vlan": vlan_host,
    "without-libvirt": without_libvirt,
}

each_view = pytest.mark.parametrize("name", VIEWS)


@pytest.fixture(autouse=True)
def fixed_surroundings() -> Iterator[None]:
    with surroundings():
        yield


def listed(view: View, state: HostState, width: int | None = None) -> str:
    rows = [view.cells(state, key) for key in view.keys(state)]
    return "".join(f"{line}\n" for line in table_lines(view.columns, rows, width=width))


def details(view: View, state: HostState) -> str:
    parts = (section_lines(view.detail(state, key)) for key in view.keys(state))
    return "\n----\n".join("\n".join(lines) for lines in parts) + "\n"


@each_view
@pytest.mark.parametrize("host", PICTURES)
def test_tables_read_as_their_goldens(name: str, host: str) -> None:
    assert_golden(f"show/{host}-{name}.txt", listed(VIEWS[name](), PICTURES[host]()))


@each_view
def test_details_read_as_their_goldens(name: str) -> None:
    assert_golden(f"show/failover-{name}-details.txt", details(VIEWS[name](), after_failover()))


@each_view
def test_every_column_has_a_cell_in_every_row(name: str) -> None:
    view, state = VIEWS[name](), after_failover()
    for key in view.keys(state):
        assert len(view.cells(state, key)) == len(view.columns)


@each_view
def test_columns_say_how_important_they_are_and_the_first_never_goes(name: str) -> None:
    columns = VIEWS[name]().columns
    assert columns[0].priority == 0
    assert len({column.key for column in columns}) == len(columns)


@each_view
def test_what_matters_fits_a_terminal_of_eighty_columns(name: str) -> None:
    columns = [column for column in VIEWS[name]().columns if column.priority <= 1]
    assert sum(max(column.width, len(column.title)) + 1 for column in columns) <= 81


@each_view
def test_rows_that_are_gone_are_empty_and_no_error(name: str) -> None:
    view, state = VIEWS[name](), after_failover()
    keys = list(view.keys(state))
    for gone in (picture(), empty_host()):
        for key in (*keys, "nobody", None, ("strange", 5)):
            if key in view.keys(gone):
                continue
            assert {cell.text for cell in view.cells(gone, key)} == {""}
            assert view.detail(gone, key) == ()
            for column in view.columns:
                view.sort_value(gone, key, column.key)


@each_view
def test_rows_sort_by_every_column(name: str) -> None:
    view, state = VIEWS[name](), after_failover()
    parent = getattr(view, "parent", lambda _state, _key: None)
    keys = [key for key in view.keys(state) if parent(state, key) is None]
    for column in view.columns:
        sorted(keys, key=lambda key, by=column.key: view.sort_value(state, key, by))  # type: ignore[misc]


@each_view
def test_the_rows_of_a_tree_come_after_their_parents(name: str) -> None:
    view, state = VIEWS[name](), vlan_host()
    parent = getattr(view, "parent", lambda _state, _key: None)
    seen = set()
    for key in view.keys(state):
        above = parent(state, key)
        assert above is None or above in seen
        seen.add(key)


@each_view
def test_counters_that_move_leave_the_order_alone(name: str) -> None:
    view, state = VIEWS[name](), course_host()
    moved = fold(state, CountersRead(101.0, {index: Counters(5, 5) for index in state.links}))
    assert view.depends_on(moved) == view.depends_on(state)
    assert view.keys(moved) == view.keys(state)


@each_view
def test_no_name_from_outside_reaches_the_terminal_raw(name: str) -> None:
    view, state = VIEWS[name](), hostile_host()
    for key in view.keys(state):
        for cell in view.cells(state, key):
            assert cell.text.isprintable()
    for line in details(view, state).split("\n"):
        assert line.isprintable()


@each_view
def test_markup_in_names_prints_as_it_is(name: str) -> None:
    text = listed(VIEWS[name](), hostile_host())
    if name in {"networks", "guests"}:
        assert "[red]\\x1b[31mevil\\x07\\u202e\\udcff网络" in text


@each_view
def test_an_ascii_terminal_gets_nothing_but_ascii(name: str) -> None:
    view, state = VIEWS[name](), vlan_host()
    with surroundings(signs=ASCII):
        text = listed(view, state) + details(view, state)
    assert set(text) <= set(string.printable)


@each_view
def test_an_empty_table_says_why_in_one_sentence(name: str) -> None:
    view = VIEWS[name]()
    for phase in Phase:
        for problem in Problem:
            status = SourceStatus(phase, NOW, problem, "why")
            state = replace(picture(), sources=dict.fromkeys(SourceName, status))
            reason = view.empty_reason(state)
            assert reason
            assert "\n" not in reason


def test_no_bonds_is_told_apart_from_no_bonding_driver() -> None:
    view = BondsView()
    assert view.empty_reason(picture()) == "No bond is configured on this host."
    assert "driver is not loaded" in view.empty_reason(empty_host())


def test_narrow_terminals_lose_the_least_important_columns_first() -> None:
    wide = listed(LinksView(), course_host(), width=250).splitlines()[0]
    narrow = listed(LinksView(), course_host(), width=80).splitlines()
    assert "Flags" in wide
    assert "Flags" not in narrow[0]
    assert "Addresses" in narrow[0]
    assert all(cell_len(line) <= 80 for line in narrow)


def test_a_terminal_of_forty_columns_still_shows_names_and_states() -> None:
    lines = listed(GuestsView(), course_host(), width=40).splitlines()
    assert all(cell_len(line) <= 40 for line in lines)
    assert "centos6.5" in lines[1]
    assert "running" in lines[1]


@pytest.mark.parametrize("language", known_languages())
def test_wide_characters_keep_columns_aligned(language: str) -> None:
    state = course_host()
    guests = {
        uuid: replace(guest, name=f"服务器{guest.name}") for uuid, guest in state.guests.items()
    }
    state = replace(state, guests=guests)
    with surroundings(language=language):
        lines = listed(GuestsView(), state).splitlines()
        column = lines[0][: lines[0].index(_("State"))]
    for line in lines:
        before = next(
            line[:at] for at in range(len(line)) if cell_len(line[:at]) == cell_len(column)
        )
        assert before.endswith("  ")


def test_a_big_host_is_drawn_from_pictures_without_surprises() -> None:
    state = big_host(bridges=3, ports=5)
    assert len(BridgesView().keys(state)) == 18
    assert len(GuestsView().keys(state)) == 30
    assert len(LinksView().keys(state)) == 18
    assert state.sources == ALL_LIVE
