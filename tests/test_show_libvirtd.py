"""What `show` prints on a real libvirtd with a booted guest, against virsh, ip and brctl."""

import json
from collections.abc import Iterator

import pytest

from kvmnet_tui.records import Record
from tests.support.guest import BootedGuest, boot, guest_image
from tests.support.labs import requires_lab
from tests.support.libvirtd import Libvirtd, private_libvirtd
from tests.support.program import run

pytestmark = requires_lab("guest")


@pytest.fixture(scope="module")
def lab() -> Iterator[Libvirtd]:
    with private_libvirtd() as lab:
        yield lab


@pytest.fixture(scope="module")
def guest(lab: Libvirtd) -> BootedGuest:
    return boot(lab, guest_image())


def shown(lab: Libvirtd, thing: str, name: str) -> Record:
    answer = run("show", thing, name, "--json", within=lab.command())
    assert (answer.status, answer.err) == (0, "")
    (record,) = json.loads(answer.out)
    assert isinstance(record, dict)
    return record


def words(line: str) -> list[str]:
    return line.split()


def test_a_network_is_what_virsh_says(lab: Libvirtd, guest: BootedGuest) -> None:
    network = shown(lab, "networks", "default")
    info = dict(
        line.split(":", 1) for line in lab.virsh("net-info", "default").splitlines() if line
    )
    told = {key.strip(): value.strip() for key, value in info.items()}
    assert network["name"] == told["Name"]
    assert network["uuid"] == told["UUID"]
    assert network["bridge"] == told["Bridge"]
    for key, label in (("active", "Active"), ("persistent", "Persistent")):
        assert network[key] is (told[label] == "yes")
    assert network["autostart"] is (told["Autostart"] == "yes")
    assert network["guests"] == [guest.name]
    (lease,) = network["leases"]
    _date, _time, mac, _ip, address, hostname, _client = words(
        lab.virsh("net-dhcp-leases", "default").strip()
    )
    assert (lease["mac"], lease["address"], lease["hostname"]) == (mac, address, hostname)
    assert lease["guest"] == guest.name


def test_a_guest_is_what_virsh_says(lab: Libvirtd, guest: BootedGuest) -> None:
    before = counters(lab, guest)
    record = shown(lab, "guests", guest.name)
    after = counters(lab, guest)
    assert record["uuid"] == lab.virsh("domuuid", guest.name).strip()
    assert record["state"] == lab.virsh("domstate", guest.name).strip()
    (nic,) = record["nics"]
    line = words(lab.virsh("domiflist", guest.name))
    assert [nic[key] for key in ("device", "type", "source", "model", "mac")] == line
    for key in ("rx_bytes", "tx_bytes"):
        assert before[key] <= nic[key] <= after[key]
    assert {"address": leased(lab, guest), "source": "lease"} in nic["addresses"]


def tap(lab: Libvirtd, guest: BootedGuest) -> str:
    return words(lab.virsh("domiflist", guest.name))[0]


def leased(lab: Libvirtd, guest: BootedGuest) -> str:
    return words(lab.virsh("domifaddr", guest.name, "--source", "lease"))[-1]


def counters(lab: Libvirtd, guest: BootedGuest) -> dict[str, int]:
    """`domifstat` prints lines such as `vnet0 rx_bytes 1234`."""
    lines = map(words, lab.virsh("domifstat", guest.name, tap(lab, guest)).splitlines())
    return {line[1]: int(line[2]) for line in lines if line}


def test_the_bridge_shows_the_guest_behind_its_tap(lab: Libvirtd, guest: BootedGuest) -> None:
    bridge = shown(lab, "bridges", "virbr0")
    name, bridge_id, stp, *_interfaces = words(lab.run("brctl", "show", "virbr0").splitlines()[1])
    assert (bridge["name"], bridge["bridge_id"]) == (name, bridge_id)
    assert bridge["stp"] is (stp == "yes")
    assert bridge["network"] == "default"
    ports = {one["ifname"]: one["state"] for one in json.loads(lab.run("bridge", "-j", "link"))}
    assert {port["name"]: port["state"] for port in bridge["ports"]} == ports
    plugged = next(port for port in bridge["ports"] if port["guest"])
    assert (plugged["guest"], plugged["guest_mac"]) == (guest.name, guest.mac)
    assert leased(lab, guest) in plugged["guest_addresses"]


def test_links_are_managed_by_libvirt_where_it_made_them(lab: Libvirtd, guest: BootedGuest) -> None:
    for name in ("virbr0", tap(lab, guest)):
        assert shown(lab, "links", name)["managed_by"] == "libvirt"


def test_the_tree_names_bridge_port_guest_and_address(lab: Libvirtd, guest: BootedGuest) -> None:
    answer = run("show", "bridges", within=lab.command())
    line = next(line for line in answer.out.splitlines() if tap(lab, guest) in line)
    assert guest.name in line
    assert leased(lab, guest).partition("/")[0] in line
