"""Reaching a NIC: the frames, the reasons, and the wire in a namespace."""

import sys
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from kvmnet_tui.model.links import Address, Link, PortSettings
from kvmnet_tui.model.state import HostState
from kvmnet_tui.model.virt import Guest, Nic
from kvmnet_tui.reach.frames import (
    Ends,
    address_answer,
    address_request,
    checksum,
    echo_request,
    is_echo_reply,
)
from kvmnet_tui.reach.probe import Answers, Reach, probe
from kvmnet_tui.reach.reasons import Why, address_to_try, reasons, way_to
from tests.support.labs import requires_lab, which
from tests.support.namespaces import Namespace, network_namespace
from tests.support.pictures import (
    BOND0,
    CENTOS,
    CENTOS_2,
    ERP,
    VIRBR0,
    VNET0,
    course_guests,
    course_host,
    course_networks,
    link,
    picture,
)
from tests.support.surroundings import surroundings


@pytest.fixture(autouse=True)
def fixed_surroundings() -> Iterator[None]:
    with surroundings():
        yield


# Frames.

V4 = Ends("02:00:00:00:00:01", "192.168.122.1", "192.168.122.51", "52:54:00:aa:00:01")
V6 = Ends("02:00:00:00:00:01", "fd00::1", "fd00::51", "52:54:00:aa:00:01")


def other_way(ends: Ends) -> Ends:
    """The conversation as the other end has it."""
    return Ends(ends.mac, ends.ip, ends.own_ip, ends.own_mac)


def test_an_arp_request_asks_everybody_for_the_address() -> None:
    frame = address_request(replace(V4, mac="ff:ff:ff:ff:ff:ff"))
    assert frame.hex() == (
        "ffffffffffff02000000000108060001080006040001020000000001c0a87a01000000000000c0a87a33"
    )


def test_an_arp_reply_is_told_from_all_other_frames() -> None:
    reply = bytearray(address_request(other_way(V4)))
    reply[21] = 2
    assert address_answer(bytes(reply), V4) == V4.mac
    assert address_answer(bytes(reply), replace(V4, ip="192.168.122.52")) == ""
    assert address_answer(address_request(V4), V4) == ""
    assert address_answer(bytes(reply[:20]), V4) == ""
    assert address_answer(echo_request(V4, 1, 1), V4) == ""


@pytest.mark.parametrize("ends", [V4, V6], ids=["IPv4", "IPv6"])
def test_a_reply_to_a_ping_is_told_by_who_sent_it_and_its_numbers(ends: Ends) -> None:
    reply = bytearray(echo_request(other_way(ends), 77, 3))
    at = 34 if ends is V4 else 54
    reply[at] = 0 if ends is V4 else 129
    frame = bytes(reply)
    assert is_echo_reply(frame, ends, 77, 3)
    assert not is_echo_reply(frame, ends, 77, 4)
    assert not is_echo_reply(frame, ends, 78, 3)
    assert not is_echo_reply(frame, replace(ends, ip=ends.own_ip), 77, 3)
    assert not is_echo_reply(echo_request(other_way(ends), 77, 3), ends, 77, 3)
    assert not is_echo_reply(frame[:30], ends, 77, 3)


def test_checksums_are_those_of_rfc_1071() -> None:
    assert checksum(bytes.fromhex("0001f203f4f5f6f7")) == 0x220D
    frame = echo_request(V4, 77, 3)
    assert checksum(frame[14:34]) == 0  # a header with its checksum sums up to nothing
    assert checksum(frame[34:]) == 0


def test_a_neighbour_solicitation_goes_to_the_group_of_the_address() -> None:
    frame = address_request(V6)
    assert frame[:6].hex(":") == "33:33:ff:00:00:51"
    assert frame[54] == 135
    assert frame[62:78].hex() == "fd000000000000000000000000000051"


def test_loss_and_round_trips_are_counted() -> None:
    answers = Answers(4, (1.0, 3.0, 2.0))
    assert (answers.received, answers.loss, answers.spread) == (3, 25.0, (1.0, 2.0, 3.0))
    assert Answers(2).loss == 100.0
    assert Answers().loss == 0.0


# Reasons.


def why(
    state: HostState, guest: Guest, position: int = 0, policies: tuple[str, ...] = ()
) -> list[Why]:
    nic = guest.nics[position]
    address = address_to_try(state, nic)
    return [one.why for one in reasons(state, guest, nic, address, policies)]


def test_a_nic_that_is_as_it_should_be_gives_no_reason() -> None:
    state = course_host()
    assert why(state, state.guests[CENTOS]) == []
    way = way_to(state, state.guests[CENTOS].nics[0], "192.168.122.51")
    assert way is not None
    assert (way.link.name, way.own_address) == ("virbr0", "192.168.122.1")


def test_what_leaves_nothing_to_try_is_said() -> None:
    state = course_host()
    assert why(state, state.guests[CENTOS_2], 1) == [Why.UNPLUGGED]
    assert why(state, state.guests[ERP]) == [Why.SHUT_OFF]
    running = replace(state.guests[ERP], id=9, state="running")
    assert why(state, running) == [Why.MACVTAP]
    for kind, expected in (
        ("user", Why.USER),
        ("hostdev", Why.OWN_DEVICE),
        ("network", Why.NO_TAP),
    ):
        nic = Nic("52:54:00:00:00:09", kind, "default", device="")
        assert why(state, replace(running, nics=(nic,))) == [expected]
    coming = replace(state.guests[CENTOS], nics=(), stored_nics=state.guests[CENTOS].nics)
    nic = coming.coming_nics[0]
    assert [one.why for one in reasons(state, coming, nic, "")] == [Why.NEXT_START]


def test_an_unknown_address_a_pulled_cable_and_a_paused_guest_are_said() -> None:
    state = course_host()
    guest = state.guests[CENTOS]
    bare = picture(state.links.values(), (), (replace(guest, agent_addresses={}),))
    assert why(bare, bare.guests[CENTOS]) == [Why.NO_ADDRESS]
    pulled = replace(guest, nics=(replace(guest.nics[0], link="down"),))
    assert why(state, pulled) == [Why.LINK_DOWN]
    assert why(state, replace(guest, state="paused")) == [Why.PAUSED]


def test_tap_bridge_and_port_are_looked_at() -> None:
    state = course_host()
    guest = state.guests[CENTOS]
    tap, bridge = state.links[VNET0], state.links[VIRBR0]

    def with_links(*changed: Link) -> HostState:
        links = {**state.links, **{one.index: one for one in changed}}
        return replace(state, links=links)

    assert why(with_links(replace(tap, flags=0)), guest) == [Why.TAP_DOWN]
    assert why(with_links(replace(bridge, flags=0)), guest) == [Why.BRIDGE_DOWN]
    listening = replace(tap, port=PortSettings("listening"))
    assert why(with_links(listening), guest) == [Why.NOT_FORWARDING]
    elsewhere = replace(bridge, addresses=(Address("10.0.0.1", 24),))
    assert why(with_links(elsewhere), guest) == [Why.NO_OWN_ADDRESS]


def test_mtus_that_differ_from_tap_to_uplink_are_named() -> None:
    state = course_host()
    guest = state.guests[CENTOS_2]
    links = {**state.links, BOND0: replace(state.links[BOND0], mtu=1400)}
    other = replace(state, links=links)
    (reason,) = reasons(other, guest, guest.nics[0], "192.168.200.140")
    assert reason.why is Why.MTU
    assert "vnet1 1500, virbr1 1500, bond0 1400" in reason.sentence


def test_a_policy_that_drops_what_bridges_pass_on_is_named() -> None:
    state = course_host()
    guest = state.guests[CENTOS]
    (reason,) = reasons(state, guest, guest.nics[0], "192.168.122.51", ("ip filter FORWARD",))
    assert reason.why is Why.FILTERED
    assert "ip filter FORWARD" in reason.sentence


def test_an_unbridged_tap_of_an_ethernet_nic_is_probed_itself() -> None:
    tap = link(70, "tap9", "tun", addresses=(Address("10.1.1.1", 24),))
    nic = Nic("52:54:00:00:00:09", "ethernet", "", device="tap9")
    guest = replace(course_guests()[0], nics=(nic,), agent_addresses={nic.mac: ("10.1.1.9/24",)})
    state = picture((tap,), course_networks(), (guest,))
    way = way_to(state, nic, "10.1.1.9")
    assert way is not None
    assert (way.link.name, way.own_address) == ("tap9", "10.1.1.1")
    assert why(state, guest) == []


# The wire: a bridge here, and a host with an address in another namespace.


@pytest.fixture(scope="module")
def wire() -> Iterator[tuple[Namespace, Namespace]]:
    with network_namespace("near") as near, network_namespace("far") as far:
        near.ip(
            "link add br0 address 02:00:00:00:0b:00 type bridge",
            "link set lo up",
            "link set br0 up",
            "address add 10.7.0.1/24 dev br0",
            "address add fd07::1/64 dev br0 nodad",
            f"link add tap0 type veth peer name eth0 netns {far.name}",
            "link set tap0 master br0 up",
        )
        far.ip(
            "link set eth0 address 52:54:00:07:00:02",
            "link set eth0 up",
            "address add 10.7.0.2/24 dev eth0",
            "address add fd07::2/64 dev eth0 nodad",
        )
        yield near, far


def probed(near: Namespace, ends: Ends, count: int = 2) -> Reach:
    """Probe within the namespace, whose network a new thread gets from this one."""
    found: list[Reach] = []
    with near.entered():
        thread = threading.Thread(target=lambda: found.append(probe("br0", ends, count)))
        thread.start()
        thread.join(timeout=60)
    return found[0]


@requires_lab("namespaces")
@pytest.mark.parametrize(("own", "other"), [("10.7.0.1", "10.7.0.2"), ("fd07::1", "fd07::2")])
def test_who_is_there_is_resolved_and_pinged_through_the_bridge(
    wire: tuple[Namespace, Namespace], own: str, other: str
) -> None:
    found = probed(wire[0], Ends("02:00:00:00:0b:00", own, other))
    assert found.resolved.mac == "52:54:00:07:00:02"
    assert found.resolved.received == 2
    assert found.echo is not None
    assert found.echo.received == 2
    assert 0 < found.echo.spread[0] < 1000


@requires_lab("namespaces")
def test_without_an_address_of_its_own_the_host_still_asks_by_arp(
    wire: tuple[Namespace, Namespace],
) -> None:
    found = probed(wire[0], Ends("02:00:00:00:0b:00", "", "10.7.0.2"), 1)
    assert found.resolved.received == 1
    assert found.echo is None


@requires_lab("namespaces")
def test_who_is_not_there_is_lost_whole(wire: tuple[Namespace, Namespace]) -> None:
    found = probed(wire[0], Ends("02:00:00:00:0b:00", "10.7.0.1", "10.7.0.99"), 1)
    assert found.resolved.loss == 100.0
    assert found.echo is None


POLICIES = "from kvmnet_tui.reach.firewall import dropping_policies; print(dropping_policies())"


def policies(namespace: Namespace) -> str:
    return namespace.run(sys.executable, "-c", POLICIES).strip()


@requires_lab("namespaces")
def test_policies_that_drop_bridged_frames_are_found_where_they_are() -> None:
    with network_namespace("policies") as host:
        host.ip("link add br0 type bridge")
        assert policies(host) == "()"
        host.run("nft", "add table bridge own")
        drop = "{ type filter hook forward priority 0; policy drop; }"
        host.run("nft", f"add chain bridge own fw {drop}")
        accept = "{ type filter hook forward priority 0; policy accept; }"
        host.run("nft", f"add chain bridge own open {accept}")
        host.run("nft", "add table ip filter")
        host.run("nft", f"add chain ip filter FORWARD {drop}")
        call = "/proc/sys/net/bridge/bridge-nf-call-iptables"
        if host.run("sh", "-c", f"test -e {call} && echo there", check=False):
            host.run("sh", "-c", f"echo 1 > {call}")
            assert policies(host) == "('bridge own fw', 'ip filter FORWARD')"
            host.run("sh", "-c", f"echo 0 > {call}")
        assert policies(host) == "('bridge own fw',)"


@requires_lab("namespaces")
@pytest.mark.skipif(which("iptables-legacy") is None, reason="iptables-legacy is not installed")
def test_old_iptables_policies_are_found_too() -> None:
    with network_namespace("legacy") as host:
        host.ip("link add br0 type bridge")
        host.run("iptables-legacy", "-P", "FORWARD", "DROP", check=False)
        told = host.run("iptables-legacy", "-S", "FORWARD", check=False)
        if "-P FORWARD DROP" not in told:
            pytest.skip("this kernel has no tables of old iptables")
        call = "/proc/sys/net/bridge/bridge-nf-call-iptables"
        host.run("sh", "-c", f"echo 1 > {call}")
        assert policies(host) == "('iptables filter FORWARD',)"
        host.run("iptables-legacy", "-P", "FORWARD", "ACCEPT")
        assert policies(host) == "()"
