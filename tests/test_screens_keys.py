"""The screens as a user drives them: keys, mouse, details, notices, narrow terminals."""

from dataclasses import replace

import pytest
from textual import events

from kvmnet_tui.app import AppSettings
from kvmnet_tui.model.interest import Interest
from kvmnet_tui.model.links import IFF_LOWER_UP, IFF_UP
from kvmnet_tui.model.state import HostState, Phase, Problem, SourceName, SourceStatus
from kvmnet_tui.model.timeline import Kind, Origin, TimelineEntry
from kvmnet_tui.screens.tabs import TABS
from kvmnet_tui.widgets.detail import DetailPane
from kvmnet_tui.widgets.table import LiveTable
from tests.support import pictures
from tests.support.screens import on_stage

WIDE = (200, 50)


def without(picture: HostState, index: int) -> HostState:
    links = {key: link for key, link in picture.links.items() if key != index}
    topology = replace(picture.topology, links=links)
    return replace(picture, links=links, topology=topology)


def with_carrier(picture: HostState, index: int, has_carrier: bool) -> HostState:
    link = picture.links[index]
    flags = link.flags | IFF_LOWER_UP if has_carrier else link.flags & ~IFF_LOWER_UP
    link = replace(link, flags=flags | IFF_UP, operstate="up" if has_carrier else "down")
    return replace(picture, links={**picture.links, index: link})


async def test_number_keys_show_the_six_screens() -> None:
    async with on_stage(pictures.course_host()) as stage:
        for number, tab in enumerate(TABS, 1):
            await stage.press(str(number))
            await stage.until(lambda tab=tab: stage.app.screen.tab is tab)
            assert stage.lines[0].startswith(" kvmnet-tui  kvm")
        await stage.press("2")
        await stage.sees("└ vnet2")


async def test_a_click_on_a_title_shows_its_screen() -> None:
    async with on_stage(pictures.course_host(), size=(160, 45)) as stage:
        await stage.pilot.click(offset=(stage.lines[1].index("Links"), 1))
        await stage.sees("ethernet")


async def test_a_screen_keeps_its_cursor_and_filter_while_another_is_shown() -> None:
    async with on_stage(pictures.course_host()) as stage:
        await stage.press("5", "slash", *"vnet", "enter", "j")
        assert stage.cursor_line.startswith("vnet1")
        await stage.press("1")
        await stage.sees("host-bridge")
        await stage.press("5")
        await stage.sees("3/10")
        assert stage.cursor_line.startswith("vnet1")


async def test_what_happened_meanwhile_is_shown_when_a_screen_comes_back() -> None:
    picture = pictures.course_host()
    async with on_stage(picture) as stage:
        await stage.press("5", "1")
        await stage.show(with_carrier(picture, pictures.ENS36, has_carrier=False))
        assert "no carrier" not in stage.text
        await stage.press("5")
        await stage.sees("no carrier")


async def test_a_filter_is_typed_kept_and_ended() -> None:
    async with on_stage(pictures.course_host()) as stage:
        await stage.press("2", "slash", *"ENS36")
        await stage.sees("1/10")
        assert stage.lines[3].startswith("virbr1")
        await stage.press("enter", "j", "j")
        assert "ens36" in stage.cursor_line
        await stage.press("escape")
        await stage.sees("/10")
        assert "└ vnet2" in stage.text


async def test_escape_in_the_filter_line_ends_the_filter() -> None:
    async with on_stage(pictures.course_host()) as stage:
        await stage.press("5", "slash", *"zebra")
        await stage.sees('Nothing here contains "zebra".')
        await stage.press("escape")
        await stage.sees("ens32")
        assert isinstance(stage.app.focused, LiveTable)


async def test_the_detail_takes_the_place_of_the_table_on_a_narrow_terminal() -> None:
    async with on_stage(pictures.course_host()) as stage:
        await stage.press("enter")
        await stage.sees("/etc/libvirt/qemu/networks/default.xml")
        assert "host-bridge" not in stage.text
        await stage.press("G")
        await stage.sees("</network>")
        await stage.press("escape")
        await stage.sees("host-bridge")
        assert isinstance(stage.app.focused, LiveTable)


async def test_the_detail_is_docked_and_follows_the_cursor_on_a_wide_terminal() -> None:
    async with on_stage(pictures.course_host(), WIDE) as stage:
        await stage.press("2", "enter")
        await stage.sees("8000.52540079e341")
        assert "└ vnet2" in stage.text
        await stage.press("j", "j")
        await stage.sees("MAC in the guest")
        await stage.press("tab")
        assert isinstance(stage.app.focused, DetailPane)
        await stage.press("escape")
        await stage.sees_no("MAC in the guest")


async def test_a_docked_detail_takes_the_whole_width_when_opened_again() -> None:
    async with on_stage(pictures.course_host(), WIDE) as stage:
        await stage.press("2", "enter", "enter")
        await stage.sees_no("└ vnet2")
        assert isinstance(stage.app.focused, DetailPane)
        await stage.press("escape")
        await stage.sees("└ vnet2")
        await stage.sees("8000.52540079e341")
        await stage.press("escape")
        await stage.sees_no("Bridge id           8000")


async def test_a_detail_says_when_its_row_is_gone() -> None:
    picture = pictures.course_host()
    async with on_stage(picture) as stage:
        await stage.press("5", "j", "enter")
        await stage.sees("ens32")
        await stage.show(without(picture, pictures.ENS32))
        await stage.sees("This is no longer there.")
        await stage.press("escape")
        await stage.sees("ens36")


async def test_a_detail_stays_live() -> None:
    picture = pictures.course_host()
    async with on_stage(picture) as stage:
        await stage.press("5", "slash", *"ens36", "enter", "enter")
        await stage.sees("● up")
        await stage.show(with_carrier(picture, pictures.ENS36, has_carrier=False))
        await stage.sees("○ no carrier")


async def test_a_branch_is_folded_and_unfolded() -> None:
    async with on_stage(pictures.course_host()) as stage:
        await stage.press("2", "space")
        await stage.sees("virbr0 +2")
        await stage.press("minus")
        await stage.sees("virbr1 +4")
        await stage.press("plus")
        await stage.sees("1/10")


async def test_what_is_copied_is_the_row_or_the_detail() -> None:
    async with on_stage(pictures.course_host()) as stage:
        await stage.press("y")
        await stage.sees("Row copied.")
        assert stage.app.clipboard.startswith("default\t● active\tNAT\tvirbr0")
        await stage.press("enter", "y")
        await stage.sees("Detail copied.")
        assert "<name>default</name>" in stage.app.clipboard


async def test_help_names_every_key_and_closes() -> None:
    async with on_stage(pictures.course_host(), (80, 70)) as stage:
        await stage.press("question_mark")
        await stage.sees("Signs and colours")
        for key in ("Enter", "PgUp", "Ctrl+C", "Space, -, +", "s, S", "Left, Right"):
            assert key in stage.text
        await stage.press("escape")
        await stage.sees("host-bridge")


@pytest.mark.parametrize("key", ["q", "ctrl+c", "ctrl+q"])
async def test_the_program_is_left_with(key: str) -> None:
    async with on_stage(pictures.course_host()) as stage:
        await stage.press(key)
        await stage.until(lambda: not stage.app.is_running)


async def test_events_follow_the_tail_until_the_user_scrolls_up_or_holds_them() -> None:
    def after(count: int) -> HostState:
        entries = tuple(
            TimelineEntry(serial, 1.0, Origin.KERNEL, Kind.LINK_UP, f"link{serial}")
            for serial in range(1, count + 1)
        )
        return replace(pictures.course_host(), timeline=entries)

    async with on_stage(after(50)) as stage:
        await stage.press("6")
        await stage.sees("link50")
        await stage.show(after(60))
        await stage.sees("link60")
        await stage.press("k", "k")
        await stage.show(after(70))
        assert "link60" in stage.text
        assert "link70" not in stage.text
        await stage.press("G", "p")
        await stage.sees("paused")
        await stage.show(after(80))
        assert "link80" not in stage.text
        await stage.press("p")
        await stage.sees("link80")


async def test_a_lost_source_is_a_sentence_and_everything_else_stays_live() -> None:
    picture = pictures.course_host()
    lost = SourceStatus(Phase.LOST, pictures.NOW, Problem.NOT_RUNNING)
    async with on_stage(picture) as stage:
        gone = replace(picture, sources={**picture.sources, SourceName.LIBVIRT: lost})
        await stage.show(gone)
        assert "libvirt: daemon not reachable since" in stage.lines[2]
        assert "▲ libvirt: lost" in stage.lines[0]
        await stage.press("5")
        await stage.show(with_carrier(gone, pictures.ENS36, has_carrier=False))
        await stage.sees("no carrier")
        assert "daemon not reachable" in stage.text
        await stage.show(picture)
        assert "daemon not reachable" not in stage.text


async def test_the_lab_says_so_on_every_screen() -> None:
    settings = AppSettings(read_only=True, lab=True)
    async with on_stage(pictures.course_host(), settings=settings) as stage:
        for number in "123456":
            await stage.press(number)
            assert stage.lines[1].startswith(" LAB ")
            assert "read-only" in stage.lines[0]


async def test_a_sentence_from_the_start_is_shown() -> None:
    settings = AppSettings(notice="No libvirt daemon answers on this host.")
    async with on_stage(pictures.empty_host(), settings=settings) as stage:
        await stage.sees("No libvirt daemon answers on this host.")


async def test_a_controller_that_crashes_is_a_sentence() -> None:
    async with on_stage(pictures.course_host()) as stage:
        stage.host.fail(RuntimeError("boom [red]"))
        await stage.sees("The picture no longer follows the host: RuntimeError: boom [red].")
        await stage.press("2")
        await stage.sees("└ vnet2")
        await stage.sees("The picture no longer follows the host")


async def test_the_sources_are_told_what_is_on_screen() -> None:
    async with on_stage(pictures.course_host(), WIDE) as stage:
        assert stage.host.interests[-1] == Interest(guests=True)
        await stage.press("2")
        counted = Interest(counters=True, guests=True)
        await stage.until(lambda: stage.host.interests[-1] == counted)
        await stage.press("enter")
        shown = replace(counted, forwarding=frozenset({pictures.VIRBR0}))
        await stage.until(lambda: stage.host.interests[-1] == shown)
        await stage.press("escape")
        await stage.until(lambda: stage.host.interests[-1] == counted)


async def test_hostile_names_are_text() -> None:
    async with on_stage(pictures.hostile_host(), WIDE) as stage:
        for number in "6541":
            await stage.press(number, "enter")
            assert "\x1b" not in stage.text
        await stage.press("2")
        await stage.sees("v[b]")


async def test_an_empty_host_says_why_on_every_screen() -> None:
    async with on_stage(pictures.empty_host()) as stage:
        await stage.press("1")
        await stage.sees("libvirt: daemon not reachable")
        await stage.press("3")
        await stage.until(lambda: len(stage.lines[5]) + len(stage.lines[4]) > 20)


@pytest.mark.parametrize("size", [(40, 10), (10, 3), (1, 1)])
async def test_no_terminal_is_too_small(size: tuple[int, int]) -> None:
    async with on_stage(pictures.course_host(), size, AppSettings(lab=True)) as stage:
        await stage.press("question_mark", "escape", "slash", "x", "escape")
        for number in "6542":
            await stage.press(number, "enter", "escape", "right")
        if size[0] >= 20:
            await stage.sees("virbr0")


async def test_a_terminal_may_change_its_size_at_any_time() -> None:
    async with on_stage(pictures.course_host(), WIDE) as stage:
        await stage.press("2", "j", "j", "enter")
        await stage.sees("MAC in the guest")
        await stage.pilot.resize_terminal(80, 24)
        await stage.until(lambda: "virbr1" not in stage.text)
        assert isinstance(stage.app.focused, DetailPane)
        await stage.press("escape")
        await stage.sees("virbr1")
        assert "vnet0" in stage.cursor_line
        await stage.pilot.resize_terminal(30, 6)
        await stage.pilot.resize_terminal(200, 50)
        await stage.sees("Bridge id")


async def test_an_action_in_a_burst_is_about_the_row_that_the_keys_before_it_led_to() -> None:
    async with on_stage(pictures.course_host(), (100, 30)) as stage:
        await stage.press("1")
        first = stage.cursor_line.split()[0]
        for key in ("down", "x"):
            stage.app.post_message(events.Key(key, key if len(key) == 1 else None))
        await stage.sees("Remove network")
        named = stage.text.partition("Remove network ")[2].split()[0]
        await stage.press("escape")
        await stage.until(lambda: stage.cursor_line.split()[0] != first)
        assert stage.cursor_line.split()[0] == named
