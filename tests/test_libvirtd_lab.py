"""The libvirt source on a real libvirtd, with a guest that boots."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kvmnet_tui.model.interest import Interest
from kvmnet_tui.model.state import HostState, Phase, Problem, SourceName
from kvmnet_tui.model.timeline import Kind
from kvmnet_tui.sources.netlink import NetlinkSource
from kvmnet_tui.sources.virt import Timing, VirtSource
from tests.support.guest import BootedGuest, boot, guest_image, run_in_guest
from tests.support.labs import requires_lab
from tests.support.libvirtd import Libvirtd, private_libvirtd
from tests.support.live import live_host
from tests.support.proxy import proxy_for
from tests.support.virt import guest_named, happened, is_live, network, nics

pytestmark = requires_lab("guest")

HASTY = Timing(open=5.0, first_retry=0.2, audit=0.3, keepalive=1)

ISOLATED = """<network>
  <name>isolated</name>
  <bridge name='virbr7'/>
  <ip address='192.168.77.1' netmask='255.255.255.0'/>
</network>"""

# Every kind of plug that this libvirt takes without the hardware behind it.
MUSEUM = """<domain type='qemu'>
  <name>museum</name>
  <memory unit='MiB'>32</memory>
  <os><type arch='x86_64' machine='pc'>hvm</type></os>
  <devices>
    <interface type='network'>
      <source network='default' portgroup='blue'/><model type='e1000'/><link state='down'/>
    </interface>
    <interface type='bridge'>
      <source bridge='br9'/><target dev='tap-museum'/><model type='rtl8139'/><mtu size='9000'/>
    </interface>
    <interface type='direct'><source dev='lo' mode='vepa'/><model type='virtio'/></interface>
    <interface type='user'/>
    <interface type='ethernet'><target dev='tap9'/></interface>
    <interface type='internal'><source name='cable'/></interface>
    <interface type='udp'>
      <source address='127.0.0.1' port='5557'><local address='127.0.0.1' port='5558'/></source>
    </interface>
    <interface type='vhostuser'>
      <source type='unix' path='/run/vhost.sock' mode='client'/><model type='virtio'/>
    </interface>
    <interface type='hostdev'>
      <source><address type='pci' domain='0x0000' bus='0x3b' slot='0x02' function='0x1'/></source>
      <vlan><tag id='42'/></vlan>
    </interface>
    <interface type='vdpa'><source dev='/dev/vhost-vdpa-0'/></interface>
  </devices>
</domain>"""

BRIDGED = "<network><name>hostbr</name><forward mode='bridge'/><bridge name='br9'/></network>"

SLEEPER = """<domain type='qemu'>
  <name>sleeper</name>
  <memory unit='MiB'>32</memory>
  <os><type arch='x86_64' machine='pc'>hvm</type></os>
  <devices>
    <interface type='network'><source network='hostbr'/><rom enabled='no'/></interface>
  </devices>
</domain>"""

STATUS_SCRIPT = """
import asyncio
from kvmnet_tui.controller import Controller
from kvmnet_tui.model.state import Phase, SourceName
from kvmnet_tui.sources.virt import VirtSource

async def main():
    settled = asyncio.get_running_loop().create_future()
    def publish(state):
        status = state.source(SourceName.LIBVIRT)
        if status.phase is not Phase.STARTING and not settled.done():
            names = [each.name for each in state.networks.values()]
            settled.set_result((status.phase.value, status.problem.value, names))
    running = asyncio.create_task(Controller([VirtSource("qemu:///system", False)], publish).run())
    print(await settled)
    running.cancel()

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def lab() -> Iterator[Libvirtd]:
    with private_libvirtd() as lab:
        yield lab


@pytest.fixture(scope="module")
def guest(lab: Libvirtd) -> BootedGuest:
    return boot(lab, guest_image())


def source(lab: Libvirtd) -> VirtSource:
    return VirtSource(lab.uri, read_only=False, timing=HASTY)


async def test_a_booted_guest_is_seen_with_its_lease_its_address_and_its_tap(
    lab: Libvirtd, guest: BootedGuest
) -> None:
    with lab.entered():
        async with live_host(source(lab), NetlinkSource()) as host:
            state = await host.until(lambda state: is_live(state) and state.links)
    nic = state.guests[guest.uuid].nics[0]
    tap = state.link_named(nic.device)
    bridge = state.link_named("virbr0")
    assert tap is not None
    assert bridge is not None
    assert tap.master == bridge.index
    assert state.topology.nic_by_tap[nic.device].guest == guest.uuid
    (lease,) = network(state, "default").leases
    assert lease.mac == guest.mac
    addresses = state.address_book.addresses_of(guest.mac)
    assert addresses[0] == (f"{lease.address}/24", "lease")
    assert lease.address in lab.virsh("net-dhcp-leases", "default")


async def test_a_nic_plugged_in_brings_its_tap_and_its_lease_without_a_refresh(
    lab: Libvirtd, guest: BootedGuest
) -> None:
    mac = "52:54:00:65:00:02"
    plug = ["--type", "network", "--source", "default", "--model", "virtio", "--mac", mac]
    with lab.entered():
        async with live_host(source(lab), NetlinkSource()) as host:
            await host.until(is_live)
            lab.virsh("attach-interface", guest.name, *plug, "--live")
            state = await host.until(lambda state: len(nics(state, guest.name)) == 2)
            tap = nics(state, guest.name)[1].device
            await host.until(lambda state: state.link_named(tap))
            await host.until(lambda state: state.address_book.addresses_of(mac), seconds=30)
            await host.until(lambda state: mac in {x.mac for x in network(state, "default").leases})
            lab.virsh("detach-interface", guest.name, "network", "--mac", mac, "--live")
            state = await host.until(lambda state: len(nics(state, guest.name)) == 1, seconds=30)
            state = await host.until(lambda state: not state.link_named(tap))
    told = [(each.kind, each.other, each.after) for each in state.timeline]
    assert (Kind.NIC_ADDED, tap, "default") in told
    assert Kind.NIC_REMOVED in happened(state, guest.name)
    assert Kind.LEASE_ADDED in happened(state, "default")


async def test_the_life_of_a_network_is_followed_and_told(lab: Libvirtd) -> None:
    async with live_host(source(lab)) as host:
        await host.until(is_live)
        lab.define("net-define", ISOLATED)
        state = await host.until(lambda state: network(state, "isolated"))
        assert not network(state, "isolated").active
        lab.virsh("net-start", "isolated")
        await host.until(lambda state: network(state, "isolated").active)
        lab.virsh("net-autostart", "isolated")
        await host.until(lambda state: network(state, "isolated").autostart)
        host_entry = "<host mac='52:54:00:00:00:09' ip='192.168.77.9'/>"
        dhcp = "<range start='192.168.77.2' end='192.168.77.99'/>"
        for section, xml in (("ip-dhcp-range", dhcp), ("ip-dhcp-host", host_entry)):
            change = ["net-update", "isolated", "add", section, xml, "--live", "--config"]
            lab.virsh(*change)
        await host.until(lambda state: "192.168.77.9" in network(state, "isolated").persistent_xml)
        lab.virsh("net-destroy", "isolated")
        await host.until(lambda state: not network(state, "isolated").active)
        lab.virsh("net-undefine", "isolated")
        await host.until(lambda state: network(state, "isolated") is None)
        state = await host.until(
            lambda state: Kind.NETWORK_UNDEFINED in happened(state, "isolated")
        )
    assert [kind for kind in happened(state, "isolated") if kind is not Kind.NETWORK_CHANGED] == [
        Kind.NETWORK_DEFINED,
        Kind.NETWORK_STARTED,
        Kind.NETWORK_STOPPED,
        Kind.NETWORK_UNDEFINED,
    ]
    assert Kind.NETWORK_CHANGED in happened(state, "isolated")


async def test_a_cable_pulled_with_setlink_is_noticed_although_libvirt_has_no_event_for_it(
    lab: Libvirtd, guest: BootedGuest
) -> None:
    async with live_host(source(lab)) as host:
        await host.until(is_live)
        lab.virsh("domif-setlink", guest.name, guest.mac, "down")
        await host.until(lambda state: nics(state, guest.name)[0].link == "down")
        lab.virsh("domif-setlink", guest.name, guest.mac, "up")
        state = await host.until(lambda state: nics(state, guest.name)[0].link == "up")
    told = [each for each in state.timeline if each.kind is Kind.NIC_CHANGED]
    assert [(each.before, each.after) for each in told] == [("up", "down"), ("down", "up")]


async def test_pausing_and_resuming_a_guest_is_followed_and_told(
    lab: Libvirtd, guest: BootedGuest
) -> None:
    async with live_host(source(lab)) as host:
        await host.until(is_live)
        lab.virsh("suspend", guest.name)
        await host.until(lambda state: guest_named(state, guest.name).state == "paused")
        lab.virsh("resume", guest.name)
        state = await host.until(lambda s: guest_named(s, guest.name).state == "running")
    assert happened(state, guest.name) == [Kind.GUEST_PAUSED, Kind.GUEST_RESUMED]


async def test_names_states_and_plugs_are_those_virsh_prints(
    lab: Libvirtd, guest: BootedGuest
) -> None:
    lab.ip("link add br9 type bridge", "link set br9 up")
    lab.define("net-define", BRIDGED)
    lab.virsh("net-start", "hostbr")
    lab.define("define", MUSEUM)
    lab.define("define", SLEEPER)
    lab.virsh("start", "sleeper", "--paused")
    try:
        async with live_host(source(lab)) as host:
            state = await host.until(is_live)
        networks_as_virsh(lab, state)
        guests_as_virsh(lab, state)
        (nic,) = nics(state, "sleeper")
        assert (nic.type, nic.network) == ("bridge", "hostbr")
        keys = state.topology.nics_by_network[network(state, "hostbr").uuid]
        assert [state.guests[key.guest].name for key in keys] == ["museum", "sleeper"]
        assert {nic.type: nic.source for nic in nics(state, "museum")} == {
            "network": "default",
            "bridge": "br9",
            "direct": "lo",
            "user": "",
            "ethernet": "",
            "internal": "cable",
            "udp": "127.0.0.1:5557",
            "vhostuser": "/run/vhost.sock",
            "hostdev": "0000:3b:02.1",
            "vdpa": "/dev/vhost-vdpa-0",
        }
    finally:
        lab.virsh("destroy", "sleeper")
        lab.virsh("undefine", "sleeper")
        lab.virsh("undefine", "museum")
        lab.virsh("net-destroy", "hostbr")
        lab.virsh("net-undefine", "hostbr")
        lab.ip("link del br9")


def networks_as_virsh(lab: Libvirtd, state: HostState) -> None:
    yes_no = {True: "yes", False: "no"}
    ours = {
        (
            each.name,
            "active" if each.active else "inactive",
            yes_no[each.autostart],
            yes_no[each.persistent],
        )
        for each in state.networks.values()
    }
    assert ours == {tuple(row.split()) for row in rows(lab.virsh("net-list", "--all"))}
    for each in state.networks.values():
        assert each.xml.strip() == lab.virsh("net-dumpxml", each.name).strip()
        stored = lab.virsh("net-dumpxml", "--inactive", each.name).strip()
        assert each.persistent_xml.strip() == stored
        lab.run("test", "-f", each.file)
    leases = rows(lab.virsh("net-dhcp-leases", "default"))
    assert [f"{x.mac} {x.address}/{x.prefix}" for x in network(state, "default").leases] == [
        f"{words[2]} {words[4]}" for words in map(str.split, leases)
    ]


def guests_as_virsh(lab: Libvirtd, state: HostState) -> None:
    ours = {
        (str(each.id) if each.id else "-", each.name, *each.state.split())
        for each in state.guests.values()
    }
    assert ours == {tuple(row.split()) for row in rows(lab.virsh("list", "--all"))}
    # virsh has no word for these; we say the PCI address and the port.
    unnamed = {"hostdev", "udp"}
    for each in state.guests.values():
        plugs = [
            (
                nic.device or "-",
                nic.type,
                "-" if nic.type in unnamed else nic.source or "-",
                nic.model or "-",
                nic.mac,
            )
            for nic in each.nics
        ]
        assert plugs == [tuple(row.split()) for row in rows(lab.virsh("domiflist", each.name))]


def rows(output: str) -> list[str]:
    return [line for line in output.splitlines() if line.strip()]


async def test_the_agents_addresses_are_read_and_a_dead_agent_stops_nothing_else(
    lab: Libvirtd, guest: BootedGuest
) -> None:
    async with live_host(source(lab)) as host:
        host.controller.look_at(Interest(guests=True))
        state = await host.until(
            lambda state: is_live(state) and state.guests[guest.uuid].agent_addresses, seconds=20
        )
        said = state.guests[guest.uuid].agent_addresses[guest.mac]
        assert said[0] in lab.virsh("domifaddr", guest.name, "--source", "agent")
    run_in_guest(lab, guest, "kill -STOP $(pidof qemu-ga); sleep 8; kill -CONT $(pidof qemu-ga)")
    async with live_host(source(lab)) as host:
        host.controller.look_at(Interest(guests=True))
        state = await host.until(is_live)
        assert not state.guests[guest.uuid].agent_addresses
        lab.define("net-define", ISOLATED)
        await host.until(lambda state: network(state, "isolated"), seconds=2)
        lab.virsh("net-undefine", "isolated")
        await host.until(lambda state: network(state, "isolated") is None, seconds=2)


async def test_a_restarted_daemon_is_lost_then_live_and_the_picture_exact() -> None:
    with private_libvirtd() as lab:
        lab.ip("link add br9 type bridge", "link set br9 up")
        lab.define("net-define", BRIDGED)
        lab.virsh("net-start", "hostbr")
        lab.define("define", SLEEPER)
        lab.virsh("start", "sleeper", "--paused")
        await restart_daemon_under(lab)


async def restart_daemon_under(lab: Libvirtd) -> None:
    async with live_host(source(lab)) as host:
        before = await host.until(is_live)
        lab.stop_daemon()
        state = await host.until(lambda state: not is_live(state))
        status = state.source(SourceName.LIBVIRT)
        assert (status.phase, status.problem) == (Phase.LOST, Problem.CONNECTION_LOST)
        assert state.guests == before.guests
        state = await host.until(
            lambda s: s.source(SourceName.LIBVIRT).problem is Problem.NOT_RUNNING
        )
        assert state.source(SourceName.LIBVIRT).since == status.since
        lab.start_daemon()
        lab.define("net-define", ISOLATED)
        await host.until(is_live, seconds=20)
        state = await host.until(lambda state: network(state, "isolated"))
        networks_as_virsh(lab, state)
        guests_as_virsh(lab, state)
        lab.virsh("net-undefine", "isolated")
        state = await host.until(lambda state: network(state, "isolated") is None)
    kinds = happened(state, "libvirt")
    assert kinds[:2] == [Kind.SOURCE_LOST, Kind.SOURCE_LIVE]


async def test_a_daemon_that_hangs_is_told_apart_and_waited_for(
    lab: Libvirtd, guest: BootedGuest, tmp_path: Path
) -> None:
    socket = tmp_path / "sock"
    through_proxy = VirtSource(f"qemu+unix:///system?socket={socket}", False, HASTY)
    async with (
        proxy_for(lab.outside("/run/libvirt/libvirt-sock"), socket) as proxy,
        live_host(through_proxy) as host,
    ):
        await host.until(is_live)
        proxy.mute()
        state = await host.until(lambda state: not is_live(state), seconds=30)
        assert state.source(SourceName.LIBVIRT).problem is Problem.NOT_ANSWERING
        proxy.unmute()
        await host.until(is_live, seconds=30)


async def test_a_user_without_rights_sees_everything_and_is_told_what_is_missing(
    lab: Libvirtd,
) -> None:
    done = await asyncio.to_thread(
        subprocess.run,
        lab.command("setpriv", "--reuid=65534", sys.executable, "-c", STATUS_SCRIPT),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stdout == "('live', 'no-rights', ['default'])\n", done.stderr
