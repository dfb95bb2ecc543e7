"""NICs on libvirt's test driver, as in --lab: it takes documents, and changes nothing live."""

from functools import partial
from pathlib import Path

import pytest

from kvmnet_tui.model.nic_settings import NicSettings, NicSource, SourceKind
from kvmnet_tui.model.state import HostState
from kvmnet_tui.netxml.interface_edit import build_interface
from kvmnet_tui.netxml.interface_reading import parse_settings
from kvmnet_tui.requests import RequestError
from kvmnet_tui.requests.nics import AddNic, ChangeNic, DetachNic, NicName, When
from kvmnet_tui.sources.virt import VirtSource
from kvmnet_tui.sources.virt.caller import VirtCaller
from kvmnet_tui.sources.virt.perform import nics as nic_performers
from tests.support.live import live_host
from tests.support.virt import guest_named, guest_xml, host_of, is_live, network_xml

MAC = "52:54:00:00:00:99"
NAT = NicSource(SourceKind.NETWORK, "default")


def next_macs(state: HostState) -> set[str]:
    guest = guest_named(state, "web")
    return {nic.mac for nic in guest.next_nics} if guest else set()


async def test_what_is_stored_can_be_changed_and_what_is_live_says_why_not(
    tmp_path: Path,
) -> None:
    uri = host_of(tmp_path, [network_xml("default")], [guest_xml("web")])
    virt = VirtSource(uri, read_only=False)
    load = partial(nic_performers.performers, VirtCaller(uri, virt))
    async with live_host(virt, performers=load) as host:
        state = await host.until(is_live)
        guest = guest_named(state, "web")
        assert guest is not None
        xml = build_interface(NicSettings(NAT, MAC, "virtio"))
        with pytest.raises(RequestError, match="choose its next start"):
            await host.controller.perform(AddNic(guest.uuid, "web", xml, When.BOTH))
        await host.controller.perform(AddNic(guest.uuid, "web", xml, When.NEXT_START))
        await host.until(lambda state: MAC in next_macs(state))
        name = NicName(guest.uuid, "web", MAC)
        change = ChangeNic(name, (("model", "e1000"),), When.NEXT_START)
        await host.controller.perform(change)
        await host.until(lambda state: model_of(state) == "e1000")
        await host.controller.perform(DetachNic(name, When.NEXT_START))
        await host.until(lambda state: MAC not in next_macs(state))


def model_of(state: HostState) -> str:
    guest = guest_named(state, "web")
    nics = guest.next_nics if guest else ()
    return next((parse_settings(nic.xml).model for nic in nics if nic.mac == MAC), "")
