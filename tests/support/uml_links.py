"""Tests run inside User-Mode Linux: bonds, VLANs and filtering bridges as netlink tells them."""

import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from kvmnet_tui.model.links import Link, PortVlan
from kvmnet_tui.model.state import HostState
from kvmnet_tui.sources.netlink import NetlinkSource
from tests.support.kernel import fresh_reading, is_live, the
from tests.support.live import LiveHost, live_host


def ip(*lines: str) -> None:
    run("ip", "-batch", "-", text="\n".join(lines) + "\n")


def bridge(*lines: str) -> None:
    run("bridge", "-batch", "-", text="\n".join(lines) + "\n")


def run(*command: str, text: str = "") -> None:
    done = subprocess.run(command, input=text, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture
async def host() -> AsyncIterator[LiveHost]:
    async with live_host(NetlinkSource(sysfs=Path("/sys"))) as live:
        await live.until(is_live)
        yield live


@pytest.fixture(autouse=True)
def no_links_before_and_after() -> Iterator[None]:
    remove_links()
    yield
    remove_links()


def remove_links() -> None:
    for one in Path("/sys/class/net").iterdir():
        if (one / "ifindex").exists() and one.name != "lo":
            subprocess.run(["ip", "link", "del", one.name], check=False, capture_output=True)


def member(state: HostState, name: str) -> Link:
    link = the(state, name)
    assert link.member is not None
    return link


async def test_an_active_backup_bond_and_its_members(host: LiveHost) -> None:
    ip(
        "link add bond0 type bond mode active-backup miimon 100",
        "link add ens32 type veth peer name far32",
        "link add ens36 type veth peer name far36",
        "link set far32 up",
        "link set far36 up",
        "link set ens32 master bond0",
        "link set ens36 master bond0",
        "link set bond0 type bond primary ens32",
        "link set bond0 up",
    )
    state = await host.until(
        lambda now: (
            (bond := now.link_named("bond0"))
            and bond.bond
            and bond.bond.active_member == the(now, "ens32").index
            and bond.has_carrier
        )
    )
    bond = the(state, "bond0")
    assert (bond.kind, bond.driver) == ("bond", "bond")
    assert bond.bond is not None
    assert (bond.bond.mode, bond.bond.miimon_ms) == ("active-backup", 100)
    assert bond.bond.primary == the(state, "ens32").index
    await host.until(lambda now: states(now) == {"ens32": "active", "ens36": "backup"})
    first = member(host.state, "ens32").member
    assert first is not None
    assert first.permanent_mac
    assert first.mii_status == "up"

    ip("link set far32 down")
    state = await host.until(lambda now: states(now)["ens36"] == "active")
    state = await host.until(lambda now: failures(now) == {"ens32": 1, "ens36": 0})
    await host.until(lambda now: the(now, "ens32").member.mii_status == "down")  # type: ignore[union-attr]
    assert state.topology.slaves[bond.index] == (
        the(state, "ens32").index,
        the(state, "ens36").index,
    )


def states(state: HostState) -> dict[str, str]:
    return {
        link.name: link.member.state for link in state.links.values() if link.member is not None
    }


def failures(state: HostState) -> dict[str, int]:
    return {
        link.name: link.member.link_failures
        for link in state.links.values()
        if link.member is not None
    }


async def test_members_of_an_lacp_bond_have_an_aggregator(host: LiveHost) -> None:
    ip(
        "link add bond1 type bond mode 802.3ad",
        "link add ens32 type veth peer name far32",
        "link set ens32 master bond1",
        "link set bond1 up",
        "link set far32 up",
    )
    state = await host.until(
        lambda now: (
            (one := now.link_named("ens32")) and one.member and one.member.aggregator_id is not None
        )
    )
    settings = the(state, "bond1").bond
    assert settings is not None
    assert settings.mode == "802.3ad"


async def test_a_vlan_stands_on_its_link(host: LiveHost) -> None:
    ip(
        "link add ens32 type veth peer name far32",
        "link add link ens32 name ens32.100 type vlan id 100",
    )
    state = await host.until(lambda now: now.link_named("ens32.100"))
    vlan, lower = the(state, "ens32.100"), the(state, "ens32")
    assert (vlan.kind, vlan.vlan_id, vlan.lower) == ("vlan", 100, lower.index)
    assert state.topology.uppers[lower.index] == (vlan.index,)


def vids(link: Link) -> list[int]:
    return [vlan.vid for vlan in link.port.vlans] if link.port else []


async def test_vlans_of_a_filtering_bridges_ports(host: LiveHost) -> None:
    ip(
        "link add br0 type bridge vlan_filtering 1",
        "link add vnet0 type veth peer name far0",
        "link set vnet0 master br0",
    )
    await host.until(lambda now: (port := now.link_named("vnet0")) and vids(port) == [1])
    bridge("vlan add dev vnet0 vid 10-12", "vlan add dev vnet0 vid 100 pvid untagged")
    state = await host.until(lambda now: vids(the(now, "vnet0")) == [1, 10, 11, 12, 100])
    port = the(state, "vnet0").port
    assert port is not None
    assert PortVlan(100, pvid=True, untagged=True) in port.vlans
    assert the(state, "br0").bridge.vlan_filtering  # type: ignore[union-attr]
    # A change of the link itself takes nothing away from the port.
    ip("link set vnet0 mtu 1400 up")
    state = await host.until(lambda now: the(now, "vnet0").mtu == 1400)
    assert vids(the(state, "vnet0")) == [1, 10, 11, 12, 100]
    fresh = (await fresh_reading()).links[the(state, "vnet0").index]
    assert vids(fresh) == [1, 10, 11, 12, 100]
    bridge("vlan del dev vnet0 vid 1-100")
    await host.until(lambda now: vids(the(now, "vnet0")) == [])


async def test_vlans_show_when_filtering_is_switched_on(host: LiveHost) -> None:
    ip(
        "link add br0 up type bridge",
        "link add vnet0 type veth peer name far0",
        "link set vnet0 master br0",
    )
    await host.until(lambda now: (port := now.link_named("vnet0")) and port.port)
    ip("link set br0 type bridge vlan_filtering 1")
    await host.until(lambda now: vids(the(now, "vnet0")) == [1])
    assert not [entry for entry in host.state.timeline if entry.kind.value == "source-resynced"]


async def test_a_spanning_tree_moves_through_its_states_with_its_root(host: LiveHost) -> None:
    ip(
        "link add br0 up type bridge stp_state 1 forward_delay 200 priority 1000",
        "link add br1 up type bridge stp_state 1 forward_delay 200 priority 2000",
        "link add vnet0 type veth peer name vnet1",
        "link set vnet0 master br0 up",
        "link set vnet1 master br1 up",
    )
    await host.until(lambda now: now.link_named("vnet1") and port_state(now) == "forwarding", 20)
    seen = [port_state(picture) for picture in host.pictures if picture.link_named("vnet1")]
    assert list(dict.fromkeys(filter(None, seen)))[-3:] == ["listening", "learning", "forwarding"]
    state = await host.until(
        lambda now: (one := the(now, "br1").bridge) is not None and one.root_port == 1
    )
    below, root = the(state, "br1").bridge, the(state, "br0").bridge
    assert below is not None
    assert root is not None
    assert below.root_id == root.bridge_id != below.bridge_id
    assert below.root_path_cost > 0


def port_state(state: HostState) -> str:
    port = the(state, "vnet1").port
    return port.state if port else ""
