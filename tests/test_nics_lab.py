"""Guests' NICs on a real libvirtd with a booting guest: added, moved, limited, tested, detached."""

import asyncio
import json
import shlex
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from kvmnet_tui.model.interest import Interest
from kvmnet_tui.model.nic_settings import Bandwidth, NicSettings, NicSource, SourceKind
from kvmnet_tui.model.state import HostState
from kvmnet_tui.model.virt import Nic
from kvmnet_tui.netxml.interface_edit import build_interface
from kvmnet_tui.netxml.interface_reading import parse_settings
from kvmnet_tui.reach import perform as reach
from kvmnet_tui.reach import watching
from kvmnet_tui.requests import Outcome, Performers, RequestError
from kvmnet_tui.requests.nics import (
    AddNic,
    ChangeNic,
    DetachNic,
    NicChoices,
    NicName,
    PingNic,
    SeeNicChoices,
    When,
)
from kvmnet_tui.sources.netlink import NetlinkSource
from kvmnet_tui.sources.virt import Timing, VirtSource
from kvmnet_tui.sources.virt.caller import VirtCaller
from kvmnet_tui.sources.virt.perform import nics as nic_performers
from tests.support.guest import BootedGuest, boot, guest_image, run_in_guest
from tests.support.labs import requires_lab, which
from tests.support.libvirtd import Libvirtd, private_libvirtd, wait_until
from tests.support.live import LiveHost, live_host
from tests.support.program import Answer, run
from tests.support.virt import guest_named, is_live, nics

pytestmark = requires_lab("guest")

HASTY = Timing(open=5.0, first_retry=0.2, audit=0.5, keepalive=5)
NAT = NicSource(SourceKind.NETWORK, "default")
BRIDGE = NicSource(SourceKind.BRIDGE, "br9")
EXTRA = "52:54:00:65:00:77"
PATIENCE = 60.0


@pytest.fixture(scope="module")
def lab() -> Iterator[Libvirtd]:
    with private_libvirtd() as lab:
        lab.ip(
            "link add br9 type bridge",
            "link set br9 up",
            "address add 10.9.0.1/24 dev br9",
        )
        lab.define("nwfilter-define", "<filter name='kvmnet-own'/>")
        give_it_sfq(lab)
        yield lab


def give_it_sfq(lab: Libvirtd) -> None:
    """libvirt hangs the queue `sfq` and a filter `fw` below its limit: small kernels have neither.

    There they get a plain queue and none; the limit itself (HTB) is the kernel's own either way.
    """
    tried = lab.run("tc", "qdisc", "add", "dev", "br9", "root", "sfq", check=False)
    if "sfq" in lab.run("tc", "qdisc", "show", "dev", "br9"):
        lab.run("tc", "qdisc", "del", "dev", "br9", "root")
        return
    assert not tried
    tc = which("tc")
    lab.run("cp", str(tc), "/run/tc")
    wrapper = lab.outside("/run/tc-without-sfq")
    wrapper.write_text(TC_WITHOUT_SFQ)
    wrapper.chmod(0o755)
    lab.run("mount", "--bind", "/run/tc-without-sfq", str(Path(str(tc)).resolve()))


TC_WITHOUT_SFQ = """#!/bin/sh
case " $* " in
*" handle 1 fw flowid 1 "*) exit 0 ;; # what the queue's default is anyway
*" sfq perturb 10 "*) exec /run/tc qdisc add dev "$4" parent "$6" handle "$8" pfifo limit 100 ;;
*) exec /run/tc "$@" ;;
esac
"""


@pytest.fixture(scope="module")
def guest(lab: Libvirtd) -> BootedGuest:
    return boot(lab, guest_image())


@asynccontextmanager
async def host_of(lab: Libvirtd) -> AsyncIterator[LiveHost]:
    """The lab's host, with everybody who performs requests about NICs."""
    virt = VirtSource(lab.uri, read_only=False, timing=HASTY)
    load = partial(everybody, VirtCaller(lab.uri, virt))
    with lab.entered():
        async with live_host(NetlinkSource(), virt, performers=load) as host:
            host.controller.look_at(Interest(counters=True, guests=True))
            await host.until(lambda state: is_live(state) and state.links, seconds=PATIENCE)
            yield host


def everybody(caller: VirtCaller) -> Performers:
    inner = nic_performers.performers(caller)
    return {**inner, **watching.performers(inner), **reach.performers()}


def name_of(guest: BootedGuest, mac: str = "") -> NicName:
    return NicName(guest.uuid, guest.name, mac or guest.mac)


def adding(guest: BootedGuest, settings: NicSettings, when: When = When.BOTH) -> AddNic:
    return AddNic(guest.uuid, guest.name, build_interface(settings), when)


def virsh_nics(lab: Libvirtd, guest: BootedGuest, *options: str) -> dict[str, list[str]]:
    """MAC to the other words of `virsh domiflist`."""
    lines = lab.virsh("domiflist", guest.name, *options).splitlines()
    return {line.split()[-1]: line.split()[:-1] for line in lines if line.strip()}


def stored(lab: Libvirtd, guest: BootedGuest) -> dict[str, list[str]]:
    return virsh_nics(lab, guest, "--inactive")


def nic(state: HostState, guest: BootedGuest, mac: str = "") -> Nic:
    return next(one for one in nics(state, guest.name) if one.mac == (mac or guest.mac))


async def change(
    host: LiveHost, name: NicName, when: When = When.BOTH, **settings: object
) -> Outcome:
    return await host.controller.perform(ChangeNic(name, tuple(settings.items()), when))


async def refusal(host: LiveHost, request: object) -> RequestError:
    with pytest.raises(RequestError) as refused:
        await host.controller.perform(request)  # type: ignore[arg-type]
    return refused.value


async def test_a_nic_added_on_nat_is_followed_from_its_tap_to_its_first_ping(
    lab: Libvirtd, guest: BootedGuest
) -> None:
    wanted = NicSettings(NAT, EXTRA, "virtio", inbound=Bandwidth(5000))
    async with host_of(lab) as host:
        outcome = await host.controller.perform(adding(guest, wanted))
        added = nic(host.state, guest, EXTRA)
        address = host.state.address_book.addresses_of(EXTRA)[0].address.partition("/")[0]
    assert outcome.sentence == f"NIC {EXTRA} was plugged into {guest.name} and stored."
    assert outcome.details[:2] == (
        f"Tap {added.device} was made.",
        "Its port in virbr0 forwards.",
    )
    assert address in outcome.details[2]
    assert outcome.details[3].startswith(f"{address} answers in ")
    assert outcome.record["mac"] == EXTRA
    assert virsh_nics(lab, guest)[EXTRA] == [added.device, "network", "default", "virtio"]
    assert stored(lab, guest)[EXTRA] == ["-", "network", "default", "virtio"]
    assert address in lab.virsh("net-dhcp-leases", "default")


async def test_macs_that_somebody_has_are_refused_before_anything_is_done(
    lab: Libvirtd, guest: BootedGuest
) -> None:
    before = virsh_nics(lab, guest)
    lab.ip("link add far type veth peer name near", "link set far up", "link set near up")
    lab.ip("link set near master br9")
    lab.run("bridge", "fdb", "add", "52:54:00:fd:b0:01", "dev", "near", "master", "static")
    virbr0 = json.loads(lab.run("ip", "-j", "link", "show", "virbr0"))[0]["address"]
    try:
        async with host_of(lab) as host:
            refusals = [
                (await refusal(host, adding(guest, NicSettings(NAT, mac)))).sentence
                for mac in (guest.mac, "52:54:00:fd:b0:01", virbr0)
            ]
    finally:
        lab.ip("link del far")
    assert refusals == [
        f"Guest {guest.name} has a NIC with the MAC {guest.mac}.",
        "The bridge br9 sees the MAC 52:54:00:fd:b0:01 at its port near.",
        f"The host's own link virbr0 has the MAC {virbr0}.",
    ]
    assert virsh_nics(lab, guest) == before


async def test_a_nic_moves_to_a_bridge_and_back_with_its_mac_and_its_place(
    lab: Libvirtd, guest: BootedGuest
) -> None:
    run_in_guest(lab, guest, "ip addr add 10.9.0.2/24 dev eth0")
    async with host_of(lab) as host:
        before = nic(host.state, guest)
        outcome = await change(host, name_of(guest), source=BRIDGE)
        there = nic(host.state, guest)
        assert (there.type, there.source) == ("bridge", "br9")
        assert (there.mac, there.slot, there.device) == (before.mac, before.slot, before.device)
        assert outcome.details == (
            "It is plugged into bridge br9.",
            f"The tap {there.device} is in br9 now; MAC and bus address are the same.",
            "Its port in br9 forwards.",
        )
        tap = host.state.link_named(there.device)
        assert tap is not None
        assert tap.master == host.state.topology.index_by_name["br9"]
        assert stored(lab, guest)[guest.mac][1:3] == ["bridge", "br9"]
        answer = await host.controller.perform(PingNic(name_of(guest), "10.9.0.2"))
        assert answer.record["over"] == "br9"
        assert answer.record["ping"]["received"] >= 1

        await change(host, name_of(guest), source=NAT)
        back = nic(host.state, guest)
        assert (back.network, back.mac, back.slot) == ("default", before.mac, before.slot)
        assert stored(lab, guest)[guest.mac][1:3] == ["network", "default"]
        answer = await host.controller.perform(PingNic(name_of(guest)))
        assert answer.record["over"] == "virbr0"
        assert answer.record["ping"]["loss_percent"] < 100


async def test_a_pulled_cable_stops_the_ping_and_the_plugged_one_restores_it(
    lab: Libvirtd, guest: BootedGuest
) -> None:
    async with host_of(lab) as host:
        assert (await host.controller.perform(PingNic(name_of(guest)))).record["ping"]["avg_ms"]
        await change(host, name_of(guest), link="down")
        assert lab.virsh("domif-getlink", guest.name, guest.mac).split()[-1] == "down"
        await host.until(lambda state: nic(state, guest).link == "down", seconds=PATIENCE)
        refused = await refusal(host, PingNic(name_of(guest), count=2))
        assert refused.sentence.endswith("does not answer over virbr0.")
        assert "The NIC's link is set down: the guest sees no cable." in refused.details
        assert any("100% lost" in line for line in refused.details)
        await change(host, name_of(guest), link="up")
        await host.until(lambda state: nic(state, guest).link == "up", seconds=PATIENCE)
        answer = await host.controller.perform(PingNic(name_of(guest)))
        assert answer.record["ping"]["received"] >= 1


async def test_a_limit_shows_in_domiftune_and_in_what_gets_through(
    lab: Libvirtd, guest: BootedGuest
) -> None:
    async with host_of(lab) as host:
        address = host.state.address_book.addresses_of(guest.mac)[0].address.partition("/")[0]
        free = await asyncio.to_thread(throughput, lab, guest, address)
        limit = Bandwidth(200, 0, 64)
        await change(host, name_of(guest), inbound=limit)
        tuned = dict(
            map(str.strip, line.split(":"))
            for line in lab.virsh("domiftune", guest.name, guest.mac).splitlines()
            if ":" in line
        )
        assert (tuned["inbound.average"], tuned["inbound.burst"]) == ("200", "64")
        assert "average='200'" in lab.virsh("dumpxml", "--inactive", guest.name)
        limited = await asyncio.to_thread(throughput, lab, guest, address)
        await change(host, name_of(guest), inbound=None)
        lifted = lab.virsh("domiftune", guest.name, guest.mac)
        assert "inbound.average: 0" in lifted
    assert 100 * 1024 < limited < 300 * 1024
    assert free > 2 * limited


def throughput(lab: Libvirtd, guest: BootedGuest, address: str) -> float:
    """Bytes a second that the guest takes over TCP, between the second and the fourth second."""
    run_in_guest(lab, guest, "nc -l -p 5001 > /dev/null")
    with lab.entered():
        connection = connected(address)
    with connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16 * 1024)
        connection.settimeout(20)
        began = time.monotonic()
        sent, first = 0, 0
        while (now := time.monotonic() - began) < 3.0:
            sent += connection.send(b"x" * 4096)
            if now < 1.0:
                first = sent
        return (sent - first) / 2.0


def connected(address: str) -> socket.socket:
    found: list[socket.socket] = []

    def attempt() -> bool:
        try:
            found.append(socket.create_connection((address, 5001), timeout=5))
        except OSError:
            return False
        return True

    wait_until(attempt, "the guest listens", PATIENCE)
    return found[0]


async def test_what_cannot_change_under_a_running_guest_waits_for_its_next_start(
    lab: Libvirtd, guest: BootedGuest
) -> None:
    async with host_of(lab) as host:
        refused = await refusal(host, ChangeNic(name_of(guest), (("model", "e1000"),), When.NOW))
        assert "only at its next start" in refused.sentence
        outcome = await change(host, name_of(guest, EXTRA), model="e1000", mtu=1400)
        assert outcome.record["at_next_start"] == ["model", "mtu"]
        assert virsh_nics(lab, guest)[EXTRA][-1] == "virtio"
        assert stored(lab, guest)[EXTRA][-1] == "e1000"
        new_mac = "52:54:00:65:00:78"
        await change(host, name_of(guest, EXTRA), mac=new_mac)
        assert EXTRA in virsh_nics(lab, guest)
        assert stored(lab, guest)[new_mac][-1] == "e1000"
        state = await host.until(
            lambda state: new_mac in {one.mac for one in next_nics(state, guest)},
            seconds=PATIENCE,
        )
        assert guest_named(state, guest.name).coming_nics == ()
        await change(host, name_of(guest, EXTRA), mac=EXTRA, model="virtio", mtu=None)
        assert stored(lab, guest)[EXTRA][-1] == "virtio"


def next_nics(state: HostState, guest: BootedGuest) -> tuple[Nic, ...]:
    found = guest_named(state, guest.name)
    return found.next_nics if found else ()


async def test_where_the_running_guest_refuses_its_configuration_is_put_back(
    lab: Libvirtd, guest: BootedGuest
) -> None:
    before = lab.virsh("dumpxml", "--inactive", guest.name)
    async with host_of(lab) as host:
        direct = NicSource(SourceKind.DIRECT, "br9", mode="bridge")
        refused = await refusal(host, ChangeNic(name_of(guest), (("source", direct),)))
    assert refused.details[-1] == "Nothing was changed: the stored configuration is as it was."
    assert lab.virsh("dumpxml", "--inactive", guest.name) == before
    assert virsh_nics(lab, guest)[guest.mac][1:3] == ["network", "default"]


async def test_a_network_that_vanished_or_stopped_is_refused_in_a_sentence(
    lab: Libvirtd, guest: BootedGuest
) -> None:
    stopped = "<network><name>stopped</name><bridge name='virbr8'/></network>"
    lab.define("net-define", stopped)
    try:
        async with host_of(lab) as host:
            await host.until(lambda state: state.topology.network_by_name.get("stopped"))
            sentences = [
                (
                    await refusal(
                        host, adding(guest, NicSettings(NicSource(SourceKind.NETWORK, one)))
                    )
                ).sentence
                for one in ("vanished", "stopped")
            ]
    finally:
        lab.virsh("net-undefine", "stopped")
    assert sentences == [
        "There is no network vanished any more.",
        "Network stopped is not active: start it first.",
    ]


async def test_the_emulator_itself_says_which_models_it_has(
    lab: Libvirtd, guest: BootedGuest
) -> None:
    async with host_of(lab) as host:
        outcome = await host.controller.perform(SeeNicChoices(guest.uuid, guest.name))
    choices = outcome.record
    assert isinstance(choices, NicChoices)
    assert choices.is_asked
    assert choices.models[:4] == ("virtio", "e1000e", "e1000", "rtl8139")
    assert "vmxnet3" in choices.models
    assert "kvmnet-own" in choices.filters
    assert guest.mac in {mac for mac, _bridge, _port in choices.forwarding}


async def test_a_guest_that_does_not_answer_keeps_its_nic_and_that_is_said(
    lab: Libvirtd, guest: BootedGuest
) -> None:
    lab.virsh("suspend", guest.name)
    try:
        async with host_of(lab) as host:
            request = DetachNic(name_of(guest, EXTRA), seconds=1.0)
            refused = await refusal(host, request)
            told = [task.told for task in host.state.tasks]
    finally:
        lab.virsh("resume", guest.name)
    assert f"{guest.name} did not give the NIC up within 1 s" in refused.sentence
    assert "Its stored configuration was not changed." in refused.details
    assert f"Waiting for {guest.name} to give the NIC up" in told
    assert EXTRA in stored(lab, guest)
    # Woken up it does agree, late as it is.
    wait_until(lambda: EXTRA not in virsh_nics(lab, guest), "the NIC is given up", PATIENCE)


async def test_a_detached_nic_leaves_the_guest_and_its_configuration(
    lab: Libvirtd, guest: BootedGuest
) -> None:
    async with host_of(lab) as host:
        if EXTRA in stored(lab, guest):
            gone = await host.controller.perform(DetachNic(name_of(guest, EXTRA), When.NEXT_START))
            assert gone.record == {
                "guest": guest.name,
                "mac": EXTRA,
                "live": False,
                "stored": True,
            }
        assert EXTRA not in stored(lab, guest)
        mac = "52:54:00:65:00:79"
        wanted = adding(guest, NicSettings(NAT, mac, "virtio"))
        await host.controller.perform(replace(wanted, watch=False))
        await host.until(
            lambda state: mac in {one.mac for one in nics(state, guest.name)}, seconds=PATIENCE
        )
        tap = nic(host.state, guest, mac).device
        await host.until(lambda state: state.link_named(tap), seconds=PATIENCE)
        run_in_guest(lab, guest, "true")
        outcome = await host.controller.perform(DetachNic(name_of(guest, mac), seconds=PATIENCE))
        assert outcome.record["live"]
        assert outcome.record["stored"]
        assert mac not in virsh_nics(lab, guest)
        assert mac not in stored(lab, guest)
        await host.until(lambda state: state.link_named(tap) is None, seconds=PATIENCE)


async def test_persistent_changes_appear_when_the_guest_starts_again(
    lab: Libvirtd, guest: BootedGuest
) -> None:
    mac = "52:54:00:65:00:80"
    wanted = NicSettings(NAT, mac, "rtl8139", mtu=1400, boot_order=None)
    async with host_of(lab) as host:
        outcome = await host.controller.perform(adding(guest, wanted, When.NEXT_START))
        assert outcome.sentence.endswith("has it from its next start on.")
        assert mac not in virsh_nics(lab, guest)
        state = await host.until(lambda state: guest_named(state, guest.name).coming_nics)
        assert [one.mac for one in guest_named(state, guest.name).coming_nics] == [mac]
        lab.virsh("destroy", guest.name)
        await host.until(lambda state: not guest_named(state, guest.name).is_active)
        refused = await refusal(host, adding(guest, NicSettings(NAT), When.NOW))
        assert refused.sentence == (
            f"{guest.name} is shut off: it can be changed for its next start only."
        )
        late = await change(host, name_of(guest, mac), link="down")
        assert late.details == (
            f"{guest.name} is shut off: the change holds from its next start on.",
        )
        await change(host, name_of(guest, mac), link="up")
        lab.virsh("start", guest.name)
        state = await host.until(
            lambda state: mac in {one.mac for one in nics(state, guest.name)}, seconds=PATIENCE
        )
    assert virsh_nics(lab, guest)[mac][1:] == ["network", "default", "rtl8139"]
    assert parse_settings(nic(state, guest, mac).xml).mtu == 1400


def nic_command(lab: Libvirtd, *words: str) -> Answer:
    return run("nic", *words, within=lab.command())


def test_the_command_lists_what_virsh_lists_and_more(lab: Libvirtd, guest: BootedGuest) -> None:
    answer = nic_command(lab, "list", guest.name, "--json")
    assert (answer.status, answer.err) == (0, "")
    listed = {one["mac"]: one for one in json.loads(answer.out)}
    assert {
        mac: [one["device"], one["type"], one["source"], one["model"]]
        for mac, one in listed.items()
    } == virsh_nics(lab, guest)
    assert listed[guest.mac]["bridge"] == "virbr0"
    table = nic_command(lab, "list")
    assert guest.mac in table.out
    assert nic_command(lab, "list", "nobody").status == 2


def test_a_dry_run_prints_what_virsh_would_attach_and_does_nothing(
    lab: Libvirtd, guest: BootedGuest
) -> None:
    before = virsh_nics(lab, guest), stored(lab, guest)
    mac = "52:54:00:65:00:82"
    wanted = ["--network", "default", "--mac", mac, "--model", "virtio", "--in", "1000,2000,512"]
    answer = nic_command(lab, "add", guest.name, *wanted, "--dry-run", "--json")
    assert answer.status == 0, answer.err
    texts = {one["title"]: one["text"] for one in json.loads(answer.out)["parts"]}
    command = shlex.split(texts["The same with virsh"])
    assert command[:2] == ["virsh", "attach-interface"]
    ours = parse_settings(texts["<interface>"])
    assert parse_settings(lab.run(*command, "--print-xml")) == ours
    assert (ours.mac, ours.inbound) == (mac, Bandwidth(1000, 2000, 512))
    assert (virsh_nics(lab, guest), stored(lab, guest)) == before


def test_the_command_adds_moves_sets_pings_and_detaches(lab: Libvirtd, guest: BootedGuest) -> None:
    # The guest booted again a moment ago: only who runs gives a NIC up.
    wait_until(
        lambda: lab.outside(guest.console).read_text().count("ready") > 0, "booted", PATIENCE
    )
    mac = "52:54:00:65:00:81"
    added = nic_command(lab, "add", guest.name, "--network", "default", "--mac", mac, "--json")
    assert added.status == 0, added.err
    record = json.loads(added.out)
    assert (record["mac"], record["live"], record["stored"]) == (mac, True, True)
    assert "was made." in added.err
    reached = nic_command(lab, "ping", guest.name, mac, "--json")
    assert reached.status == 0, reached.err
    assert json.loads(reached.out)["ping"]["received"] >= 1
    moved = nic_command(lab, "move", guest.name, mac, "--bridge", "br9")
    assert moved.status == 0, moved.err
    assert virsh_nics(lab, guest)[mac][1:3] == ["bridge", "br9"]
    changed = nic_command(lab, "set", guest.name, mac, "--link", "down", "--mtu", "1400")
    assert changed.status == 0, changed.err
    assert "At the next start only: MTU." in changed.out
    assert lab.virsh("domif-getlink", guest.name, mac).split()[-1] == "down"
    lost = nic_command(lab, "ping", guest.name, mac, "--address", "10.9.0.77", "--count", "1")
    assert lost.status == 2
    assert "The NIC's link is set down" in lost.err
    gone = nic_command(lab, "detach", guest.name, mac, "--yes", "--seconds", "60")
    assert gone.status == 0, gone.err
    assert mac not in virsh_nics(lab, guest)
    assert mac not in stored(lab, guest)


def test_what_the_wizard_would_not_take_the_command_refuses(
    lab: Libvirtd, guest: BootedGuest
) -> None:
    for words, sentence in (
        (["--network", "nowhere"], "There is no network nowhere any more."),
        (["--mac", guest.mac], f"Guest {guest.name} has a NIC with the MAC {guest.mac}."),
        (["--mtu", "big"], "A number from 68 to 65535."),
        (["--bridge", "br77"], "There is no bridge br77."),
    ):
        answer = nic_command(lab, "add", guest.name, *words)
        assert answer.status == 2
        assert answer.err.strip().endswith(sentence)
    unclear = nic_command(lab, "set", guest.name, "", "--mtu", "1400")
    assert "say which by its MAC" in unclear.err
    reading = run("--read-only", "nic", "set", guest.name, guest.mac, "--mtu", "1400",
                  within=lab.command())  # fmt: skip
    assert reading.status == 2


async def test_macvtap_and_user_networking_are_plugged_in_and_say_why_no_ping_reaches_them(
    lab: Libvirtd, guest: BootedGuest
) -> None:
    lab.ip("link add wire type veth peer name wire-end", "link set wire up", "link set wire-end up")
    macs = {"direct": "52:54:00:65:00:90", "user": "52:54:00:65:00:91"}
    plugs = {
        "direct": NicSource(SourceKind.DIRECT, "wire", mode="bridge"),
        "user": NicSource(SourceKind.USER),
    }
    try:
        async with host_of(lab) as host:
            for kind, source in plugs.items():
                settings = NicSettings(source, macs[kind], "virtio")
                request = replace(adding(guest, settings, When.NOW), watch=kind == "user")
                outcome = await host.controller.perform(request)
                assert outcome.record["live"]
            assert outcome.details == ("This kind of NIC has no tap on the host.",)
            assert virsh_nics(lab, guest)[macs["direct"]][1:3] == ["direct", "wire"]
            told = []
            for mac in macs.values():
                await host.until(
                    lambda state, mac=mac: mac in {one.mac for one in nics(state, guest.name)}
                )
                told.append((await refusal(host, PingNic(name_of(guest, mac)))).sentence)
                await host.controller.perform(
                    DetachNic(name_of(guest, mac), When.NOW, seconds=PATIENCE)
                )
    finally:
        lab.ip("link del wire")
    assert told == [
        "A macvtap never reaches its own host over wire; others on the wire do.",
        "User networking lets nobody in: the guest reaches out only.",
    ]


async def test_isolation_is_set_live_and_seen_at_the_bridges_port(
    lab: Libvirtd, guest: BootedGuest
) -> None:
    async with host_of(lab) as host:
        tap = nic(host.state, guest).device
        await change(host, name_of(guest), isolated=True)
        port = json.loads(lab.run("bridge", "-d", "-j", "link", "show", "dev", tap))[0]
        assert port["isolated"] is True
        await change(host, name_of(guest), isolated=False)
        port = json.loads(lab.run("bridge", "-d", "-j", "link", "show", "dev", tap))[0]
        assert port["isolated"] is False
