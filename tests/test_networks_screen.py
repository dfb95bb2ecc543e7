"""Networks on the screen: what each key does, what it asks first, and what it says it cannot."""

import time
from dataclasses import replace

from kvmnet_tui.app import AppSettings
from kvmnet_tui.model.state import HostState
from kvmnet_tui.model.virt import Guest, Lease, Network, Nic
from kvmnet_tui.requests import RequestError
from kvmnet_tui.requests.networks import (
    EditNetwork,
    PinLease,
    RenameNetwork,
    RepairTaps,
    RestartNetwork,
    SetNetworkAutostart,
    StartNetwork,
    StopNetwork,
    UndefineNetwork,
    UnpinLease,
)
from tests.support import pictures
from tests.support.screens import Stage, on_stage
from tests.test_network_form import CARD, rich_host

DUID = "00:03:00:01:52:54:00:aa:00:09"


async def asked(stage: Stage) -> object:
    """The request that is made next."""
    await stage.until(lambda: stage.host.requests)
    return stage.host.requests.pop(0)


async def test_stopping_a_network_names_the_guests_that_are_hit() -> None:
    async with on_stage(pictures.course_host(), (100, 40)) as stage:
        await stage.press("d")
        await stage.sees("centos6.5")
        assert stage.host.requests == []
        await stage.press("escape")
        await stage.press("d")
        await stage.sees("centos6.5")
        await stage.press("y")
        await stage.until(lambda: stage.host.requests)
        assert isinstance(stage.host.requests[0], StopNetwork)


async def test_read_only_refuses_with_the_reason() -> None:
    settings = AppSettings(read_only=True)
    async with on_stage(pictures.course_host(), (100, 40), settings) as stage:
        await stage.press("n")
        await stage.sees("--read-only")
        await stage.press("a")
        await stage.sees("nothing is changed")


async def test_every_nic_is_named_however_many_there_are_and_the_keys_stay_in_sight() -> None:
    network = Network("u", "lab", True, True, False, bridge="virbr5")
    guests = [
        Guest(
            f"g{n}",
            f"guest{n}",
            "running",
            n,
            nics=(Nic(f"52:54:00:00:00:{n:02x}", "network", "lab"),),
        )
        for n in range(1, 41)
    ]
    async with on_stage(pictures.picture(networks=[network], guests=guests), (80, 24)) as stage:
        await stage.press("d")
        await stage.sees("guest1 (running)")
        await stage.sees("y stop")
        await stage.sees("more lines")
        await stage.press("end")
        await stage.sees("guest40 (running)")
        await stage.press("y")
        assert isinstance(await asked(stage), StopNetwork)


async def test_a_long_line_of_a_question_is_wrapped() -> None:
    long = Guest("g", "x" * 90, "running", 1, nics=(Nic("52:54:00:00:00:01", "network", "lab"),))
    network = Network("u", "lab", True, True, False)
    async with on_stage(pictures.picture(networks=[network], guests=[long]), (80, 24)) as stage:
        await stage.press("d")
        await stage.sees("52:54:00:00:00:01")


async def test_restart_and_removal_name_who_is_hit_and_do_nothing_on_escape() -> None:
    async with on_stage(pictures.course_host(), (80, 24)) as stage:
        for key, request in (("R", RestartNetwork), ("x", UndefineNetwork)):
            await stage.press(key)
            await stage.sees("centos6.5-2 (running): vnet2")
            await stage.press("enter", "escape")
            assert stage.host.requests == []
            await stage.press(key)
            await stage.sees("These NICs are plugged into it:")
            await stage.press("y")
            assert isinstance(await asked(stage), request)
            await stage.sees("Done.")


async def test_an_inactive_network_is_started_renamed_and_not_stopped() -> None:
    async with on_stage(pictures.course_host(), (80, 24)) as stage:
        await stage.press("G")
        assert "isolated" in stage.cursor_line
        await stage.press("d")
        await stage.sees("It is not active.")
        await stage.press("A")
        autostart = await asked(stage)
        assert isinstance(autostart, SetNetworkAutostart)
        assert autostart.on
        await stage.press("m")
        await stage.sees("guests must not refer to it by the old name")
        await stage.press("ctrl+u", *"default", "enter")
        await stage.sees("There is a network default already.")
        await stage.press("ctrl+u", *"apart", "enter", "enter")
        renamed = await asked(stage)
        assert isinstance(renamed, RenameNetwork)
        assert renamed.new_name == "apart"
        await stage.press("u")
        assert isinstance(await asked(stage), StartNetwork)


def host_with_leases() -> HostState:
    """Network rich with a lease of every sort."""
    state, network = rich_host()
    now = int(time.time())
    leases = (
        Lease("52:54:00:aa:00:07", "192.168.77.107", 24, "seven", now + 900),
        Lease("52:54:00:aa:00:08", "192.168.77.108", 24, "late", now - 900),
        Lease("52:54:00:aa:00:09", "fd00:77::109", 64, "nine", now + 900, DUID),
        Lease("", "fd00:77::110", 64, "", now + 900),
    )
    return replace(state, networks={network.uuid: replace(network, leases=leases)})


async def test_leases_are_pinned_by_mac_or_duid_and_pins_taken_away() -> None:
    async with on_stage(host_with_leases(), (100, 30)) as stage:
        await stage.press("L")
        await stage.sees("Pin or unpin in rich")
        line = next(one for one in stage.lines if "192.168.77.108" in one)
        assert "expired" in line
        assert "does not tell its DUID" in next(one for one in stage.lines if "fd00:77::110" in one)
        await stage.press("enter")
        unpin = await asked(stage)
        assert isinstance(unpin, UnpinLease)
        assert unpin.address == "192.168.77.11"
        await stage.press("L")
        await stage.sees("Pin or unpin in rich")
        await stage.press("down", "down", "down", "enter")
        pin = await asked(stage)
        assert isinstance(pin, PinLease)
        assert (pin.address, pin.mac, pin.duid) == ("192.168.77.107", "52:54:00:aa:00:07", "")
        await stage.press("L")
        await stage.sees("Pin or unpin in rich")
        await stage.press("down", "down", "down", "down", "down", "enter")
        six = await asked(stage)
        assert isinstance(six, PinLease)
        assert (six.address, six.mac, six.duid) == ("fd00:77::109", "", DUID)


async def test_what_waits_for_a_restart_is_shown_as_a_diff() -> None:
    state, network = rich_host()
    stored = network.xml.replace("size='1450'", "size='1400'")
    changed = replace(network, persistent_xml=stored)
    async with on_stage(replace(state, networks={network.uuid: changed}), (80, 24)) as stage:
        await stage.press("w")
        await stage.sees("-  <mtu size='1450'/>")
        await stage.sees("+  <mtu size='1400'/>")


async def test_xml_that_libvirt_refuses_is_offered_again_as_it_was_typed() -> None:
    state, network = rich_host()
    async with on_stage(state, (80, 24)) as stage:
        stage.host.refusals = [RequestError("libvirt refused: no such luck")]
        await stage.press("E")
        await stage.sees("Ctrl+S")
        await stage.press("ctrl+end", *"<!-- mine -->", "ctrl+s")
        await stage.sees("no such luck")
        await stage.press("escape")
        await stage.sees("<!-- mine -->")
        await stage.press("ctrl+s")
        await stage.until(lambda: len(stage.host.requests) == 2)
        first, second = stage.host.requests
        assert isinstance(second, EditNetwork)
        assert first == second
        assert second.base == network.persistent_xml


async def test_functions_are_listed_or_their_absence_is_said() -> None:
    async with on_stage(replace(pictures.course_host(), sriov=(CARD,)), (80, 24)) as stage:
        await stage.press("v")
        await stage.sees("0000:3b:02.1")
        await stage.press("escape")
        await stage.show(replace(pictures.course_host(), sriov=()))
        await stage.press("v")
        await stage.sees("No network card of this host has SR-IOV.")


async def test_loose_taps_are_named_before_they_are_plugged_in() -> None:
    state = pictures.course_host()
    loose = replace(state.links[pictures.VNET0], master=0)
    links = [*(one for one in state.links.values() if one.index != loose.index), loose]
    guests, networks = state.guests.values(), state.networks.values()
    async with on_stage(pictures.picture(links, networks, guests), (80, 24)) as stage:
        await stage.press("f")
        await stage.sees("vnet0 of centos6.5, into default")
        await stage.press("enter")
        assert await asked(stage) == RepairTaps()
