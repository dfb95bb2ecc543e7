"""Who manages each link: trees of real-format files, and a real NetworkManager."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from kvmnet_tui.events import KernelChanged
from kvmnet_tui.model.links import Manager
from kvmnet_tui.model.state import Phase, SourceName
from kvmnet_tui.sources.managers import ManagersSource
from kvmnet_tui.sources.managers.backends import read_managers
from tests.support.labs import requires_lab
from tests.support.live import LiveHost, live_host
from tests.support.pictures import link

HOME = "net:[4026531840]"
LINKS = {1: "lo", 2: "ens32", 3: "ens36"}


class HostTree:
    """A root folder with the files a test says."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._pids = iter(range(100, 200))
        self._link("/proc/self/ns/net", HOME)

    def file(self, path: str, text: str) -> None:
        target = self.root / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def runs(self, daemon: str, namespace: str = HOME) -> None:
        pid = next(self._pids)
        self.file(f"/proc/{pid}/comm", f"{daemon}\n")
        self._link(f"/proc/{pid}/ns/net", namespace)

    def _link(self, path: str, target: str) -> None:
        place = self.root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(target)

    def managers(self, links: Mapping[int, str] = LINKS) -> dict[str, Manager]:
        found = read_managers(self.root, links)
        return {links[index]: manager for index, manager in found.items()}

    def names(self) -> dict[str, str]:
        return {name: manager.name for name, manager in self.managers().items()}


@pytest.fixture
def tree(tmp_path: Path) -> HostTree:
    return HostTree(tmp_path)


NM_DEVICE = """[device]
managed=true
perm-hw-addr-fake=7E:7A:6E:F4:3A:F1
connection-uuid={uuid}
nm-owned=false
route-metric-default-effective=100
"""
NM_PROFILE = """[connection]
id={name}
uuid={uuid}
type=ethernet
interface-name={name}

[ipv4]
method=auto
"""


def with_networkmanager(tree: HostTree) -> None:
    tree.file("/run/NetworkManager/devices/2", NM_DEVICE.format(uuid="c71a"))
    tree.file("/run/NetworkManager/devices/3", "[device]\nmanaged=false\n")
    tree.file(
        "/etc/NetworkManager/system-connections/office.nmconnection",
        NM_PROFILE.format(name="ens32", uuid="c71a"),
    )


def test_a_link_nobody_claims_is_nobodys(tree: HostTree) -> None:
    assert tree.names() == {"lo": "nobody", "ens32": "nobody", "ens36": "nobody"}


def test_networkmanager_manages_what_it_says_with_the_profile_it_uses(tree: HostTree) -> None:
    with_networkmanager(tree)
    tree.runs("NetworkManager")
    managers = tree.managers()
    assert managers["ens32"] == Manager(
        "NetworkManager",
        "/run/NetworkManager/devices/2: connection-uuid=c71a",
        "/etc/NetworkManager/system-connections/office.nmconnection",
    )
    assert managers["ens36"].name == "nobody"


def test_what_a_dead_networkmanager_left_behind_is_no_claim(tree: HostTree) -> None:
    with_networkmanager(tree)
    assert tree.names()["ens32"] == "nobody"


def test_a_networkmanager_of_another_namespace_says_nothing_here(tree: HostTree) -> None:
    with_networkmanager(tree)
    tree.runs("NetworkManager", "net:[4026532001]")
    assert tree.names()["ens32"] == "nobody"


def test_a_link_networkmanager_found_connected_is_not_its_own(tree: HostTree) -> None:
    with_networkmanager(tree)
    tree.runs("NetworkManager")
    generated = NM_PROFILE.format(name="ens32", uuid="f0a6")
    generated += "\n[.nmmeta]\nnm-generated=true\nvolatile=true\nexternal=true\n"
    tree.file("/run/NetworkManager/system-connections/ens32.nmconnection", generated)
    tree.file("/run/NetworkManager/devices/2", NM_DEVICE.format(uuid="f0a6"))
    assert tree.managers()["ens32"] == Manager(
        "nobody",
        "/run/NetworkManager/system-connections/ens32.nmconnection: nm-generated=true",
        watches_only=True,
    )
    # The one who really made it is found behind NetworkManager's back.
    tree.file("/etc/network/interfaces", "auto ens32\niface ens32 inet dhcp\n")
    assert tree.names()["ens32"] == "ifupdown"


def test_a_profile_in_an_ifcfg_file_is_found_by_its_uuid(tree: HostTree) -> None:
    with_networkmanager(tree)
    tree.runs("NetworkManager")
    tree.file("/run/NetworkManager/devices/2", NM_DEVICE.format(uuid="ab12"))
    path = "/etc/sysconfig/network-scripts/ifcfg-Wired_connection_1"
    tree.file(path, 'DEVICE="ens32"\nUUID="ab12"  # by anaconda\nONBOOT=yes\n')
    assert tree.managers()["ens32"].config == path


def networkd_link(tree: HostTree, index: int, state: str, file: str) -> None:
    tree.file(
        f"/run/systemd/netif/links/{index}",
        f"# This is private data. Do not parse.\nADMIN_STATE={state}\nOPER_STATE=routable\n"
        f"NETWORK_FILE={file}\n",
    )


def test_networkd_manages_what_a_network_file_matches(tree: HostTree) -> None:
    networkd_link(tree, 2, "configured", "/etc/systemd/network/10-uplink.network")
    networkd_link(tree, 3, "unmanaged", "")
    tree.runs("systemd-network")
    managers = tree.managers()
    assert managers["ens32"] == Manager(
        "networkd",
        "/run/systemd/netif/links/2: ADMIN_STATE=configured",
        "/etc/systemd/network/10-uplink.network",
    )
    assert managers["ens36"].name == "nobody"


def test_a_network_file_of_netplans_means_netplan_and_its_own_file(tree: HostTree) -> None:
    networkd_link(tree, 2, "configured", "/run/systemd/network/10-netplan-ens32.network")
    tree.file(
        "/etc/netplan/00-installer.yaml", "network:\n  ethernets:\n    ens32: {dhcp4: true}\n"
    )
    tree.file(
        "/etc/netplan/50-cloud.yaml", 'network:\n  ethernets:\n    "ens32":\n      mtu: 9000\n'
    )
    tree.file("/etc/netplan/90-other.yaml", "network:\n  ethernets:\n    ens36: {}\n")
    tree.runs("systemd-network")
    manager = tree.managers()["ens32"]
    assert (manager.name, manager.config) == ("netplan", "/etc/netplan/50-cloud.yaml")


def test_wicked_manages_what_it_has_a_state_or_an_ifcfg_file_for(tree: HostTree) -> None:
    tree.file("/run/wicked/state-2.xml", "<client-state/>\n")
    tree.file("/etc/sysconfig/network/ifcfg-ens32", "BOOTPROTO='dhcp'\nSTARTMODE='auto'\n")
    tree.file("/etc/sysconfig/network/ifcfg-ens36", "BOOTPROTO='none'\n")
    tree.file("/etc/sysconfig/network/ifcfg-ens37.bak", "BOOTPROTO='none'\n")
    assert tree.names()["ens32"] == "nobody", "wicked does not run"
    tree.runs("wickedd")
    managers = tree.managers()
    assert managers["ens32"] == Manager(
        "wicked", "/run/wicked/state-2.xml", "/etc/sysconfig/network/ifcfg-ens32"
    )
    assert managers["ens36"].name == "wicked"


def test_ifupdown_manages_what_a_stanza_names_wherever_it_stands(tree: HostTree) -> None:
    tree.file("/etc/network/interfaces", "source interfaces.d/*\nauto lo\niface lo inet loopback\n")
    tree.file(
        "/etc/network/interfaces.d/bridge",
        "auto virbr1\niface virbr1 inet static\n  address 10.0.0.2/24\n  bridge_ports \\\n ens36\n",
    )
    tree.file("/run/network/ifstate", "lo=lo\nvirbr1=virbr1\n")
    managers = tree.managers({**LINKS, 4: "virbr1"})
    assert managers["lo"] == Manager(
        "ifupdown", "/run/network/ifstate: lo=lo", "/etc/network/interfaces"
    )
    assert managers["virbr1"].config == "/etc/network/interfaces.d/bridge"
    assert managers["ens36"].name == "ifupdown", "the bridge takes it for a port"
    assert managers["ens32"].name == "nobody"


def test_files_that_take_in_each_other_end(tree: HostTree) -> None:
    tree.file("/etc/network/interfaces", "source /etc/network/interfaces\niface ens32 inet dhcp\n")
    assert tree.names()["ens32"] == "ifupdown"


def test_ifcfg_files_hold_for_the_link_they_name(tree: HostTree) -> None:
    folder = "/etc/sysconfig/network-scripts"
    tree.file(f"{folder}/ifcfg-ens32", "TYPE=Ethernet\nBRIDGE=virbr1\nNM_CONTROLLED=no\n")
    tree.file(f"{folder}/ifcfg-second", "DEVICE='ens36'\nONBOOT=yes\n")
    tree.file(f"{folder}/ifcfg-lo.rpmsave", "DEVICE=lo\n")
    managers = tree.managers()
    path = f"{folder}/ifcfg-ens32"
    assert managers["ens32"] == Manager("ifcfg", f"{path}: NM_CONTROLLED=no", path)
    assert managers["ens36"].config == f"{folder}/ifcfg-second"
    assert managers["lo"].name == "nobody"


@pytest.mark.parametrize("junk", ["", "\0\xff", "[", "=", "[device", 'A="b', "source\n", "\\\n"])
def test_files_full_of_junk_claim_nothing(tree: HostTree, junk: str) -> None:
    tree.runs("NetworkManager")
    tree.runs("systemd-network")
    for path in (
        "/run/NetworkManager/devices/2",
        "/run/systemd/netif/links/2",
        "/etc/network/interfaces",
        "/run/network/ifstate",
        "/etc/sysconfig/network-scripts/ifcfg-other",
    ):
        tree.file(path, junk)
    assert set(tree.names().values()) <= {"nobody", "ifupdown"}


def say_links(host: LiveHost, names: Mapping[int, str]) -> None:
    links = {index: link(index, name) for index, name in names.items()}
    host.controller.put(KernelChanged(0.0, links, complete=True))


async def test_managers_follow_links_that_come_and_files_that_change(tree: HostTree) -> None:
    tree.file("/etc/network/interfaces", "iface ens32 inet dhcp\n")
    async with live_host(ManagersSource(tree.root)) as host:
        assert host.state.source(SourceName.MANAGERS).phase is Phase.STARTING
        say_links(host, LINKS)
        state = await host.until(lambda now: now.managers)
        assert state.managers[2].name == "ifupdown"
        await host.until(lambda now: now.source(SourceName.MANAGERS).phase is Phase.LIVE)
        tree.file("/etc/network/interfaces", "iface ens32 inet dhcp\niface ens37 inet dhcp\n")
        say_links(host, {**LINKS, 4: "ens37"})
        state = await host.until(lambda now: 4 in now.managers)
        assert state.managers[4].name == "ifupdown"
        # Nothing came or went: the slower look at the files finds it.
        tree.file("/etc/network/interfaces", "iface ens36 inet dhcp\n")
        await host.until(lambda now: now.managers[3].name == "ifupdown", seconds=15)


LAB = Path(__file__).parent / "support" / "networkmanager.sh"


@requires_lab("networkmanager")
def test_a_real_networkmanager_owns_its_own_and_not_what_others_connected() -> None:
    done = subprocess.run(
        ["unshare", "--net", "--mount", "sh", LAB, sys.executable, "-m", "tests.support.owners"],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
        cwd=Path(__file__).parents[1],
    )
    assert done.returncode == 0, done.stderr
    owners = json.loads(done.stdout)
    assert {name: owner["name"] for name, owner in owners.items()} == {
        "lo": "nobody",
        "ens32": "NetworkManager",
        "ens36": "NetworkManager",
        "far32": "nobody",
        "far36": "nobody",
        "virbr0": "nobody",
    }
    profile = "/etc/NetworkManager/system-connections/office.nmconnection"
    assert owners["ens32"]["config"] == profile
    assert owners["virbr0"]["evidence"].endswith("nm-generated=true")
