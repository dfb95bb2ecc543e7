import json
from collections.abc import Iterator

import pytest

from kvmnet_tui.model.state import HostState
from kvmnet_tui.records import RECORDS, Record, entry_record, named
from kvmnet_tui.show import json_text
from tests.support.pictures import (
    CENTOS,
    CENTOS_2_SECOND_MAC,
    CENTOS_MAC,
    DEFAULT,
    ENS32_MAC,
    after_failover,
    course_host,
    hostile_host,
    picture,
    without_libvirt,
)
from tests.support.surroundings import surroundings

KEYS = {
    "networks": "name uuid active persistent autostart bridge forward_mode addresses"
    " dhcp_ranges leases guests",
    "bridges": "name bridge_id stp mac mtu vlan_filtering addresses network ports",
    "bonds": "name mode mii_status active_member primary miimon_ms bridge members",
    "guests": "name uuid state nics",
    "links": "name kind state mtu mac addresses master managed_by rx_bytes tx_bytes",
}
INNER_KEYS = {
    ("networks", "leases"): "mac address hostname expires guest",
    ("bridges", "ports"): "name kind state mac guest guest_mac guest_addresses"
    " rx_bytes tx_bytes rx_errors rx_dropped",
    ("bonds", "members"): "name mii_status speed_mbps duplex link_failures permanent_mac",
    ("guests", "nics"): "device type source model mac link addresses rx_bytes tx_bytes",
}


@pytest.fixture(autouse=True)
def fixed_surroundings() -> Iterator[None]:
    with surroundings():
        yield


def one(state: HostState, thing: str, name: str) -> Record:
    (record,) = named(RECORDS[thing](state), name)
    return record


@pytest.mark.parametrize("thing", KEYS)
def test_records_have_exactly_the_keys_that_are_promised(thing: str) -> None:
    for record in RECORDS[thing](course_host()):
        assert " ".join(record) == KEYS[thing]


@pytest.mark.parametrize(("thing", "inner"), INNER_KEYS)
def test_what_is_inside_has_exactly_the_keys_that_are_promised(thing: str, inner: str) -> None:
    inside = [part for record in RECORDS[thing](course_host()) for part in record[inner]]
    assert inside
    for part in inside:
        assert " ".join(part) == INNER_KEYS[thing, inner]


def test_a_network_is_told_as_virsh_tells_it() -> None:
    network = one(course_host(), "networks", "default")
    assert network["uuid"] == DEFAULT
    assert (network["active"], network["persistent"], network["autostart"]) == (True, True, True)
    assert network["forward_mode"] == "nat"
    assert network["addresses"] == ["192.168.122.1/24"]
    assert network["dhcp_ranges"] == [{"start": "192.168.122.2", "end": "192.168.122.254"}]
    assert network["guests"] == ["centos6.5", "centos6.5-2"]
    assert network["leases"][0] == {
        "mac": CENTOS_MAC,
        "address": "192.168.122.51/24",
        "hostname": "centos",
        "expires": "2018-05-25T12:57:10+00:00",
        "guest": "centos6.5",
    }
    assert network["leases"][1]["guest"] is None


def test_a_bridge_names_its_ports_and_who_is_plugged_into_them() -> None:
    bridge = one(course_host(), "bridges", "virbr0")
    assert bridge["bridge_id"] == "8000.52540079e341"
    assert bridge["stp"] is True
    assert bridge["network"] == "default"
    tap = next(port for port in bridge["ports"] if port["name"] == "vnet0")
    assert tap["kind"] == "tun"
    assert tap["state"] == "forwarding"
    assert tap["guest"] == "centos6.5"
    assert tap["guest_mac"] == CENTOS_MAC
    assert tap["guest_addresses"] == ["192.168.122.51/24", "fe80::5054:ff:feaa:1/64"]
    assert (tap["rx_bytes"], tap["tx_bytes"]) == (8_000_000, 4_000_000)


def test_a_bond_is_told_as_proc_tells_it_after_a_failover() -> None:
    bond = one(after_failover(), "bonds", "bond0")
    assert bond["mode"] == "active-backup"
    assert bond["active_member"] == "ens36"
    assert bond["primary"] is None
    assert bond["bridge"] == "virbr1"
    assert bond["members"][0] == {
        "name": "ens32",
        "mii_status": "down",
        "speed_mbps": None,
        "duplex": None,
        "link_failures": 1,
        "permanent_mac": ENS32_MAC,
    }


def test_a_guests_counters_are_those_the_guest_sees() -> None:
    state = course_host()
    nic = one(state, "guests", CENTOS)["nics"][0]
    tap = one(state, "links", "vnet0")
    assert (nic["rx_bytes"], nic["tx_bytes"]) == (tap["tx_bytes"], tap["rx_bytes"])


def test_a_nic_says_where_each_address_is_known_from() -> None:
    nic = one(course_host(), "guests", "centos6.5")["nics"][0]
    assert nic["addresses"] == [
        {"address": "192.168.122.51/24", "source": "lease"},
        {"address": "fe80::5054:ff:feaa:1/64", "source": "agent"},
    ]
    second = one(course_host(), "guests", "centos6.5-2")["nics"][1]
    assert second["mac"] == CENTOS_2_SECOND_MAC
    assert (second["link"], second["addresses"]) == ("down", [])


def test_a_guest_that_is_off_has_no_device_and_no_counters() -> None:
    guest = one(course_host(), "guests", "erp")
    assert guest["state"] == "shut off"
    assert guest["nics"][0]["device"] is None
    assert guest["nics"][0]["rx_bytes"] is None


def test_a_link_says_who_manages_it() -> None:
    by_name = {record["name"]: record for record in RECORDS["links"](course_host())}
    managed = {name: record["managed_by"] for name, record in by_name.items()}
    assert managed["virbr0"] == managed["virbr0-nic"] == managed["vnet0"] == "libvirt"
    assert managed["virbr1"] == managed["lo"] == "nobody"
    assert managed["ens32"] == "ifcfg"
    assert managed["bond0"] == "NetworkManager"
    assert by_name["ens32"]["state"] == "UP"
    assert by_name["ens32"]["master"] == "bond0"
    assert by_name["lo"]["addresses"] == ["127.0.0.1/8", "::1/128"]


def test_without_libvirt_bridges_and_links_are_all_there() -> None:
    state = without_libvirt()
    assert one(state, "bridges", "virbr0")["network"] is None
    assert len(RECORDS["links"](state)) == len(RECORDS["links"](course_host()))
    assert RECORDS["networks"](state) == RECORDS["guests"](state) == []


@pytest.mark.parametrize("thing", KEYS)
def test_nothing_there_is_an_empty_list(thing: str) -> None:
    assert RECORDS[thing](picture()) == []
    assert json_text([]) == "[]"


@pytest.mark.parametrize("thing", KEYS)
def test_json_reads_back_as_it_was_and_prints_without_harm(thing: str) -> None:
    records = RECORDS[thing](hostile_host())
    text = json_text(records)
    assert json.loads(text) == records
    assert all(line.isprintable() for line in text.split("\n"))
    text.encode()


def test_chinese_and_markup_print_literally_in_json() -> None:
    assert '"[red]网络"' in json_text([{"name": "[red]网络"}])


def test_an_event_is_told_with_a_timestamp_of_milliseconds() -> None:
    entry = after_failover().timeline[-1]
    assert entry_record(entry) == {
        "time": "2018-05-25T12:07:08.750+00:00",
        "event": "active-member",
        "origin": "bonding",
        "subject": "bond0",
        "other": None,
        "before": "ens32",
        "after": "ens36",
        "count": 1,
    }
