"""The little host of `--lab`: what is in it, and that it lives."""

import json
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import libvirt
import pytest

import kvmnet_tui.lab
from kvmnet_tui.lab.plan import BRIDGES, GUESTS
from kvmnet_tui.lab.traffic import echo_request
from tests.support.lab import Lab, running_lab, until
from tests.support.labs import requires_lab
from tests.support.uml import run_in_uml

DOCUMENT = Path(kvmnet_tui.lab.__file__).with_name("lab.xml")

namespaces = requires_lab("namespaces")


@pytest.fixture(scope="module", params=["root", "nobody"])
def lab(request: pytest.FixtureRequest) -> Iterator[Lab]:
    with running_lab(of_nobody=request.param == "nobody") as started:
        yield started


def answers(lab: Lab, address: str) -> bool:
    try:
        lab.run("ping", "-c1", "-W1", address)
    except subprocess.CalledProcessError:
        return False
    return True


@namespaces
def test_the_uplinks_have_the_macs_and_addresses_of_the_course(lab: Lab) -> None:
    links = lab.links()
    for name, mac, address in (
        ("ens32", "00:0c:29:96:3a:c5", "192.168.200.132"),
        ("ens36", "00:0c:29:96:3a:cf", "192.168.200.136"),
    ):
        assert links[name]["address"] == mac
        assert links[name]["operstate"] == "UP"
        assert links[name]["addr_info"][0]["local"] == address
        assert links[name]["addr_info"][0]["prefixlen"] == 24
    assert [route["gateway"] for route in lab.ip("route", "show", "default")] == ["192.168.200.2"]


@namespaces
def test_virbr0_is_as_libvirt_makes_it_and_its_ports_forward(lab: Lab) -> None:
    links = lab.links()
    bridge = links["virbr0"]
    assert bridge["address"] == "52:54:00:79:e3:41"
    assert bridge["linkinfo"]["info_data"]["stp_state"] == 1
    assert bridge["addr_info"][0]["local"] == "192.168.122.1"
    ports = {name: link for name, link in links.items() if link.get("master") == "virbr0"}
    assert ports.keys() == {"tap0", "tap1", "tap2"}
    for port in ports.values():
        assert port["linkinfo"]["info_slave_data"]["state"] == "forwarding"


@namespaces
def test_every_nic_of_a_running_guest_has_its_link_in_its_bridge(lab: Lab) -> None:
    links = lab.links()
    for guest in GUESTS:
        for nic in guest.nics:
            link = links[nic.device]
            assert "LOWER_UP" in link["flags"]
            if nic.direct:
                assert (link["linkinfo"]["info_kind"], link["link"]) == ("macvlan", nic.plug)
                assert link["address"] == nic.mac
            else:
                assert (link["linkinfo"]["info_kind"], link["master"]) == ("tun", nic.plug)
                assert link["address"] == f"fe:{nic.mac[3:]}"


@namespaces
def test_one_tap_is_plugged_into_nothing(lab: Lab) -> None:
    tap = lab.links()["vnet9"]
    assert tap["linkinfo"]["info_kind"] == "tun"
    assert "master" not in tap
    assert "UP" in tap["flags"]


@namespaces
def test_the_gateway_and_the_guests_answer_ping(lab: Lab) -> None:
    bridged = [nic for guest in GUESTS for nic in guest.nics if not nic.direct]
    for address in ("192.168.200.2", *(nic.address.partition("/")[0] for nic in bridged)):
        assert until(lambda address=address: answers(lab, address)), address


@namespaces
def test_the_host_knows_the_guests_as_neighbours_once_the_lab_is_ready() -> None:
    with running_lab() as fresh:
        found = {(entry["dst"], entry.get("lladdr")) for entry in fresh.ip("neighbour")}
    assert found >= {
        ("192.168.122.123", "52:54:00:0c:8b:d2"),
        ("192.168.122.136", "52:54:00:35:29:ea"),
        ("192.168.122.145", "52:54:00:ea:57:f7"),
        ("192.168.200.150", "52:54:00:7c:4e:08"),
        ("192.168.123.20", "52:54:00:d1:63:5b"),
        ("192.168.124.30", "52:54:00:18:f0:c4"),
    }


@namespaces
def test_counters_of_every_guest_nic_move(lab: Lab) -> None:
    before = lab.links()
    devices = [nic.device for guest in GUESTS for nic in guest.nics]

    def moved() -> bool:
        after = lab.links()
        return all(
            after[device]["stats64"][way]["packets"] > before[device]["stats64"][way]["packets"]
            for device in devices
            for way in ("rx", "tx")
        )

    assert until(moved)


@namespaces
def test_one_guest_downloads_through_uplink_bridge_and_tap(lab: Lab) -> None:
    def loaded() -> list[int]:
        links = lab.links()
        ways = (("ens32", "rx"), ("virbr0", "tx"), ("tap0", "tx"))
        return [links[name]["stats64"][way]["bytes"] for name, way in ways]

    before = loaded()
    assert until(lambda: all(now > old + 90_000 for now, old in zip(loaded(), before, strict=True)))


@namespaces
def test_deleting_a_tap_takes_the_guests_nic_and_nothing_else(lab: Lab) -> None:
    lab.run("ip", "link", "delete", "tap1")
    before = lab.links()
    assert "tap1" not in before
    address = "192.168.122.123"
    assert until(lambda: answers(lab, address))
    host = lab.children[1]
    assert until(lambda: lab.links()["tap0"]["stats64"] != before["tap0"]["stats64"])
    assert Path(f"/proc/{host}").exists()


def test_libvirt_is_told_what_the_plan_says() -> None:
    connection = libvirt.open(f"test://{quote(str(DOCUMENT))}")
    try:
        running = {}
        for domain in connection.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE):
            root = ET.fromstring(domain.XMLDesc())
            running[domain.name()] = [
                (nic.find("target").get("dev"), nic.find("mac").get("address"))
                for nic in root.iterfind("devices/interface")
            ]
        shut_off = connection.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_SHUTOFF)
        assert running == {
            guest.name: [(nic.device, nic.mac) for nic in guest.nics] for guest in GUESTS
        }
        assert [domain.name() for domain in shut_off] == ["oa"]
    finally:
        connection.close()


def test_libvirts_networks_are_on_the_plans_bridges() -> None:
    connection = libvirt.open(f"test://{quote(str(DOCUMENT))}")
    try:
        documents = [ET.fromstring(net.XMLDesc()) for net in connection.listAllNetworks()]
    finally:
        connection.close()
    modes = {net.findtext("name"): net.find("forward") for net in documents}
    assert {
        name: None if found is None else found.get("mode") for name, found in modes.items()
    } == {"default": "nat", "isolated": None, "routed": "route", "bridged": "bridge"}
    planned = {bridge.name: bridge for bridge in BRIDGES}
    for net in documents:
        bridge = planned[net.find("bridge").get("name")]
        if net.find("mac") is not None:
            assert net.find("mac").get("address") == bridge.mac
            assert net.find("ip").get("address") == bridge.address.partition("/")[0]


def test_an_echo_request_sums_to_nothing() -> None:
    for sequence in (0, 1, 0xFFFF):
        packet = echo_request(sequence)
        total = sum(int.from_bytes(packet[at : at + 2]) for at in range(0, len(packet), 2))
        while total >> 16:
            total = (total & 0xFFFF) + (total >> 16)
        assert total == 0xFFFF


@namespaces
def test_without_taps_there_are_veth_links_and_a_remark() -> None:
    hidden = 'mount --bind /dev/null /dev/net/tun && exec "$@"'
    with running_lab(prefix=("unshare", "--mount", "sh", "-c", hidden, "sh")) as lab:
        assert lab.outcome is not None
        assert "/dev/net/tun" in lab.outcome["no_taps"]
        links = lab.links()
        assert links["tap0"]["linkinfo"]["info_kind"] == "veth"
        assert links["tap0"]["master"] == "virbr0"
        assert "vnet9" not in links
        assert until(lambda: answers(lab, "192.168.122.123"))
        assert until(lambda: links["direct0"]["stats64"] != lab.links()["direct0"]["stats64"])


@requires_lab("uml")
def test_a_kernel_with_bonding_gives_the_lab_a_bond_under_its_bridge(tmp_path: Path) -> None:
    look = (
        "cat /proc/net/bonding/bond0 > /run/outbox/bond;"
        "ip -details -json link > /run/outbox/links;"
        "ping -c3 -W1 192.168.200.150 > /run/outbox/ping"
    )
    script = f"""
import os, subprocess, sys
subprocess.run(["modprobe", "-d", "/run/modules", "tun"], check=True)
from tests.support.lab import running_lab
os.mkdir("/run/before")
with running_lab() as lab:
    subprocess.run(
        ["nsenter", "-t", str(lab.pid), "--net", "sh", "-c", {look!r}], check=True
    )
"""
    assert run_in_uml(["-c", script], tmp_path, timeout=90) == 0, (tmp_path / "console").read_text(
        errors="replace"
    )
    bond = (tmp_path / "bond").read_text()
    assert "fault-tolerance (active-backup)" in bond
    assert "MII Polling Interval (ms): 100" in bond
    assert "Slave Interface: ens40" in bond
    assert "Slave Interface: ens44" in bond
    links = {link["ifname"]: link for link in json.loads((tmp_path / "links").read_text())}
    assert links["bond0"]["master"] == "virbr1"
    assert links["bond0"]["operstate"] == "UP"
    assert links["ens40"]["master"] == links["ens44"]["master"] == "bond0"
