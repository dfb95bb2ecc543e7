"""The libvirt source on libvirt's built-in test driver."""

import asyncio
import threading
from pathlib import Path

import pytest

from kvmnet_tui.model.state import Problem, SourceName
from kvmnet_tui.model.timeline import Kind
from kvmnet_tui.sources.virt import Timing, VirtSource
from kvmnet_tui.sources.virt.guests import Guests
from kvmnet_tui.sources.virt.networks import Networks
from tests.support.live import live_host
from tests.support.virt import (
    DEFAULT_HOST,
    guest_named,
    guest_xml,
    happened,
    host_of,
    is_live,
    network,
    network_xml,
    nics,
    somebody_elses_connection,
)

HASTY = Timing(audit=0.1)


def source(uri: str = DEFAULT_HOST, *, read_only: bool = False) -> VirtSource:
    return VirtSource(uri, read_only, HASTY)


async def test_a_host_is_read_in_full_before_it_is_called_live() -> None:
    async with live_host(source()) as host:
        state = await host.until(is_live)
    found = network(state, "default")
    assert (found.active, found.persistent, found.autostart) == (True, True, False)
    assert (found.bridge, found.addresses) == ("virbr0", ("192.168.122.1/24",))
    assert found.persistent_xml == found.xml
    assert found.file == ""
    guest = guest_named(state, "test")
    assert (guest.state, guest.id, guest.nics[0].source) == ("running", 1, "default")
    assert state.source(SourceName.LIBVIRT).problem is Problem.NONE
    assert not state.timeline


async def test_it_can_be_cancelled_and_run_again_and_leaves_no_thread() -> None:
    again = source()
    for _ in range(3):
        async with live_host(again) as host:
            await host.until(is_live)
    async with asyncio.timeout(5):
        while any(each.name.startswith("libvirt") for each in threading.enumerate()):
            await asyncio.sleep(0.01)


async def test_a_read_only_connection_shows_the_same() -> None:
    async with live_host(source(read_only=True)) as host:
        state = await host.until(is_live)
    assert network(state, "default")
    assert state.source(SourceName.LIBVIRT).problem is Problem.NONE


async def test_a_networks_life_is_followed() -> None:
    async with live_host(source()) as host:
        await host.until(is_live)
        with somebody_elses_connection() as virt:
            lab = virt.networkDefineXML(network_xml("lab"))
            state = await host.until(lambda state: network(state, "lab"))
            assert not network(state, "lab").active
            lab.create()
            await host.until(lambda state: network(state, "lab").active)
            lab.setAutostart(True)
            await host.until(lambda state: network(state, "lab").autostart)
            lab.destroy()
            await host.until(lambda state: not network(state, "lab").active)
            lab.undefine()
            state = await host.until(lambda s: Kind.NETWORK_UNDEFINED in happened(s, "lab"))
    assert network(state, "lab") is None
    assert happened(state, "lab") == [
        Kind.NETWORK_DEFINED,
        Kind.NETWORK_STARTED,
        Kind.NETWORK_CHANGED,
        Kind.NETWORK_STOPPED,
        Kind.NETWORK_UNDEFINED,
    ]


async def test_a_guests_life_is_followed_in_virshs_words() -> None:
    async with live_host(source()) as host:
        await host.until(is_live)
        with somebody_elses_connection() as virt:
            web = virt.defineXML(guest_xml("web"))
            await host.until(lambda state: guest_named(state, "web"))
            for act, word in (
                (web.create, "running"),
                (web.suspend, "paused"),
                (web.resume, "running"),
                (web.destroy, "shut off"),
            ):
                act()
                await host.until(lambda s, word=word: guest_named(s, "web").state == word)
            assert guest_named(host.state, "web").id is None
            web.undefine()
            state = await host.until(lambda s: Kind.GUEST_UNDEFINED in happened(s, "web"))
    assert guest_named(state, "web") is None
    assert happened(state, "web") == [
        Kind.GUEST_DEFINED,
        Kind.GUEST_STARTED,
        Kind.GUEST_PAUSED,
        Kind.GUEST_RESUMED,
        Kind.GUEST_STOPPED,
        Kind.GUEST_UNDEFINED,
    ]


async def test_a_guest_defined_anew_brings_its_new_nics() -> None:
    async with live_host(source()) as host:
        await host.until(is_live)
        with somebody_elses_connection() as virt:
            web = virt.defineXML(guest_xml("web"))
            await host.until(lambda state: len(nics(state, "web")) == 1)
            before = guest_xml("web", ["default", "other"])
            virt.defineXML(before.replace("<name>", f"<uuid>{web.UUIDString()}</uuid><name>"))
            state = await host.until(lambda state: len(nics(state, "web")) == 2)
            web.undefine()
            await host.until(lambda state: guest_named(state, "web") is None)
    assert happened(state, "web")[:2] == [Kind.GUEST_DEFINED, Kind.GUEST_CHANGED]


async def test_what_did_not_change_keeps_its_identity() -> None:
    async with live_host(source()) as host:
        before = await host.until(is_live)
        with somebody_elses_connection() as virt:
            web = virt.defineXML(guest_xml("web"))
            after = await host.until(lambda state: guest_named(state, "web"))
            web.undefine()
            await host.until(lambda state: guest_named(state, "web") is None)
    assert network(after, "default") is network(before, "default")
    assert guest_named(after, "test") is guest_named(before, "test")


@pytest.mark.parametrize("name", ["[red]", "名前", "a&amp;b &lt;i&gt;", "x" * 200])
async def test_odd_names_are_names(name: str, tmp_path: Path) -> None:
    uri = host_of(tmp_path, [network_xml(name)], [guest_xml(name, [name])])
    async with live_host(source(uri)) as host:
        state = await host.until(is_live)
    plain = name.replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">")
    (nic,) = nics(state, plain)
    assert state.topology.nics_by_network[network(state, plain).uuid]
    assert nic.network == plain


async def test_many_networks_and_guests_are_all_there(tmp_path: Path) -> None:
    names = [f"net{number}" for number in range(200)]
    plugged = [guest_xml(f"guest{number}", names[number % 200 :][:2]) for number in range(500)]
    uri = host_of(tmp_path, [network_xml(name, n) for n, name in enumerate(names)], plugged)
    async with live_host(source(uri)) as host:
        state = await host.until(is_live, seconds=60)
    assert (len(state.networks), len(state.guests)) == (200, 500)


def test_an_object_that_vanishes_while_it_is_read_is_gone_and_the_others_are_read() -> None:
    networks, guests = Networks(folder=None), Guests()
    with somebody_elses_connection() as virt:
        lost = virt.networkDefineXML(network_xml("lost"))
        loser = virt.defineXML(guest_xml("loser"))
        listed = networks.begin(virt), guests.begin(virt)
        lost.undefine()
        loser.undefine()
        networks.read(virt, listed[0])
        guests.read(virt, listed[1])
        assert [each.name for each in networks.known.values()] == ["default"]
        assert [each.name for each in guests.known.values()] == ["test"]
        uuid = lost.UUIDString()
        assert networks.look_again(virt, [uuid])[uuid].new is None
        assert networks.audit(virt, 5) == {}
