"""Networks of every forward mode made by the wizard's request, with a guest that gets its address.

The host's cards ens8 and ens9 end at a switch with a DHCP server, outside of the host: what leads
out of the host is asked and answered there.
"""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kvmnet_tui.requests import RequestError
from kvmnet_tui.requests import networks as ask
from tests.support.guest import BootedGuest, ask_for_ipv6, boot, guest_image
from tests.support.labs import requires_lab
from tests.support.libvirtd import Libvirtd, private_libvirtd, wait_until
from tests.support.network_host import LONG, NetworkHost, answers_ping, network_host
from tests.support.virt import nics

pytestmark = requires_lab("guest")

MAC = "52:54:00:65:00:77"
AT_SWITCH = ("ip", "netns", "exec", "switch")


@pytest.fixture(scope="module")
def lab() -> Iterator[Libvirtd]:
    with private_libvirtd() as lab:
        lab.run("ip", "netns", "add", "switch")
        lab.ip(
            "link add br9 type bridge",
            "link set br9 up",
            "link add ens8 type veth peer name out8 netns switch",
            "link add ens9 type veth peer name out9 netns switch",
            "link set ens8 master br9 up",
            "link set ens9 up",
        )
        for command in (
            "ip link add sw type bridge",
            "ip link set out8 master sw up",
            "ip link set out9 master sw up",
            "ip link set sw up",
            "ip address add 10.9.0.1/24 dev sw",
            "dnsmasq --conf-file=/dev/null --port=0 --interface=sw --dhcp-range=10.9.0.10,10.9.0.99"
            " --dhcp-leasefile=/run/switch.leases --pid-file=/run/switch.pid",
        ):
            lab.run(*AT_SWITCH, *command.split())
        yield lab


@pytest.fixture(scope="module")
def guest(lab: Libvirtd) -> BootedGuest:
    return boot(lab, guest_image())


async def eventually(condition: Callable[[], object], what: str) -> None:
    """Poll in a thread, so that the picture stays live."""
    await asyncio.to_thread(wait_until, condition, what, LONG)


async def leased_outside(lab: Libvirtd) -> str:
    """The address that the switch's DHCP server gave to MAC."""
    file = lab.outside("/run/switch.leases")

    def found() -> list[str]:
        lines = [line.split() for line in file.read_text().splitlines() if MAC in line]
        return [words[2] for words in lines]

    await eventually(found, "the switch gives an address")
    return found()[0]


async def reach(lab: Libvirtd, address: str, *within: str) -> None:
    await eventually(lambda: answers_ping(lab, address, *within), f"{address} answers")


async def remove(host: NetworkHost, guest: BootedGuest, name: str) -> None:
    await host.unplug(guest, MAC)
    await host.do(ask.UndefineNetwork(host.ref(name)))
    assert name not in host.lab.virsh("net-list", "--all", "--name")


@pytest.mark.parametrize(
    ("mode", "answers"),
    [
        ("nat", {"nat_ports": "2000-3000", "domain": "nat.example"}),
        ("isolated", {"stp": False}),
        ("route", {"stp": False, "domain": "route.example"}),
        ("open", {"stp": False, "mtu": "1400"}),
    ],
)
async def test_a_guest_gets_a_lease_that_is_pinned_and_answers_after_the_restart(
    lab: Libvirtd, guest: BootedGuest, tmp_path: Path, mode: str, answers: dict[str, Any]
) -> None:
    name = f"made-{mode}"
    async with network_host(lab, tmp_path / "log") as host:
        await host.wizard(name=name, mode=mode, **answers)
        made = host.network(name)
        assert (made.active, made.persistent, made.autostart) == (True, True, True)
        await host.plug_in(guest, name, MAC)
        lease = await host.lease(name, MAC)
        await reach(lab, lease.address)
        await host.do(ask.PinLease(host.ref(name), lease.address, MAC))
        assert f"ip='{lease.address}'" in lab.virsh("net-dumpxml", name)
        ports = lab.run("iptables-save", "-t", "nat")
        assert ("--to-ports 2000-3000" in ports) == (mode == "nat")

        outcome = await host.do(ask.RestartNetwork(host.ref(name)))
        assert f"of {guest.name} is plugged into {made.bridge}" in outcome.details[0]
        assert host.is_plugged(guest, made.bridge, position=1)
        await reach(lab, lease.address)
        await remove(host, guest, name)


async def test_a_pin_of_another_address_is_what_the_guest_is_given_next(
    lab: Libvirtd, guest: BootedGuest, tmp_path: Path
) -> None:
    async with network_host(lab, tmp_path / "log") as host:
        await host.wizard(name="pins", mode="isolated", stp=False)
        await host.plug_in(guest, "pins", MAC)
        first = await host.lease("pins", MAC)
        chosen = "192.168.100.9" if not first.address.endswith(".9") else "192.168.100.8"
        await host.do(ask.PinLease(host.ref("pins"), chosen, MAC, hostname="chosen"))
        await host.unplug(guest, MAC)
        await host.plug_in(guest, "pins", MAC)
        await host.live.until(
            lambda _state: chosen in {lease.address for lease in host.network("pins").leases}, LONG
        )
        await reach(lab, chosen)
        await remove(host, guest, "pins")


async def test_an_ipv6_lease_is_pinned_by_its_duid(
    lab: Libvirtd, guest: BootedGuest, tmp_path: Path
) -> None:
    answers = {"ipv6": "fd00:9::1/64", "dhcp6": "fd00:9::100 - fd00:9::1ff", "nat_ipv6": True}
    async with network_host(lab, tmp_path / "log") as host:
        await host.wizard(name="six", mode="nat", stp=False, **answers)
        assert "<nat ipv6='yes'" in host.stored("six")
        assert "MASQUERADE" in lab.run("ip6tables-save", "-t", "nat")
        await host.plug_in(guest, "six", MAC)
        await host.lease("six", MAC)
        ask_for_ipv6(lab, guest, "eth1")
        lease = await host.lease("six", MAC, version=6)
        assert lease.client_id == f"00:03:00:01:{MAC}"
        await reach(lab, lease.address)
        six, chosen = host.ref("six"), "fd00:9::9"
        wrong = await host.refused(ask.PinLease(six, chosen, mac=MAC))
        assert wrong == "An IPv6 address is pinned to a DUID or a name, not to a MAC."
        await host.do(ask.PinLease(six, chosen, duid=lease.client_id))
        assert "unpin it first" in await host.refused(
            ask.PinLease(six, "fd00:9::8", duid=lease.client_id)
        )
        ask_for_ipv6(lab, guest, "eth1")
        await host.live.until(
            lambda _state: chosen in {one.address for one in host.network("six").leases}, LONG
        )
        await reach(lab, chosen)
        await host.do(ask.UnpinLease(six, chosen))
        assert chosen not in lab.virsh("net-dumpxml", "six")
        await remove(host, guest, "six")


async def test_a_guest_on_the_host_s_own_bridge_is_given_its_address_from_outside(
    lab: Libvirtd, guest: BootedGuest, tmp_path: Path
) -> None:
    async with network_host(lab, tmp_path / "log") as host:
        await host.wizard(name="outward", mode="host-bridge", bridge="br9")
        assert "<forward mode='bridge'/>" in host.stored("outward")
        await host.plug_in(guest, "outward", MAC)
        address = await leased_outside(lab)
        await reach(lab, address, *AT_SWITCH)
        pin = ask.PinLease(host.ref("outward"), address, MAC)
        assert "in no subnet of network outward" in await host.refused(pin)
        await host.do(ask.RestartNetwork(host.ref("outward")))
        assert host.is_plugged(guest, "br9", position=1)
        await reach(lab, address, *AT_SWITCH)
        await remove(host, guest, "outward")


@pytest.mark.parametrize("mode", ["macvtap-bridge", "vepa", "private", "passthrough"])
async def test_a_guest_straight_on_a_card_is_given_its_address_from_outside(
    lab: Libvirtd, guest: BootedGuest, tmp_path: Path, mode: str
) -> None:
    async with network_host(lab, tmp_path / "log") as host:
        await host.wizard(name=mode, mode=mode, devices=("ens9",))
        await host.plug_in(guest, mode, MAC)
        nic = nics(host.live.state, guest.name)[1]
        assert (nic.type, nic.network) == ("direct", mode)
        assert nic.mode == ("bridge" if mode == "macvtap-bridge" else mode)
        address = await leased_outside(lab)
        await reach(lab, address, *AT_SWITCH)
        stopped = await host.do(ask.StopNetwork(host.ref(mode)))
        assert stopped.record["unplugged"] == []  # a macvtap stays what it is
        await reach(lab, address, *AT_SWITCH)
        await host.do(ask.StartNetwork(host.ref(mode)))
        await reach(lab, address, *AT_SWITCH)
        await remove(host, guest, mode)


async def test_an_open_vswitch_network_is_defined_and_started_where_there_is_no_such_switch(
    lab: Libvirtd, guest: BootedGuest, tmp_path: Path
) -> None:
    async with network_host(lab, tmp_path / "log") as host:
        await host.wizard(name="ovs", mode="ovs", bridge="ovs0", vlan="42,43:untagged")
        assert host.network("ovs").active
        stored = host.stored("ovs")
        assert "<virtualport type='openvswitch'/>" in stored
        assert "<vlan trunk='yes'>" in stored
        with pytest.raises(AssertionError, match="ovs0"):  # this kernel has no Open vSwitch
            await host.plug_in(guest, "ovs", MAC)
        await host.do(ask.UndefineNetwork(host.ref("ovs")))


@pytest.fixture
def functions(lab: Libvirtd) -> Iterator[tuple[str, str]]:
    """Two PCI devices that pass for virtual functions of one card: all that libvirt looks at."""
    devices = "/sys/bus/pci/devices"
    lab.run("mount", "-t", "tmpfs", "tmpfs", devices)
    lab.run("mkdir", f"{devices}/0000:3b:00.0")
    found = ("0000:3b:02.0", "0000:3b:02.1")
    for function in found:
        lab.run("mkdir", f"{devices}/{function}")
        lab.run("ln", "-s", "../0000:3b:00.0", f"{devices}/{function}/physfn")
    yield found
    lab.run("umount", devices)


async def test_a_pool_of_functions_is_defined_and_started_and_other_devices_are_refused(
    lab: Libvirtd, guest: BootedGuest, tmp_path: Path, functions: tuple[str, str]
) -> None:
    async with network_host(lab, tmp_path / "log") as host:
        await host.wizard(name="pool", mode="hostdev", functions=functions)
        assert host.network("pool").active
        assert host.network("pool").forward_devices == functions
        assert "<forward mode='hostdev' managed='yes'>" in host.stored("pool")
        with pytest.raises(AssertionError, match="passthrough of host PCI devices"):
            await host.plug_in(guest, "pool", MAC)  # this machine has no IOMMU
        await host.do(ask.UndefineNetwork(host.ref("pool")))
        whole = {"name": "whole", "mode": "hostdev", "pf": "ens9"}
        with pytest.raises(RequestError, match=r"removed again: .*No usable Vf's present"):
            await host.wizard(**whole)
        with pytest.raises(RequestError, match="is not an SR-IOV Virtual Function"):
            await host.wizard(name="other", mode="hostdev", functions=("0000:00:01.0",))
        listed = lab.virsh("net-list", "--all", "--name")
        assert not {"whole", "other"} & set(listed.split())
