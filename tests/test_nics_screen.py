"""What the keys of the Guests and NICs screens ask for."""

from dataclasses import replace

from kvmnet_tui.app import AppSettings
from kvmnet_tui.model.nic_settings import NicSettings, NicSource, SourceKind
from kvmnet_tui.model.state import HostState
from kvmnet_tui.model.virt import Nic
from kvmnet_tui.netxml.interface_edit import build_interface
from kvmnet_tui.netxml.interface_reading import parse_settings
from kvmnet_tui.requests.nics import AddNic, ChangeNic, DetachNic, PingNic, SeeNicChoices, When
from tests.support.pictures import (
    CENTOS,
    CENTOS_MAC,
    course_guests,
    course_links,
    course_networks,
    picture,
)
from tests.support.screens import Stage, on_stage


def host() -> HostState:
    """The course's host, its first guest with documents."""
    xml = build_interface(
        NicSettings(NicSource(SourceKind.NETWORK, "default"), CENTOS_MAC, "virtio")
    )
    nic = Nic(CENTOS_MAC, "network", "default", "virtio", "vnet0", xml=xml)
    guest = replace(course_guests()[0], nics=(nic,), stored_nics=(replace(nic, device=""),))
    return picture(course_links(), course_networks(), (guest, *course_guests()[1:]))


async def asked(stage: Stage, kind: type) -> object:
    await stage.until(lambda: any(isinstance(one, kind) for one in stage.host.requests))
    return next(one for one in stage.host.requests if isinstance(one, kind))


async def test_n_asks_for_a_new_nic_step_by_step() -> None:
    async with on_stage(host()) as stage:
        await stage.press("7", "n")
        await stage.sees("Add a NIC to centos6.5")
        await asked(stage, SeeNicChoices)
        await stage.press("enter")
        await stage.sees("step 2 of 5: Card")
        await stage.press("enter", "enter")
        await stage.sees("step 4 of 5: When")
        await stage.press("enter")
        await stage.sees("virsh attach-interface centos6.5 network default")
        await stage.press("enter")
        request = await asked(stage, AddNic)
        assert isinstance(request, AddNic)
        assert (request.guest, request.when) == (CENTOS, When.BOTH)
        assert parse_settings(request.xml).source.name == "default"


async def test_m_moves_the_nic_under_the_cursor_of_the_guests_tree() -> None:
    async with on_stage(host()) as stage:
        await stage.press("4", "j", "m")
        await stage.sees(f"Move NIC {CENTOS_MAC} of centos6.5")
        await stage.press("down")
        await stage.sees("(●) Bridge")
        await stage.press("enter", "enter")
        await stage.sees("network default -> bridge virbr0")
        await stage.press("enter")
        request = await asked(stage, ChangeNic)
        assert isinstance(request, ChangeNic)
        assert request.settings == (("source", NicSource(SourceKind.BRIDGE, "virbr0")),)


async def test_c_pulls_the_cable_after_a_question() -> None:
    async with on_stage(host()) as stage:
        await stage.press("7", "c")
        await stage.sees(f"Pull the cable of {CENTOS_MAC} of centos6.5?")
        await stage.press("escape")
        assert stage.host.requests == []
        await stage.press("c")
        await stage.sees("pull it")
        await stage.press("enter")
        request = await asked(stage, ChangeNic)
        assert isinstance(request, ChangeNic)
        assert request.settings == (("link", "down"),)


async def test_d_asks_when_and_whether_before_it_detaches() -> None:
    async with on_stage(host()) as stage:
        await stage.press("7", "d")
        await stage.sees("From the next start on")
        await stage.press("down", "down", "enter")
        await stage.sees(f"Detach NIC {CENTOS_MAC} of centos6.5?")
        await stage.press("enter")  # no answer to a question of this weight
        assert stage.host.requests == []
        await stage.press("y")
        request = await asked(stage, DetachNic)
        assert isinstance(request, DetachNic)
        assert request.when is When.NEXT_START


async def test_t_pings_also_where_nothing_may_be_changed() -> None:
    async with on_stage(host(), settings=AppSettings(read_only=True)) as stage:
        await stage.press("7", "d")
        await stage.sees("Started with --read-only")
        await stage.press("t")
        request = await asked(stage, PingNic)
        assert isinstance(request, PingNic)
        assert request.nic.mac == CENTOS_MAC


async def test_a_guests_own_row_has_no_nic_to_change() -> None:
    async with on_stage(host()) as stage:
        await stage.press("4", "e")
        await stage.sees("Choose a NIC's row.")
