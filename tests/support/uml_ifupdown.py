"""ifupdown's own ifup and ifdown on committed files: run by pytest inside User-Mode Linux."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kvmnet_tui.change.backends import interfaces_edit
from kvmnet_tui.change.backends.layout import Addresses, Layout, Method
from tests.support import host_changes as changes
from tests.support.ifupdown import CACHE
from tests.support.uml_network import SWITCH, cabled, ip, load_bonding, unload_bonding

NETWORK = Path("/etc/network")
GATEWAY, ADDRESS = changes.GATEWAY, changes.CIDR.partition("/")[0]
INTERFACES = f"""auto lo
iface lo inet loopback

auto ens32
iface ens32 inet static
    address {changes.CIDR}
    gateway {GATEWAY}

allow-hotplug ens36
iface ens36 inet manual
"""


@pytest.fixture(autouse=True)
def cables() -> Iterator[None]:
    load_bonding()
    with cabled("ens32", "ens36"):
        ip(f"address add {GATEWAY}/24 dev br0", namespace=SWITCH)
        yield
    unload_bonding()


@pytest.fixture(autouse=True)
def network_folder(cables: None) -> Iterator[None]:
    """/etc/network with ifupdown's hooks; whatever is up at the end is taken down."""
    tree = CACHE / "tree"
    for place in (NETWORK, Path("/run/network")):
        place.mkdir(exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "none", place], check=True)
    shutil.copytree(tree / "etc/network", NETWORK, dirs_exist_ok=True, symlinks=True)
    os.environ["PATH"] = f"{tree}/sbin:{os.environ['PATH']}"
    yield
    for place in (NETWORK, Path("/run/network")):
        subprocess.run(["umount", place], check=True)


def ifupdown(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def links() -> dict[str, dict[str, Any]]:
    done = subprocess.run(["ip", "-d", "-j", "address"], capture_output=True, check=True)
    return {link["ifname"]: link for link in json.loads(done.stdout) if link}


def address_of(link: dict[str, Any]) -> list[str]:
    return [one["local"] for one in link["addr_info"] if one["family"] == "inet"]


def answers() -> bool:
    done = subprocess.run(["ping", "-c1", "-w10", GATEWAY], capture_output=True, check=False)
    return done.returncode == 0


def committed(*layouts: Layout) -> None:
    """/etc/network as it is after the changes."""
    files = {str(NETWORK / "interfaces"): INTERFACES}
    for layout in layouts:
        files = changes.after(files, interfaces_edit.edits(layout, files))
    for path, text in files.items():
        Path(path).write_text(text)


def test_a_bridge_comes_up_with_the_address_and_goes_down_again() -> None:
    committed(changes.bridge_on_nic(changes.INHERITED))
    ifupdown("ifup", "-a")
    up = links()
    assert address_of(up["virbr1"]) == [ADDRESS]
    assert address_of(up["ens32"]) == []
    assert up["ens32"]["master"] == "virbr1"
    assert up["virbr1"]["address"] == changes.MAC
    data = up["virbr1"]["linkinfo"]["info_data"]
    assert (data["stp_state"], data["forward_delay"]) == (0, 0)
    assert answers()
    ifupdown("ifdown", "-a")
    down = links()
    assert "virbr1" not in down
    assert "master" not in down["ens32"]


def test_a_bridge_with_another_address() -> None:
    other = Addresses(Method.STATIC, "ens32", ("192.168.200.200/24",), (GATEWAY,))
    committed(changes.bridge_on_nic(other))
    ifupdown("ifup", "-a")
    assert address_of(links()["virbr1"]) == ["192.168.200.200"]
    assert answers()
    ifupdown("ifdown", "-a")


def test_a_bond_comes_up_with_both_members() -> None:
    committed(changes.bond())
    ifupdown("ifup", "-a")
    up = links()
    assert {name for name, link in up.items() if link.get("master") == "bond0"} == {
        "ens32",
        "ens36",
    }
    assert address_of(up["bond0"]) == [ADDRESS]
    assert up["bond0"]["address"] == changes.MAC
    data = up["bond0"]["linkinfo"]["info_data"]
    assert (data["mode"], data["miimon"]) == ("active-backup", 100)
    assert answers()
    ifupdown("ifdown", "-a")
    assert "bond0" not in links()


def test_a_bond_under_a_bridge() -> None:
    committed(changes.bond_under_bridge())
    ifupdown("ifup", "-a")
    up = links()
    assert up["bond0"]["master"] == "virbr1"
    assert address_of(up["virbr1"]) == [ADDRESS]
    assert answers()
    ifupdown("ifdown", "-a")
    assert not {"bond0", "virbr1"} & set(links())


def test_a_bond_under_a_vlan_under_a_bridge() -> None:
    ip(
        "link add br0.100 link br0 type vlan id 100",
        "address flush dev br0",
        f"address add {GATEWAY}/24 dev br0.100",
        "link set br0.100 up",
        namespace=SWITCH,
    )
    committed(changes.bond_under_vlan_under_bridge())
    ifupdown("ifup", "-a")
    up = links()
    assert up["bond0.100"]["master"] == "virbr1"
    assert up["bond0.100"]["linkinfo"]["info_data"]["id"] == 100
    assert answers()
    ifupdown("ifdown", "-a")


@pytest.mark.parametrize(
    ("made", "removed"),
    [
        (changes.bridge_on_nic(changes.INHERITED), changes.removed_bridge()),
        (changes.bond(), changes.removed_bond()),
    ],
)
def test_what_was_made_and_removed_leaves_the_nic_as_it_was(made: Layout, removed: Layout) -> None:
    committed(made, removed)
    ifupdown("ifup", "-a")
    assert address_of(links()["ens32"]) == [ADDRESS]
    assert "master" not in links()["ens32"]
    assert answers()
    ifupdown("ifdown", "-a")


def test_one_more_port_and_one_less() -> None:
    committed(changes.bridge_on_nic(changes.INHERITED), changes.added_port())
    ifupdown("ifup", "-a")
    assert links()["ens36"]["master"] == "virbr1"
    assert answers()
    ifupdown("ifdown", "-a")
    committed(
        changes.bridge_on_nic(changes.INHERITED), changes.added_port(), changes.removed_port()
    )
    ifupdown("ifup", "-a")
    assert "master" not in links()["ens36"]
    assert answers()
    ifupdown("ifdown", "-a")
