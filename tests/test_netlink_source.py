"""NetlinkSource in namespaces: what `ip` does shows up, joined and named as the kernel has it."""

from collections.abc import AsyncIterator, Iterator

import pytest

from kvmnet_tui.model.interest import Interest
from kvmnet_tui.model.links import Address
from kvmnet_tui.model.state import HostState
from kvmnet_tui.model.timeline import Kind
from tests.support.kernel import fresh_reading, live_kernel, the
from tests.support.labs import requires_lab
from tests.support.live import LiveHost
from tests.support.namespaces import Namespace, network_namespace

pytestmark = requires_lab("namespaces")


@pytest.fixture
def namespace() -> Iterator[Namespace]:
    with network_namespace() as made:
        yield made


@pytest.fixture
async def host(namespace: Namespace) -> AsyncIterator[LiveHost]:
    async with live_kernel(namespace) as live:
        yield live


def kinds(state: HostState, subject: str) -> list[Kind]:
    return [entry.kind for entry in state.timeline if entry.subject == subject]


async def test_the_first_picture_holds_what_was_there_before(namespace: Namespace) -> None:
    namespace.ip(
        "link add virbr0 address 52:54:00:79:e3:41 type bridge stp_state 1 forward_delay 200",
        "address add 192.168.122.1/24 dev virbr0",
        "tuntap add vnet0 mode tap",
        "link set vnet0 master virbr0",
        "link set virbr0 up",
    )
    async with live_kernel(namespace) as host:
        bridge, tap = the(host.state, "virbr0"), the(host.state, "vnet0")
        assert bridge.bridge is not None
        assert bridge.bridge.bridge_id in namespace.run("brctl", "show")
        assert bridge.bridge.bridge_id == "8000.52540079e341"
        assert (bridge.bridge.stp, bridge.bridge.forward_delay) == (True, 2.0)
        assert bridge.addresses == (Address("192.168.122.1", 24),)
        assert (tap.kind, tap.driver, tap.master) == ("tun", "tun", bridge.index)
        assert tap.port is not None
        assert tap.port.state == "disabled"
        assert host.state.topology.slaves[bridge.index] == (tap.index,)
        assert host.state.counters.keys() == host.state.links.keys()
        assert host.state.timeline == (), "what was there before did not happen now"


async def test_a_tap_plugged_into_a_bridge_is_its_port_until_it_goes(
    namespace: Namespace, host: LiveHost
) -> None:
    namespace.ip("link add virbr0 type bridge", "tuntap add vnet0 mode tap")
    await host.until(lambda now: now.link_named("vnet0"))
    namespace.ip("link set vnet0 master virbr0")
    state = await host.until(lambda now: (tap := now.link_named("vnet0")) and tap.port)
    assert the(state, "vnet0").master == the(state, "virbr0").index

    namespace.ip("link set vnet0 nomaster")
    state = await host.until(lambda now: the(now, "vnet0").master == 0)
    assert the(state, "vnet0").port is None, "it left the bridge and lives on"

    namespace.ip("link del vnet0")
    state = await host.until(lambda now: now.link_named("vnet0") is None)
    expected = [Kind.PORT_JOINED, Kind.PORT_LEFT, Kind.LINK_REMOVED]
    assert [kind for kind in kinds(state, "vnet0") if kind in expected] == expected


async def test_a_port_left_by_its_bridge_is_not_removed(
    namespace: Namespace, host: LiveHost
) -> None:
    namespace.ip("link add br0 type bridge", "tuntap add vnet0 mode tap")
    namespace.ip("link set vnet0 master br0")
    await host.until(lambda now: (tap := now.link_named("vnet0")) and tap.port)
    namespace.ip("link del br0")
    state = await host.until(lambda now: now.link_named("br0") is None)
    state = await host.until(lambda now: the(now, "vnet0").master == 0)
    assert the(state, "vnet0").port is None
    assert Kind.LINK_REMOVED not in kinds(state, "vnet0")


async def test_a_renamed_link_keeps_its_index_and_is_found_by_its_new_name(
    namespace: Namespace, host: LiveHost
) -> None:
    namespace.ip("link add ens36 type veth peer name far")
    index = the(await host.until(lambda now: now.link_named("ens36")), "ens36").index
    namespace.ip("link set ens36 name ens37")
    state = await host.until(lambda now: now.link_named("ens37"))
    assert the(state, "ens37").index == index
    assert state.link_named("ens36") is None
    renamed = [entry for entry in state.timeline if entry.kind is Kind.LINK_RENAMED]
    assert [(entry.before, entry.after) for entry in renamed] == [("ens36", "ens37")]


async def test_addresses_come_and_go_with_their_prefix_and_scope(
    namespace: Namespace, host: LiveHost
) -> None:
    namespace.ip("link add ens36 type veth peer name far")
    namespace.ip(
        "address add 10.0.0.2/24 dev ens36",
        "address add 10.0.0.3/24 dev ens36",
        "address add 10.9.9.9/32 dev ens36 scope link",
        "address add 192.0.2.1 peer 192.0.2.2/32 dev ens36",
        "address add 2001:db8::5/64 dev ens36 nodad valid_lft 100 preferred_lft 50",
    )
    await host.until(lambda now: (one := now.link_named("ens36")) and len(one.addresses) == 5)
    addresses = the(host.state, "ens36").addresses
    assert {address.cidr for address in addresses} == {
        "10.0.0.2/24",
        "10.0.0.3/24",
        "10.9.9.9/32",
        "192.0.2.1/32",
        "2001:db8::5/64",
    }
    by_ip = {address.ip: address for address in addresses}
    assert by_ip["10.9.9.9"].scope == "link"
    assert by_ip["2001:db8::5"].dynamic
    assert not by_ip["10.0.0.2"].dynamic
    assert list(the(host.state, "ens36").addresses) == list(await fresh_addresses("ens36"))

    namespace.ip("address del 10.0.0.2/24 dev ens36")
    await host.until(lambda now: "10.0.0.2" not in ips(now, "ens36"))
    assert the(host.state, "ens36").addresses == await fresh_addresses("ens36")


def ips(state: HostState, name: str) -> set[str]:
    return {address.ip for address in the(state, name).addresses}


async def fresh_addresses(name: str) -> tuple[Address, ...]:
    table = await fresh_reading()
    return next(link.addresses for link in table.links.values() if link.name == name)


async def test_a_cable_that_is_pulled_is_seen_at_the_far_end(
    namespace: Namespace, host: LiveHost
) -> None:
    namespace.ip("link add ens36 type veth peer name far", "link set ens36 up", "link set far up")
    await host.until(lambda now: (one := now.link_named("ens36")) and one.operstate == "up")
    namespace.ip("link set far down")
    state = await host.until(lambda now: not the(now, "ens36").has_carrier)
    assert the(state, "ens36").is_up
    await host.until(lambda now: the(now, "ens36").operstate == "lowerlayerdown")
    assert Kind.CARRIER_LOST in kinds(host.state, "ens36")


async def test_an_index_used_again_is_another_link(namespace: Namespace, host: LiveHost) -> None:
    namespace.ip("link add old index 4000 type veth peer name old-far")
    namespace.ip("address add 10.0.0.2/24 dev old")
    await host.until(lambda now: (one := now.link_named("old")) and one.addresses)
    namespace.ip("link del old", "link add new index 4000 type bridge")
    state = await host.until(lambda now: now.link_named("new"))
    assert the(state, "new").index == 4000
    assert the(state, "new").addresses == ()
    assert Kind.LINK_REMOVED in kinds(state, "old")
    assert Kind.LINK_ADDED in kinds(state, "new")
    assert not [entry for entry in state.timeline if entry.kind is Kind.LINK_RENAMED]


@pytest.mark.parametrize("name", ["[red]", "网桥", "a]b[\\", "-v", "\U0001f600"])
async def test_names_are_shown_as_they_are(namespace: Namespace, host: LiveHost, name: str) -> None:
    namespace.run("ip", "link", "add", "name", name, "type", "bridge")
    state = await host.until(lambda now: now.link_named(name))
    namespace.run("ip", "link", "set", "dev", name, "up", "alias", f"{name} says hello")
    await host.until(lambda now: the(now, name).alias == f"{name} says hello")
    assert the(state, name).kind == "bridge"


async def test_a_name_that_is_no_utf8_is_replaced_not_fatal(
    namespace: Namespace, host: LiveHost
) -> None:
    namespace.run("sh", "-c", r"ip link add name $(printf 'a\377b') type bridge")
    await host.until(lambda now: now.link_named("a\ufffdb"))


async def test_macvtaps_and_alternative_names_are_known(
    namespace: Namespace, host: LiveHost
) -> None:
    namespace.ip(
        "link add ens36 type veth peer name far",
        "link add link ens36 name macvtap0 type macvtap mode bridge",
        "link property add dev ens36 altname enp2s4",
        "link set ens36 mtu 1400 txqueuelen 77",
    )
    state = await host.until(
        lambda now: (
            now.link_named("macvtap0")
            and (one := now.link_named("enp2s4"))
            and (one.mtu, one.queue_length) == (1400, 77)
        )
    )
    nic, upper = the(state, "ens36"), the(state, "macvtap0")
    assert nic.altnames == ("enp2s4",)
    assert (upper.kind, upper.lower, upper.lower_elsewhere) == ("macvtap", nic.index, False)
    assert state.topology.uppers == {nic.index: (upper.index,)}, "a veth's peer stands on nothing"


async def test_a_lower_link_in_another_namespace_is_not_looked_up_here(
    namespace: Namespace, host: LiveHost
) -> None:
    with network_namespace() as other:
        namespace.ip(f"link add ens36 type veth peer name far netns {other.name}")
        state = await host.until(lambda now: now.link_named("ens36"))
        assert the(state, "ens36").lower_elsewhere


async def test_what_the_kernel_tells_nobody_about_a_link_that_is_down_is_seen_by_who_looks(
    namespace: Namespace, host: LiveHost
) -> None:
    namespace.ip("link add br0 type bridge", "link add br1 type bridge")
    await host.until(lambda now: now.link_named("br1"))
    namespace.ip("link set br0 type bridge stp_state 1", "link set br0 alias silent")
    host.controller.look_at(Interest(counters=True))
    state = await host.until(lambda now: the(now, "br0").alias == "silent")
    bridge = the(state, "br0").bridge
    assert bridge is not None
    assert bridge.stp


async def test_neighbours_are_known_without_the_kernels_own_noise(
    namespace: Namespace, host: LiveHost
) -> None:
    namespace.ip("link add ens36 type veth peer name far", "link set ens36 up", "link set far up")
    namespace.ip(
        "neighbour add 192.0.2.7 lladdr 52:54:00:00:00:07 dev ens36 nud reachable",
        "neighbour add 2001:db8::7 lladdr 52:54:00:00:00:08 dev ens36 nud permanent",
    )
    state = await host.until(lambda now: len(now.neighbours) == 2)
    index = the(state, "ens36").index
    neighbour = state.neighbours[index, "192.0.2.7"]
    assert (neighbour.mac, neighbour.state) == ("52:54:00:00:00:07", "reachable")
    assert state.neighbours[index, "2001:db8::7"].state == "permanent"
    assert [one.address for one in state.address_book.addresses_of("52:54:00:00:00:07")] == [
        "192.0.2.7"
    ]
    namespace.ip("link del ens36")
    await host.until(lambda now: not now.neighbours)


async def test_counters_are_read_every_second_while_somebody_looks(
    namespace: Namespace, host: LiveHost
) -> None:
    namespace.ip("address add 127.0.0.1/8 dev lo", "link set lo up")
    await host.until(lambda now: the(now, "lo").addresses)
    lo = the(host.state, "lo").index
    read_at = host.state.rates[lo].read_at
    host.controller.look_at(Interest(counters=True))
    await host.until(lambda now: now.rates[lo].read_at > read_at)
    namespace.run("ping", "-c", "3", "-i", "0.01", "127.0.0.1")
    state = await host.until(lambda now: now.counters[lo].rx_packets >= 6)
    assert state.counters[lo].rx_bytes == state.counters[lo].tx_bytes >= 6 * 84
    assert state.rates[lo].rx_bytes > 0


async def test_a_bridges_mac_table_is_read_while_it_is_shown(
    namespace: Namespace, host: LiveHost
) -> None:
    namespace.ip(
        "link add br0 type bridge",
        "link add br1 type bridge",
        "link add vnet0 type veth peer name far",
        "link set vnet0 master br0 up",
        "link set far up",
        "link set br0 up",
    )
    await host.until(lambda now: (port := now.link_named("vnet0")) and port.port)
    assert not host.state.forwarding
    bridge, port = the(host.state, "br0"), the(host.state, "vnet0")
    host.controller.look_at(Interest(forwarding=frozenset({bridge.index})))
    state = await host.until(lambda now: now.forwarding.get(bridge.index))
    assert state.forwarding.keys() == {bridge.index}
    own = [
        one for one in state.forwarding[bridge.index] if one.port_index == port.index and one.local
    ]
    assert {(one.mac, one.age) for one in own} == {(port.mac, None)}

    # A line that the kernel announces is there before the next second's reading.
    namespace.run("bridge", "fdb", "add", "52:54:00:00:00:09", "dev", "vnet0", "master", "dynamic")
    state = await host.until(
        lambda now: any(one.mac == "52:54:00:00:00:09" for one in now.forwarding[bridge.index])
    )
    learned = next(one for one in state.forwarding[bridge.index] if one.mac.endswith(":09"))
    assert not learned.local
    assert learned.age is not None
    assert 0 <= learned.age < 5
    host.controller.look_at(Interest())
    await host.until(lambda now: not now.forwarding)


async def test_a_bridge_that_vanishes_while_shown_does_no_harm(
    namespace: Namespace, host: LiveHost
) -> None:
    namespace.ip("link add br0 type bridge", "link set br0 up")
    await host.until(lambda now: now.link_named("br0"))
    host.controller.look_at(Interest(forwarding=frozenset({the(host.state, "br0").index})))
    await host.until(lambda now: now.forwarding)
    namespace.ip("link del br0", "link add br1 type bridge")
    state = await host.until(lambda now: now.link_named("br1"))
    await host.until(lambda now: not any(now.forwarding.values()))
    assert not [entry for entry in state.timeline if entry.kind is Kind.SOURCE_LOST]


async def test_the_source_runs_again_after_it_was_stopped(namespace: Namespace) -> None:
    for name in ("br0", "br1"):
        namespace.ip(f"link add {name} type bridge")
        async with live_kernel(namespace) as host:
            assert host.state.link_named(name)
