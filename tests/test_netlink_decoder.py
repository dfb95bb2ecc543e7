"""The decoder against any bytes, against broken real messages, and against pyroute2's."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyroute2.netlink.rtnl.marshal import MarshalRtnl

from kvmnet_tui.model.links import Link
from kvmnet_tui.sources.netlink import constants as c
from kvmnet_tui.sources.netlink.links import IFINFO
from kvmnet_tui.sources.netlink.records import (
    decode_address,
    decode_counters,
    decode_forwarding,
    decode_neighbour,
    stats_place,
)
from kvmnet_tui.sources.netlink.roles import decode_port
from kvmnet_tui.sources.netlink.table import KernelTable
from kvmnet_tui.sources.netlink.transport import dump
from kvmnet_tui.sources.netlink.wire import (
    HEADER,
    PLACE,
    RAW,
    MalformedError,
    Table,
    attribute,
    request,
)
from tests.support.kernel import fresh_reading
from tests.support.labs import requires_lab
from tests.support.namespaces import Namespace, network_namespace

KINDS = (
    c.RTM_NEWLINK,
    c.RTM_DELLINK,
    c.RTM_NEWADDR,
    c.RTM_DELADDR,
    c.RTM_NEWNEIGH,
    c.RTM_DELNEIGH,
    c.RTM_NEWSTATS,
)
WANTED = {1: "B", 2: "H", 3: "I", 4: RAW, 5: PLACE, 6: "4xI"}
SIZES = {1: 1, 2: 2, 3: 4, 4: 0, 5: 0, 6: 8}

blocks = st.lists(
    st.tuples(st.integers(1, 9), st.binary(max_size=12)), max_size=8, unique_by=lambda pair: pair[0]
)


def link_message(kind: int, family: int, index: int, attributes_: bytes) -> bytes:
    body = IFINFO.pack(family, 1, index, 1, 0) + attributes_
    return HEADER.pack(HEADER.size + len(body), kind, 0, 0, 0) + body


@given(st.lists(blocks, min_size=1, max_size=6))
def test_what_a_remembered_layout_finds_is_what_walking_finds(
    several: list[list[tuple[int, bytes]]],
) -> None:
    table = Table(WANTED)
    for pairs in several:
        data = b"".join(attribute(kind, value) for kind, value in pairs)
        values = {kind: value for kind, value in pairs if kind in WANTED}
        if any(len(value) < SIZES[kind] for kind, value in values.items()):
            with pytest.raises(MalformedError):
                table.read(data, 0, len(data))
            continue
        found = table.read(data, 0, len(data))
        assert found.keys() == values.keys()
        for kind, value in values.items():
            if kind == 5:
                start, end = found[kind]
                assert data[start:end] == value
            elif kind == 4:
                assert found[kind] == value
            else:
                skip = 4 if kind == 6 else 0
                size = SIZES[kind] - skip
                number = int.from_bytes(value[skip : skip + size], "little")
                assert found[kind] == number


def feed(data: bytes) -> KernelTable:
    """Everything the source does with bytes; the table it leaves."""
    table = KernelTable()
    table.links[1] = Link(1, "a", "bridge", 0)
    table.keep(data)
    table.apply()
    for kind in KINDS:
        table.load(kind, data, 0, len(data))
    table.load_port(data, 0, len(data))
    for decode in (decode_address, decode_neighbour, decode_forwarding):
        try:
            decode(data, 0, len(data))
        except MalformedError:
            continue
    for of_link in (False, True):
        try:
            _, place = stats_place(data, 0, len(data), of_link=of_link)
        except MalformedError:
            continue
        if place:
            decode_counters(data[place : place + 80])
    return table


@given(st.binary(max_size=200), st.sampled_from(KINDS), st.integers(0, 12), st.booleans())
def test_any_bytes_are_a_result_or_a_counted_error(
    body: bytes, kind: int, family: int, framed: bool
) -> None:
    if framed:
        body = bytes([family]) + body
        body = HEADER.pack(HEADER.size + len(body), kind, 0, 0, 0) + body
    feed(body)


@cache
def real_messages() -> tuple[bytes, ...]:
    """What this kernel says of a host with every kind of link, one message each."""

    async def read() -> list[bytes]:
        found = []
        for kind, family, size in (
            (c.RTM_GETLINK, c.AF_UNSPEC, 16),
            (c.RTM_GETLINK, c.AF_BRIDGE, 16),
            (c.RTM_GETADDR, c.AF_UNSPEC, 8),
            (c.RTM_GETNEIGH, c.AF_UNSPEC, 12),
            (c.RTM_GETNEIGH, c.AF_BRIDGE, 12),
        ):
            async for chunk in dump(request(kind, bytes([family]).ljust(size, b"\0"))):
                found += [bytes(chunk.data[start:end]) for _, start, end in chunk.messages]
        return found

    with network_namespace() as namespace:
        furnish(namespace)
        with namespace.entered(), closing(asyncio.new_event_loop()) as loop:
            return tuple(loop.run_until_complete(read()))


def furnish(namespace: Namespace) -> None:
    namespace.ip(
        "link set lo up",
        "link add br0 type bridge stp_state 1 forward_delay 400 ageing_time 1234",
        "link add br1 address 52:54:00:79:e3:41 type bridge mcast_snooping 0",
        "link add ens32 type veth peer name far32",
        "link add ens36 type veth peer name far36",
        "tuntap add vnet0 mode tap",
        "tuntap add tun9 mode tun",
        "link set ens36 master br0",
        "link set vnet0 master br1",
        "link set dev vnet0 type bridge_slave cost 7 priority 5 hairpin on guard on learning off "
        "flood off isolated on",
        "link add link ens32 name macvtap0 type macvtap mode bridge",
        "link add link ens32 name macvlan0 type macvlan",
        "link add vx0 type vxlan id 7 dstport 4789 local 127.0.0.1",
        "link property add dev ens32 altname enp2s0 altname eno1",
        "link set ens32 alias 'the uplink' mtu 1400 txqueuelen 50",
        "address add 10.0.0.2/24 dev ens32",
        "address add 10.0.0.3/24 dev ens32",
        "address add 2001:db8::1/64 dev ens32 nodad",
        "address add 192.0.2.1 peer 192.0.2.2/32 dev br0",
        "link set ens32 up",
        "link set far32 up",
        "link set ens36 up",
        "link set far36 up",
        "link set br0 up",
        "neighbour add 10.0.0.9 lladdr 52:54:00:00:00:09 dev ens32 nud stale",
    )


@requires_lab("namespaces")
@given(st.data())
def test_real_messages_with_bytes_changed_or_missing_never_crash(data: st.DataObject) -> None:
    message = bytearray(data.draw(st.sampled_from(real_messages()), label="message"))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(message) - 1))
        message[place] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del message[data.draw(st.integers(0, len(message) - 1)) :]
    feed(bytes(message))


def test_a_bad_message_is_counted_and_the_rest_is_read() -> None:
    good = link_message(
        c.RTM_NEWLINK,
        c.AF_UNSPEC,
        7,
        attribute(c.IFLA_IFNAME, b"ens36\0")
        + attribute(c.IFLA_MTU, (1500).to_bytes(4, "little"))
        + attribute(23, bytes(400)),
    )
    bad = link_message(c.RTM_NEWLINK, c.AF_UNSPEC, 8, attribute(c.IFLA_MTU, b"\1") + bytes(400))
    table = KernelTable()
    table.keep(bad + good)
    table.apply()
    assert table.bad_messages == 1
    assert {link.name for link in table.links.values()} == {"ens36"}


def test_an_event_of_wireless_extensions_changes_nothing() -> None:
    table = KernelTable()
    table.links[7] = before = Link(7, "wlan0", "wifi", 1, mtu=1500)
    short = attribute(c.IFLA_IFNAME, b"wlan0\0") + attribute(11, bytes(24))
    table.keep(link_message(c.RTM_NEWLINK, c.AF_UNSPEC, 7, short))
    assert not table.apply().links
    assert table.links[7] is before


def test_a_ports_vlans_are_told_one_by_one_with_ranges_opened() -> None:
    def vlan(flags: int, vid: int) -> bytes:
        return attribute(
            c.IFLA_BRIDGE_VLAN_INFO, flags.to_bytes(2, "little") + vid.to_bytes(2, "little")
        )

    spec = vlan(0x6, 1) + vlan(0x8, 10) + vlan(0x10, 12) + vlan(0, 100)
    protinfo = attribute(c.IFLA_BRPORT_STATE, b"\3")
    data = attribute(c.IFLA_PROTINFO, protinfo) + attribute(c.IFLA_AF_SPEC, spec)
    port = decode_port(data, 0, len(data), Link(5, "vnet0", "tun", 0, master=2)).port
    assert port is not None
    assert port.state == "forwarding"
    assert [vlan.vid for vlan in port.vlans] == [1, 10, 11, 12, 100]
    assert [vlan.vid for vlan in port.vlans if vlan.pvid and vlan.untagged] == [1]


# The oracle.


@pytest.fixture(scope="module")
def furnished() -> Iterator[Namespace]:
    with network_namespace() as namespace:
        furnish(namespace)
        yield namespace


def oracle(kind: int, family: int = 0) -> list[Any]:
    """A dump read and decoded by pyroute2's own decoder, over a plain blocking socket."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as link:
        link.send(request(kind, bytes([family]).ljust(16, b"\0")))
        found: list[Any] = []
        while True:
            parsed = list(MarshalRtnl().parse(link.recv(1 << 16)))
            found += [one for one in parsed if one["header"]["type"] > c.NLMSG_DONE]
            if any(one["header"]["type"] == c.NLMSG_DONE for one in parsed):
                return found


@requires_lab("namespaces")
async def test_links_are_what_pyroute2_says_they_are(furnished: Namespace) -> None:
    with furnished.entered():
        links = (await fresh_reading()).links
        theirs = oracle(c.RTM_GETLINK)
    assert len(theirs) == len(links) == 12
    for message in theirs:
        compare(links[message["index"]], message)


def compare(link: Link, theirs: Any) -> None:
    def attr(*path: str) -> Any:
        return theirs.get_nested(*path) if len(path) > 1 else theirs.get_attr(path[0])

    assert link.name == attr("IFLA_IFNAME")
    assert link.flags == theirs["flags"]
    assert link.mtu == attr("IFLA_MTU")
    assert link.mac == (attr("IFLA_ADDRESS") or "")
    assert link.operstate == str(attr("IFLA_OPERSTATE")).lower()
    assert link.master == (attr("IFLA_MASTER") or 0)
    assert link.lower == (attr("IFLA_LINK") or 0)
    assert link.queue_length == attr("IFLA_TXQLEN")
    assert link.alias == (attr("IFLA_IFALIAS") or "")
    assert link.carrier_changes == attr("IFLA_CARRIER_CHANGES")
    assert link.permanent_mac == (attr("IFLA_PERM_ADDRESS") or "")
    assert link.kind == (attr("IFLA_LINKINFO", "IFLA_INFO_KIND") or "loopback")
    properties = attr("IFLA_PROP_LIST")
    names = properties.get_attrs("IFLA_ALT_IFNAME") if properties else []
    assert link.altnames == tuple(names)
    compare_port(link, attr("IFLA_LINKINFO", "IFLA_INFO_SLAVE_DATA"))
    if link.kind == "bridge":
        compare_bridge(link, attr("IFLA_LINKINFO", "IFLA_INFO_DATA"))


def compare_bridge(link: Link, theirs: Any) -> None:
    ours = link.bridge
    assert ours is not None

    def attr(name: str) -> Any:
        return theirs.get_attr(f"IFLA_BR_{name}")

    identity = attr("BRIDGE_ID")
    assert ours.bridge_id.partition(".")[2] == identity["addr"].replace(":", "")
    assert ours.stp == bool(attr("STP_STATE"))
    assert ours.forward_delay * 100 == attr("FORWARD_DELAY")
    assert ours.hello_time * 100 == attr("HELLO_TIME")
    assert ours.max_age * 100 == attr("MAX_AGE")
    assert ours.ageing_time * 100 == attr("AGEING_TIME")
    assert ours.root_port == attr("ROOT_PORT")
    assert ours.root_path_cost == attr("ROOT_PATH_COST")
    assert ours.multicast_snooping == bool(attr("MCAST_SNOOPING"))
    assert ours.vlan_filtering == bool(attr("VLAN_FILTERING"))
    assert ours.vlan_default_pvid == (attr("VLAN_DEFAULT_PVID") or 0)


def compare_port(link: Link, theirs: Any) -> None:
    assert (link.port is None) == (theirs is None)
    if link.port is None:
        return
    states = ["disabled", "listening", "learning", "forwarding", "blocking"]

    def attr(name: str) -> Any:
        return theirs.get_attr(f"IFLA_BRPORT_{name}")

    ours = link.port
    assert ours.state == states[attr("STATE")]
    assert ours.cost == attr("COST")
    assert ours.priority == attr("PRIORITY")
    assert ours.number == attr("NO")
    assert ours.hairpin == bool(attr("MODE"))
    assert ours.guard == bool(attr("GUARD"))
    assert ours.learning == bool(attr("LEARNING"))
    assert ours.flood == bool(attr("UNICAST_FLOOD"))
    assert ours.isolated == bool(attr("ISOLATED"))


@requires_lab("namespaces")
async def test_addresses_are_what_pyroute2_says_they_are(furnished: Namespace) -> None:
    with furnished.entered():
        links = (await fresh_reading()).links
        theirs = oracle(c.RTM_GETADDR)
    expected = {
        (one["index"], one.get_attr("IFA_LOCAL") or one.get_attr("IFA_ADDRESS"), one["prefixlen"])
        for one in theirs
    }
    assert expected == {
        (link.index, address.ip, address.prefix)
        for link in links.values()
        for address in link.addresses
    }
    assert expected
