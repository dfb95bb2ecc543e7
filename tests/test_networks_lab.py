"""Requests about networks on a real libvirtd, with a guest that boots, leases and is pinged."""

import ipaddress
from collections.abc import Iterator
from pathlib import Path

import pytest

from kvmnet_tui.model.timeline import Kind
from kvmnet_tui.model.virt import Network
from kvmnet_tui.netxml.network_fields import values_of, written
from kvmnet_tui.netxml.syntax import parse
from kvmnet_tui.requests import networks as ask
from tests.support.guest import BootedGuest, boot, guest_image, run_in_guest
from tests.support.labs import requires_lab
from tests.support.libvirtd import Libvirtd, private_libvirtd, wait_until
from tests.support.network_host import LONG, answers_ping, network_host
from tests.support.virt import happened, network, nics

pytestmark = requires_lab("guest")

EXTRA = "52:54:00:65:00:77"
ETHERNET = f"""<interface type='ethernet'>
  <mac address='{EXTRA}'/><target dev='mine'/><model type='virtio'/>
</interface>"""
RICH = (Path(__file__).parent / "data" / "rich-network.xml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def lab() -> Iterator[Libvirtd]:
    with private_libvirtd() as lab:
        lab.ip("link add br9 type bridge", "link add ens8 type veth peer name ens9")
        yield lab


def subnet_of(network: Network) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return ipaddress.ip_interface(network.addresses[0]).network


@pytest.fixture(scope="module")
def guest(lab: Libvirtd) -> BootedGuest:
    return boot(lab, guest_image())


async def test_a_guest_is_reachable_after_its_lease_was_pinned_and_its_network_restarted(
    lab: Libvirtd, guest: BootedGuest, tmp_path: Path
) -> None:
    async with network_host(lab, tmp_path / "log") as host:
        await host.live.until(lambda state: network(state, "default").leases, LONG)  # type: ignore[union-attr]
        (lease,) = network(host.live.state, "default").leases  # type: ignore[union-attr]
        default = host.ref("default")
        await host.do(ask.PinLease(default, lease.address, lease.mac, hostname="pinned"))
        assert f"ip='{lease.address}'" in lab.virsh("net-dumpxml", "default")
        assert f"ip='{lease.address}'" in lab.virsh("net-dumpxml", "default", "--inactive")
        again = await host.refused(ask.PinLease(default, lease.address, lease.mac))
        assert "pinned to" in again
        other = ask.PinLease(default, "192.168.122.9", lease.mac)
        assert "unpin it first" in await host.refused(other)
        stranger = ask.PinLease(default, "10.0.0.9", "52:54:00:00:00:09")
        assert "in no subnet" in await host.refused(stranger)

        outcome = await host.do(ask.RestartNetwork(default))
        assert f"of {guest.name} is plugged into virbr0" in outcome.details[0]
        assert host.is_plugged(guest, "virbr0")
        assert "connections='1'" in lab.virsh("net-dumpxml", "default")
        wait_until(lambda: answers_ping(lab, lease.address), "the guest answers", LONG)

        await host.do(ask.UnpinLease(default, lease.address))
        assert lease.address not in lab.virsh("net-dumpxml", "default")
        assert "not pinned" in await host.refused(ask.UnpinLease(default, lease.address))
        assert "+      <host mac=" in (tmp_path / "log").read_text()


async def test_a_tap_that_was_unplugged_is_found_and_plugged_back_in(
    lab: Libvirtd, guest: BootedGuest, tmp_path: Path
) -> None:
    async with network_host(lab, tmp_path / "log") as host:
        tap = nics(host.live.state, guest.name)[0].device
        lab.run("ip", "link", "set", tap, "nomaster")
        await host.live.until(lambda _state: not host.is_plugged(guest, "virbr0"))
        await host.do(ask.RepairTaps())
        assert host.is_plugged(guest, "virbr0")
        assert (await host.do(ask.RepairTaps())).sentence == "No tap is loose."
        assert "is not loose" in await host.refused(ask.RepairTaps((tap,)))


async def test_stopping_names_who_is_hit_and_starting_plugs_them_back_in(
    lab: Libvirtd, guest: BootedGuest, tmp_path: Path
) -> None:
    async with network_host(lab, tmp_path / "log") as host:
        default = host.ref("default")
        stopped = await host.do(ask.StopNetwork(default))
        assert stopped.details[0].startswith(f"{guest.name}: NIC ")
        assert "is not active" in await host.refused(ask.StopNetwork(default))
        await host.do(ask.StartNetwork(default))
        assert host.is_plugged(guest, "virbr0")
        assert "active already" in await host.refused(ask.StartNetwork(default))


async def test_what_cannot_start_as_stored_runs_again_as_it_was(
    lab: Libvirtd, guest: BootedGuest, tmp_path: Path
) -> None:
    async with network_host(lab, tmp_path / "log") as host:
        default, stored = host.ref("default"), host.stored("default")
        bad = written(stored, {"bridge": "br9"})
        await host.do(ask.EditNetwork(default, stored, bad))
        assert "runs again as it was" in await host.refused(ask.RestartNetwork(default))
        assert host.is_plugged(guest, "virbr0")
        await host.do(ask.EditNetwork(default, host.stored("default"), stored))


async def test_a_guest_moved_to_a_new_network_gets_its_lease_there(
    lab: Libvirtd, guest: BootedGuest, tmp_path: Path
) -> None:
    async with network_host(lab, tmp_path / "log") as host:
        await host.wizard(name="left", mode="isolated", stp=False)
        await host.wizard(name="entered", mode="nat", stp=False)
        await host.plug_in(guest, "left", EXTRA)
        await host.lease("left", EXTRA)
        await host.move(guest, "entered", EXTRA)
        run_in_guest(lab, guest, "udhcpc -q -f -t 10 -T 1 -s /bin/on-lease -i eth1")
        lease = await host.lease("entered", EXTRA)
        assert ipaddress.ip_address(lease.address) in subnet_of(host.network("entered"))
        wait_until(lambda: answers_ping(lab, lease.address), "the guest answers", LONG)

        users = await host.refused(ask.RenameNetwork(host.ref("entered"), "renamed"))
        assert guest.name in users
        await host.unplug(guest, EXTRA)
        await host.do(ask.StopNetwork(host.ref("entered")))
        await host.do(ask.RenameNetwork(host.ref("entered"), "renamed"))
        assert "renamed" in lab.virsh("net-list", "--all", "--name", "--autostart")
        for name in ("left", "renamed"):
            await host.do(ask.UndefineNetwork(host.ref(name)))


async def test_a_tap_that_somebody_put_into_the_bridge_is_put_back_after_a_restart(
    lab: Libvirtd, guest: BootedGuest, tmp_path: Path
) -> None:
    async with network_host(lab, tmp_path / "log") as host:
        lab.virsh("attach-device", guest.name, "/dev/stdin", "--live", text=ETHERNET)
        await host.live.until(lambda state: len(nics(state, guest.name)) == 2, LONG)
        lab.run("ip", "link", "set", "mine", "master", "virbr0")
        await host.live.until(lambda _state: host.is_plugged(guest, "virbr0", position=1))
        outcome = await host.do(ask.RestartNetwork(host.ref("default")))
        assert f"mine of {guest.name} is plugged into virbr0." in outcome.details
        assert host.is_plugged(guest, "virbr0")
        assert host.is_plugged(guest, "virbr0", position=1)
        await host.unplug(guest, EXTRA)


async def test_a_rich_network_goes_through_the_form_with_its_own_lines_changed_only(
    lab: Libvirtd, tmp_path: Path
) -> None:
    document = parse(RICH.replace(" connections='1'", ""), "network")
    for tag, attribute in (("bridge", "zone"), ("bridge", "macTableManager")):
        document.root.first(tag).set(attribute, "")  # type: ignore[union-attr]
    group = document.root.first("portgroup")
    group.remove(group.first("virtualport"))  # type: ignore[union-attr, arg-type]
    group.remove(group.first("vlan"))  # type: ignore[union-attr, arg-type]
    async with network_host(lab, tmp_path / "log") as host:
        await host.do(ask.DefineNetwork("rich", str(document)))
        before = host.stored("rich")
        assert written(before, values_of(before)) == before
        assert (await host.edit("rich")).sentence == "Network rich is as it was."
        assert host.stored("rich") == before
        outcome = await host.edit("rich", txt="example other text", mtu="1400")
        assert outcome.details[0] == "Redefined: mtu."
        changed = [line for line in outcome.details if line[:1] in "+-" and line[:2] not in "--++"]
        assert len(changed) == 4, changed
        after = host.stored("rich")
        for kept in ("<!-- ours -->", "dnsmasq:option ", "unit='hours'", "<bootp ", "localPtr="):
            assert kept in after
        await host.do(ask.UndefineNetwork(host.ref("rich")))


# One after the other on one network: an answer, and what it puts into both its texts.
LIVE_EDITS = [
    ({"pins": "52:54:00:aa:00:01 192.168.100.51 one"}, "ip='192.168.100.51'"),
    ({"pins": "52:54:00:aa:00:01 192.168.100.52 one"}, "ip='192.168.100.52'"),
    ({"pins": ""}, ""),
    (
        {"dhcp4": "192.168.100.9 - 192.168.100.19, 192.168.100.30 - 192.168.100.39"},
        "'192.168.100.30'",
    ),
    ({"dhcp4": "192.168.100.9 - 192.168.100.19"}, "end='192.168.100.19'"),
    ({"dns_hosts": "192.168.100.9 nine"}, "<hostname>nine</hostname>"),
    ({"dns_hosts": "192.168.100.9 nine neun"}, "<hostname>neun</hostname>"),
    ({"txt": "example some text"}, "value='some text'"),
    ({"txt": "example other text"}, "value='other text'"),
    ({"srv": "ldap tcp target=dc1.example port=389"}, "target='dc1.example'"),
    ({"srv": "ldap tcp target=dc2.example port=389"}, "target='dc2.example'"),
    ({"portgroups": "blue default in=1000"}, "average='1000'"),
    ({"portgroups": "blue in=2000\nred"}, "average='2000'"),
    ({"portgroups": "red"}, "portgroup name='red'"),
    ({"dns_hosts": "", "txt": "", "srv": "", "portgroups": ""}, ""),
]


async def test_what_libvirt_updates_is_changed_live_and_stored_and_waits_for_nothing(
    lab: Libvirtd, tmp_path: Path
) -> None:
    async with network_host(lab, tmp_path / "log") as host:
        await host.wizard(name="live", mode="nat", stp=False)
        first = host.stored("live")
        for answers, said in LIVE_EDITS:
            outcome = await host.edit("live", **answers)
            assert outcome.record["restart"] is False, (answers, outcome)
            assert outcome.details[0].startswith("Live and stored: "), (answers, outcome)
            for options in ((), ("--inactive",)):
                assert said in lab.virsh("net-dumpxml", "live", *options), (answers, options)
        await host.edit("live", dhcp4="192.168.100.2 - 192.168.100.254")
        assert host.stored("live") == first
        await host.do(ask.UndefineNetwork(host.ref("live")))


async def test_links_of_a_macvtap_network_come_and_go_while_it_runs(
    lab: Libvirtd, tmp_path: Path
) -> None:
    async with network_host(lab, tmp_path / "log") as host:
        await host.wizard(name="taps", mode="vepa", devices=("ens8",))
        for devices in (("ens8", "ens9"), ("ens9",)):
            outcome = await host.edit("taps", devices=devices)
            assert outcome.record["restart"] is False, outcome
            assert set(host.network("taps").forward_devices) == set(devices)
        await host.do(ask.UndefineNetwork(host.ref("taps")))


async def test_edits_go_live_at_once_or_say_that_they_wait(lab: Libvirtd, tmp_path: Path) -> None:
    async with network_host(lab, tmp_path / "log") as host:
        await host.wizard(name="edited", mode="isolated")
        live = await host.edit("edited", dns_hosts="192.168.100.9 nine", txt="a b")
        assert live.sentence == "Network edited is changed."
        assert "nine" in lab.virsh("net-dumpxml", "edited")
        waits = await host.edit("edited", domain="later.example")
        assert waits.record["restart"] is True
        assert "later.example" not in lab.virsh("net-dumpxml", "edited")
        await host.do(ask.RestartNetwork(host.ref("edited")))
        assert "later.example" in lab.virsh("net-dumpxml", "edited")
        base = host.stored("edited")
        lab.virsh("net-update", "edited", "add", "dns-txt", "<txt name='x' value='y'/>", "--config")
        edit = ask.EditNetwork(host.ref("edited"), base, written(base, {"stp": False}))
        assert "changed by somebody else" in await host.refused(edit)
        bridge = ask.UpdateNetwork(host.ref("edited"), "modify", "bridge", "<bridge name='x'/>")
        assert "can't update 'bridge'" in await host.refused(bridge)
        await host.do(ask.UndefineNetwork(host.ref("edited")))


async def test_what_libvirt_refuses_leaves_nothing_behind(lab: Libvirtd, tmp_path: Path) -> None:
    async with network_host(lab, tmp_path / "log") as host:
        taken = "<network><name>bad</name><bridge name='lo'/></network>"
        refused = await host.refused(ask.DefineNetwork("bad", taken, start=True))
        assert "was removed again" in refused
        unknown = "<network><name>bad</name><foo/></network>"
        assert "schema" in await host.refused(ask.DefineNetwork("bad", unknown))
        default = ask.DefineNetwork("default", "<network><name>default</name></network>")
        assert "already" in await host.refused(default)
        assert "bad" not in lab.virsh("net-list", "--all", "--name")


async def test_what_another_client_does_appears_without_a_refresh(
    lab: Libvirtd, tmp_path: Path
) -> None:
    async with network_host(lab, tmp_path / "log") as host:
        lab.define("net-define", "<network><name>theirs</name><bridge name='virbr55'/></network>")
        await host.live.until(lambda state: network(state, "theirs"))
        lab.virsh("net-start", "theirs")
        await host.live.until(lambda state: network(state, "theirs").active)  # type: ignore[union-attr]
        lab.virsh("net-destroy", "theirs")
        lab.virsh("net-undefine", "theirs")
        state = await host.live.until(lambda state: network(state, "theirs") is None)
        assert Kind.NETWORK_STARTED in happened(state, "theirs")


async def test_a_transient_network_comes_back_from_a_restart(lab: Libvirtd, tmp_path: Path) -> None:
    async with network_host(lab, tmp_path / "log") as host:
        await host.wizard(name="fleeting", mode="isolated", stored=False)
        await host.do(ask.RestartNetwork(host.ref("fleeting")))
        made = network(host.live.state, "fleeting")
        assert made is not None
        assert made.active
        await host.do(ask.StopNetwork(host.ref("fleeting")))
        await host.live.until(lambda state: network(state, "fleeting") is None)
