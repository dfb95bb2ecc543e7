"""500 guests with 4 NICs each on libvirt's test driver: the table opens, follows and sorts."""

from dataclasses import replace
from pathlib import Path

from kvmnet_tui.events import GuestsRead, fold
from kvmnet_tui.model.state import HostState
from kvmnet_tui.sources.virt import VirtSource
from tests.support.crowd import GUESTS, NICS_EACH, crowd, tap_name
from tests.support.live import live_host
from tests.support.screens import on_stage
from tests.support.virt import guest_named, is_live


async def crowded(folder: Path) -> HostState:
    async with live_host(VirtSource(crowd(folder), read_only=False)) as host:
        return await host.until(is_live, seconds=120)


async def test_two_thousand_nics_open_follow_their_guests_and_sort(tmp_path: Path) -> None:
    state = await crowded(tmp_path)
    rows = GUESTS * NICS_EACH
    assert sum(len(guest.nics) for guest in state.guests.values()) == rows
    async with on_stage(state, size=(200, 50)) as stage:
        await stage.press("7")
        await stage.sees(f"row 1 of {rows}")
        await stage.sees(tap_name(0, 0))
        first = guest_named(state, "guest0")
        assert first is not None
        pulled = replace(first.nics[0], link="down")
        changed = replace(first, nics=(pulled, *first.nics[1:]))
        later = fold(state, GuestsRead({first.uuid: changed}))
        await stage.show(later)
        await stage.sees("link down")
        await stage.press("G")
        await stage.sees(f"row {rows} of {rows}")
        await stage.sees(tap_name(GUESTS - 1, NICS_EACH - 1))
        await stage.press("s", "s", "g")
        await stage.sees("link down")
        await stage.press("slash", *"guest499", "enter")
        await stage.sees(f"{NICS_EACH} of {rows}")
