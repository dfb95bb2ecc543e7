"""The table of all guests' NICs: what it shows, what it marks, and how it sorts."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from kvmnet_tui.events import CountersRead, fold
from kvmnet_tui.model.links import Address, Counters, Neighbour
from kvmnet_tui.model.state import HostState
from kvmnet_tui.model.virt import Guest, Nic, twin_of
from kvmnet_tui.present.guests import GuestsView
from kvmnet_tui.present.nic_alerts import NicAlert, alert_sentence, alerts_of, is_outside
from kvmnet_tui.present.nics import NicRow, NicsView, found_nic
from tests.support.pictures import (
    CENTOS,
    CENTOS_2,
    CENTOS_2_MAC,
    CENTOS_MAC,
    ERP,
    VIRBR0,
    VIRBR1,
    VNET0,
    VNET1,
    big_host,
    course_guests,
    course_host,
    course_links,
    course_networks,
    picture,
)
from tests.support.surroundings import surroundings

VIEW = NicsView()


@pytest.fixture(autouse=True)
def fixed_surroundings() -> Iterator[None]:
    with surroundings():
        yield


def column(state: HostState, key: NicRow, name: str) -> str:
    at = [one.key for one in VIEW.columns].index(name)
    return VIEW.cells(state, key)[at].text


def host_with(*guests: Guest, neighbours: tuple[Neighbour, ...] = ()) -> HostState:
    return picture(course_links(), course_networks(), guests, neighbours=neighbours)


def alerts(state: HostState, guest: str, position: int = 0) -> tuple[NicAlert, ...]:
    found, nic = found_nic(state, NicRow(guest, position))
    assert found is not None
    assert nic is not None
    return alerts_of(state, found, nic)


def sentence(state: HostState, guest: str, alert: NicAlert) -> str:
    found, nic = found_nic(state, NicRow(guest, 0))
    assert found is not None
    assert nic is not None
    return alert_sentence(state, found, nic, alert)


def with_drops(state: HostState, readings: tuple[int, ...]) -> HostState:
    for second, dropped in enumerate(readings):
        counters = {VNET0: Counters(tx_dropped=dropped), VNET1: Counters()}
        state = fold(state, CountersRead(float(second), counters))
    return state


def test_a_nic_is_listed_with_guest_tap_bridge_network_and_address() -> None:
    state = course_host()
    shown = {one.key: column(state, NicRow(CENTOS, 0), one.key) for one in VIEW.columns}
    assert shown["guest"] == "centos6.5"
    assert shown["nic"] == "vnet0"
    assert shown["bridge"] == "virbr0"
    assert shown["network"] == "default"
    assert shown["mac"] == CENTOS_MAC
    assert shown["addresses"] == "192.168.122.51/24 (lease)"
    assert (shown["rx_packets"], shown["tx_packets"]) == ("5", "10")


def test_a_nic_straight_in_a_networks_bridge_names_the_network() -> None:
    assert column(course_host(), NicRow(CENTOS_2, 0), "network") == "host-bridge"


def test_rising_drops_are_marked_for_a_while_and_steady_ones_are_not() -> None:
    still = with_drops(course_host(), (5, 5, 5))
    assert alerts(still, CENTOS) == ()
    rising = with_drops(course_host(), (5, 5, 8))
    assert alerts(rising, CENTOS) == (NicAlert.DROPS,)
    assert sentence(rising, CENTOS, NicAlert.DROPS) == (
        "3 packets were dropped in the last seconds"
    )
    assert column(rising, NicRow(CENTOS, 0), "state") == "▲ drops rising"
    over = with_drops(course_host(), (5, 5, 8, *[8] * 20))
    assert alerts(over, CENTOS) == ()


def test_a_mac_used_twice_is_marked_at_both_nics_and_says_who_has_it() -> None:
    first, second, erp = course_guests()
    twin = replace(erp, nics=(replace(erp.nics[0], mac=CENTOS_MAC.upper()),))
    state = host_with(first, second, twin)
    assert alerts(state, CENTOS) == (NicAlert.DUPLICATE_MAC,)
    assert alerts(state, ERP) == (NicAlert.DUPLICATE_MAC,)
    assert sentence(state, CENTOS, NicAlert.DUPLICATE_MAC).endswith("also by erp")
    own = replace(first, nics=(first.nics[0], first.nics[0]))
    assert sentence(host_with(own), CENTOS, NicAlert.DUPLICATE_MAC).endswith("by centos6.5")


def test_an_address_outside_the_subnet_is_marked() -> None:
    odd = Neighbour(VIRBR0, "10.0.0.5", CENTOS_MAC, "reachable")
    state = host_with(replace(course_guests()[0], agent_addresses={}), neighbours=(odd,))
    assert alerts(state, CENTOS) == (NicAlert.OUTSIDE,)
    assert sentence(state, CENTOS, NicAlert.OUTSIDE) == (
        "10.0.0.5 lies outside the subnet 192.168.122.1/24"
    )


def test_without_a_network_of_its_own_the_bridges_addresses_are_the_subnet() -> None:
    guest = replace(course_guests()[1], nics=course_guests()[1].nics[:1])
    inside = Neighbour(VIRBR1, "192.168.200.140", CENTOS_2_MAC, "stale")
    assert alerts(host_with(guest, neighbours=(inside,)), CENTOS_2) == ()
    outside = replace(inside, ip="192.168.7.7")
    assert alerts(host_with(guest, neighbours=(outside,)), CENTOS_2) == (NicAlert.OUTSIDE,)


@pytest.mark.parametrize(
    ("address", "subnets", "outside"),
    [
        ("192.168.122.9/24", ("192.168.122.1/24",), False),
        ("192.168.123.9", ("192.168.122.1/24", "192.168.123.1/24"), False),
        ("192.168.124.9", ("192.168.122.1/24", "192.168.123.1/24"), True),
        ("fd00::9/64", ("192.168.122.1/24",), False),
        ("fd00:1::9/64", ("fd00::1/64", "192.168.122.1/24"), True),
        ("fe80::1/64", ("fd00::1/64",), False),
        ("fd00::9/64", ("fe80::1/64",), False),
        ("10.0.0.1", (), False),
        ("nonsense", ("192.168.122.1/24",), False),
    ],
)
def test_outside_is_judged_within_one_family(
    address: str, subnets: tuple[str, ...], outside: bool
) -> None:
    assert is_outside(address, subnets) is outside


def test_an_unplugged_tap_and_a_link_set_down_are_marked() -> None:
    assert alerts(course_host(), CENTOS_2, 1) == (NicAlert.UNPLUGGED, NicAlert.LINK_DOWN)
    assert column(course_host(), NicRow(CENTOS_2, 1), "state") == "▲ unplugged +1"


def test_sorting_by_state_brings_what_deserves_attention_first() -> None:
    state = course_host()
    keys = sorted(VIEW.keys(state), key=lambda key: VIEW.sort_value(state, key, "state"))
    assert keys[0] == NicRow(CENTOS_2, 1)


def test_the_nics_of_a_running_guest_that_come_at_its_next_start_are_rows_too() -> None:
    guest = course_guests()[0]
    now, later = guest.nics[0], Nic("52:54:00:aa:00:99", "bridge", "virbr1", "e1000")
    state = host_with(replace(guest, stored_nics=(replace(now, device=""), later)))
    assert VIEW.keys(state) == [NicRow(CENTOS, 0), NicRow(CENTOS, 1)]
    assert column(state, NicRow(CENTOS, 1), "state") == "○ next start"
    tree = GuestsView()
    assert len(tree.keys(state)) == 3
    assert "next start" in tree.cells(state, tree.keys(state)[2])[1].text


def test_a_nic_whose_mac_changes_at_the_next_start_is_one_nic_by_its_slot() -> None:
    now = Nic("52:54:00:aa:00:01", "network", "default", slot="0000:00:03.0")
    later = replace(now, mac="52:54:00:aa:00:02")
    guest = replace(course_guests()[0], nics=(now,), stored_nics=(later,))
    assert guest.coming_nics == ()
    assert twin_of(now, guest.stored_nics or ()) is later


def test_settings_now_and_at_the_next_start_stand_side_by_side() -> None:
    xml = "<interface type='network'><mac address='52:54:00:aa:00:01'/>{}</interface>"
    now = Nic(CENTOS_MAC, "network", "default", xml=xml.format("<model type='virtio'/>"))
    later = replace(now, xml=xml.format("<model type='e1000'/>"))
    state = host_with(replace(course_guests()[0], nics=(now,), stored_nics=(later,)))
    sections = {one.title: one for one in VIEW.detail(state, NicRow(CENTOS, 0))}
    rows = {row[0].text: (row[1], row[2]) for row in sections["Settings"].rows}
    assert [cell.text for cell in rows["Model"]] == ["virtio", "e1000"]
    assert rows["Model"][1].severity == "warning"
    assert rows["MAC"][1].severity == "plain"


def test_a_nic_that_is_gone_at_the_next_start_says_so() -> None:
    nic = Nic(CENTOS_MAC, "network", "default", xml="<interface type='network'/>")
    state = host_with(replace(course_guests()[0], nics=(nic,), stored_nics=()))
    texts = [one.text for one in VIEW.detail(state, NicRow(CENTOS, 0))]
    assert "This NIC is gone at the guest's next start." in texts


def test_two_thousand_nics_are_listed_and_sorted_by_every_column() -> None:
    state = big_host(bridges=20, ports=100)
    keys = list(VIEW.keys(state))
    assert len(keys) == 2000
    for one in VIEW.columns:
        assert len(sorted(keys, key=lambda key: VIEW.sort_value(state, key, one.key))) == 2000


def test_bridge_addresses_follow_the_bridge() -> None:
    state = course_host()
    bridge = replace(state.links[VIRBR1], addresses=(Address("10.1.1.1", 24),))
    moved = replace(state, links={**state.links, VIRBR1: bridge})
    assert alerts(state, CENTOS_2) == ()
    assert alerts(moved, CENTOS_2) == (NicAlert.OUTSIDE,)
