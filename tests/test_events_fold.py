"""The fold: what each saying makes of the picture, and what it leaves alone."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kvmnet_tui.events import (
    TIMELINE_LIMIT,
    BondsRead,
    CountersRead,
    Event,
    ForwardingRead,
    GuestsRead,
    Happened,
    KernelChanged,
    LeasesRead,
    ManagersRead,
    NetworksRead,
    SourceChanged,
    fold,
)
from kvmnet_tui.model.joins import natural_key
from kvmnet_tui.model.links import (
    IFF_LOWER_UP,
    IFF_UP,
    Address,
    Counters,
    ForwardingEntry,
    Link,
    Manager,
    Neighbour,
    PortSettings,
)
from kvmnet_tui.model.state import HostState, Phase, Problem, SourceName, SourceStatus
from kvmnet_tui.model.timeline import Kind, Origin, TimelineEntry
from kvmnet_tui.model.virt import Lease
from tests.support.pictures import course_guests, course_host, course_networks, link

BR0 = link(2, "br0", "bridge")
TAP = link(3, "vnet0", "tun")
PORT = replace(TAP, master=2, port=PortSettings("forwarding"))


def folded(*events: Event, before: HostState | None = None) -> HostState:
    state = before or HostState()
    for event in events:
        state = fold(state, event)
    return state


def told(*links: Link, at: float = 1.0, gone: tuple[int, ...] = ()) -> KernelChanged:
    changes: dict[int, Link | None] = {one.index: one for one in links}
    return KernelChanged(at, changes | dict.fromkeys(gone))


def everything(*links: Link) -> KernelChanged:
    return KernelChanged(0.0, {one.index: one for one in links}, complete=True)


def happened(state: HostState) -> list[tuple[Kind, str]]:
    return [(entry.kind, entry.subject) for entry in state.timeline]


def test_the_first_complete_picture_is_no_happening() -> None:
    state = folded(everything(BR0, TAP))
    assert state.links == {2: BR0, 3: TAP}
    assert state.timeline == ()


def test_a_later_complete_picture_tells_what_came_and_went() -> None:
    state = folded(everything(BR0, TAP), everything(BR0, link(4, "vnet1", "tun")))
    assert happened(state) == [(Kind.LINK_REMOVED, "vnet0"), (Kind.LINK_ADDED, "vnet1")]


def test_records_that_did_not_change_keep_their_identity() -> None:
    before = folded(everything(BR0, TAP))
    same = fold(before, everything(replace(BR0), replace(TAP, mtu=9000)))
    assert same.links[2] is before.links[2]
    assert fold(before, told(replace(BR0))) is before


@pytest.mark.parametrize(
    "event",
    [
        SourceChanged(SourceName.KERNEL, course_host().source(SourceName.KERNEL)),
        NetworksRead({one.uuid: one for one in course_networks()}),
        GuestsRead({one.uuid: one for one in course_guests()}),
        BondsRead(1.0, dict(course_host().bonds)),
        ManagersRead(dict(course_host().managers)),
        ForwardingRead(dict(course_host().forwarding)),
        Happened(()),
        LeasesRead(1.0, "nowhere", ()),
        KernelChanged(1.0, {99: None}, {(99, "192.0.2.1"): None}),
    ],
    ids=lambda event: type(event).__name__,
)
def test_what_says_nothing_new_leaves_the_picture_as_it_is(event: Event) -> None:
    host = course_host()
    assert fold(host, event) is host


def test_joins_are_made_again_only_when_what_they_join_changed() -> None:
    before = folded(everything(BR0, TAP))
    flapped = fold(before, told(replace(TAP, flags=0, operstate="down")))
    assert flapped.topology is before.topology
    plugged = fold(flapped, told(PORT))
    assert plugged.topology.slaves == {2: (3,)}
    neighbour = Neighbour(2, "192.0.2.7", "52:54:00:00:00:07", "reachable")
    known = fold(plugged, KernelChanged(1.0, neighbours={(2, neighbour.ip): neighbour}))
    assert known.topology is plugged.topology
    assert known.address_book is not plugged.address_book


def test_what_belongs_to_a_link_goes_with_it() -> None:
    entry = ForwardingEntry(2, 3, "52:54:00:00:00:01", 0, False, 1.0)
    state = folded(
        everything(BR0, TAP),
        CountersRead(1.0, {2: Counters(), 3: Counters()}),
        ManagersRead({2: Manager("ifupdown"), 3: Manager("nobody")}),
        ForwardingRead({2: (entry,)}),
        told(gone=(2,)),
    )
    assert state.counters.keys() == state.rates.keys() == state.managers.keys() == {3}
    assert not state.forwarding


def test_counters_of_a_link_that_went_meanwhile_are_not_kept() -> None:
    state = folded(everything(BR0), CountersRead(1.0, {2: Counters(), 77: Counters()}))
    assert state.counters.keys() == {2}


def test_rates_are_what_came_in_between_by_the_seconds_in_between() -> None:
    state = folded(
        everything(TAP),
        CountersRead(10.0, {3: Counters(1000, 0, 10, 0)}),
        CountersRead(12.0, {3: Counters(5000, 100, 14, 1)}),
    )
    rates = state.rates[3]
    assert (rates.rx_bytes, rates.tx_bytes, rates.rx_packets) == (2000.0, 50.0, 2.0)
    assert rates.rx_history == (2000.0,)


def test_totals_that_went_backwards_are_no_negative_rate() -> None:
    state = folded(
        everything(TAP),
        CountersRead(10.0, {3: Counters(1000)}),
        CountersRead(11.0, {3: Counters(10)}),
    )
    assert state.rates[3].rx_bytes == 0.0


def test_a_rename_a_move_and_a_cable_are_told_one_by_one() -> None:
    other = link(5, "br1", "bridge")
    down = replace(PORT, flags=IFF_UP, name="vnet7", mtu=9000)
    moved = replace(down, master=5, mac="02:00:00:00:00:99")
    state = folded(everything(BR0, other, PORT), told(down), told(moved), told(TAP))
    assert happened(state) == [
        (Kind.LINK_RENAMED, "vnet7"),
        (Kind.CARRIER_LOST, "vnet7"),
        (Kind.MTU_CHANGED, "vnet7"),
        (Kind.PORT_LEFT, "vnet7"),
        (Kind.PORT_JOINED, "vnet7"),
        (Kind.MAC_CHANGED, "vnet7"),
        (Kind.LINK_RENAMED, "vnet0"),
        (Kind.CARRIER_FOUND, "vnet0"),
        (Kind.PORT_LEFT, "vnet0"),
        (Kind.MTU_CHANGED, "vnet0"),
        (Kind.MAC_CHANGED, "vnet0"),
    ]
    assert [one.other for one in state.timeline if one.kind is Kind.PORT_LEFT] == ["br0", "br1"]


def test_addresses_that_come_and_go_are_told_with_their_prefix() -> None:
    had = replace(BR0, addresses=(Address("192.0.2.1", 24), Address("2001:db8::1", 64)))
    has = replace(BR0, addresses=(Address("192.0.2.1", 25), Address("2001:db8::1", 64)))
    state = folded(everything(had), told(has))
    assert [(one.kind, one.before, one.after) for one in state.timeline] == [
        (Kind.ADDRESS_REMOVED, "192.0.2.1/24", ""),
        (Kind.ADDRESS_ADDED, "", "192.0.2.1/25"),
    ]


@pytest.mark.parametrize(
    ("flaps", "ends_up", "expected"),
    [
        (4, True, [(Kind.CARRIER_LOST, 2), (Kind.CARRIER_FOUND, 2)]),
        (5, False, [(Kind.CARRIER_LOST, 3)]),
        (1, False, [(Kind.CARRIER_LOST, 1)]),
        (0, True, []),
    ],
)
def test_flaps_too_fast_to_see_are_counted(
    flaps: int, ends_up: bool, expected: list[tuple[Kind, int]]
) -> None:
    flags = TAP.flags if ends_up else TAP.flags & ~IFF_LOWER_UP
    later = replace(TAP, flags=flags, carrier_changes=flaps)
    state = folded(everything(TAP), told(later))
    assert [(one.kind, one.count) for one in state.timeline] == expected


def test_a_source_is_told_lost_once_and_back_once() -> None:
    lost = SourceStatus(Phase.LOST, 5.0, Problem.NOT_RUNNING)
    state = folded(
        SourceChanged(SourceName.LIBVIRT, SourceStatus(Phase.LIVE, 1.0)),
        SourceChanged(SourceName.LIBVIRT, lost),
        SourceChanged(SourceName.LIBVIRT, replace(lost, detail="still")),
        SourceChanged(SourceName.LIBVIRT, SourceStatus(Phase.LIVE, 9.0)),
    )
    assert happened(state) == [(Kind.SOURCE_LOST, "libvirt"), (Kind.SOURCE_LIVE, "libvirt")]


def test_the_timeline_is_bounded_and_its_serials_go_on() -> None:
    entry = TimelineEntry(0, 1.0, Origin.KERNEL, Kind.LINK_UP, "ens36")
    state = folded(Happened((entry,) * (TIMELINE_LIMIT + 7)), Happened((entry,)))
    serials = [one.serial for one in state.timeline]
    assert len(serials) == TIMELINE_LIMIT
    assert serials == list(range(9, TIMELINE_LIMIT + 9))


def test_leases_given_and_gone_are_told_and_joined() -> None:
    network = next(one for one in course_networks() if one.leases)
    extra = Lease("52:54:00:00:00:77", "192.168.122.77", 24, "late", 0)
    host = course_host()
    state = fold(host, LeasesRead(7.0, network.uuid, (*network.leases, extra)))
    newest = state.timeline[-1]
    assert (newest.kind, newest.after, newest.other) == (Kind.LEASE_ADDED, extra.address, extra.mac)
    assert [one.source for one in state.address_book.addresses_of(extra.mac)] == ["lease"]


indexes = st.integers(1, 6)
some_links = st.builds(link, indexes, st.sampled_from(["a", "b2", "b10"]), master=st.integers(0, 6))
changes = st.lists(st.one_of(some_links.map(told), indexes.map(lambda index: told(gone=(index,)))))


@given(changes)
def test_changes_add_up_to_what_a_complete_reading_says(events: list[KernelChanged]) -> None:
    state = folded(everything(), *events)
    complete = fold(HostState(), KernelChanged(0.0, dict(state.links), complete=True))
    assert complete.links == state.links
    assert complete.topology.slaves == state.topology.slaves
    assert complete.topology.index_by_name == state.topology.index_by_name


def test_names_are_in_the_order_people_count() -> None:
    names = ["vnet10", "vnet2", "br0", "vnet1", "2", "vnet", "网桥3"]
    assert sorted(names, key=natural_key) == [
        "2",
        "br0",
        "vnet",
        "vnet1",
        "vnet2",
        "vnet10",
        "网桥3",
    ]
