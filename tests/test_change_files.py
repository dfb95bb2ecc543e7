"""The exact files that each backend leaves behind, as diffs to be read (tests/goldens/change)."""

from collections.abc import Callable

import pytest

from kvmnet_tui.change.backends import ifcfg, interfaces_edit, nm_profiles
from kvmnet_tui.change.backends.layout import FileEdit, Layout
from tests.support import host_changes as changes
from tests.support.goldens import assert_golden

# The course's own file, section 6.3.1.
IFCFG_ENS32 = """TYPE=Ethernet
BOOTPROTO=dhcp
DEFROUTE=yes
PEERDNS=yes
PEERROUTES=yes
IPV4_FAILURE_FATAL=no
IPV6INIT=yes
IPV6_AUTOCONF=yes
IPV6_DEFROUTE=yes
IPV6_PEERDNS=yes
IPV6_PEERROUTES=yes
IPV6_FAILURE_FATAL=no
IPV6_ADDR_GEN_MODE=stable-privacy
NAME=ens32
UUID=17fb5987-5317-4bca-8514-9e1b73933184
DEVICE=ens32
ONBOOT=yes
"""
# Section 6.4, as virt-manager wrote it.
IFCFG_ENS36 = """DEVICE="ens36"
HWADDR="00:0c:29:96:3a:cf"
ONBOOT="yes"
BOOTPROTO="dhcp"
"""
FOLDER = ifcfg.FOLDER
IFCFG = {f"{FOLDER}/ifcfg-ens32": IFCFG_ENS32, f"{FOLDER}/ifcfg-ens36": IFCFG_ENS36}

INTERFACES = """# This file describes the network interfaces of this system.
source /etc/network/interfaces.d/*

auto lo
iface lo inet loopback

# The cable to the office: socket 12, second floor.
allow-hotplug ens32
iface ens32 inet static
    address 192.168.200.132/24
    gateway 192.168.200.2
    # reaches the cameras
    up ip route add 10.9.0.0/16 via 192.168.200.9 dev ens32
    up ethtool -K ens32 tso off
iface ens32 inet6 auto

# The spare NIC.
iface ens36 inet dhcp
"""
IFUPDOWN = {"/etc/network/interfaces": INTERFACES}

OFFICE = """# written by the installer
[connection]
id=office
uuid=17fb5987-5317-4bca-8514-9e1b73933184
type=ethernet
interface-name=ens32
zone=internal

[ethernet]
mtu=1500

[ipv4]
address1=192.168.200.132/24,192.168.200.2
dns=192.168.200.2;
method=manual

[ipv6]
addr-gen-mode=stable-privacy
method=auto
"""
NM = {f"{nm_profiles.DURABLE}/office.nmconnection": OFFICE}


def write_ifcfg(layout: Layout, files: dict[str, str]) -> tuple[FileEdit, ...]:
    return ifcfg.edits(layout, files)


def write_ifupdown(layout: Layout, files: dict[str, str]) -> tuple[FileEdit, ...]:
    return interfaces_edit.edits(layout, files)


def write_networkmanager(layout: Layout, files: dict[str, str]) -> tuple[FileEdit, ...]:
    active = {
        nm_profiles.link_of(text): path
        for path, text in files.items()
        if "autoconnect=false" not in text
    }
    return nm_profiles.profiles(layout, files, active).commit


Write = Callable[[Layout, dict[str, str]], tuple[FileEdit, ...]]
BACKENDS: dict[str, tuple[Write, dict[str, str]]] = {
    "ifcfg": (write_ifcfg, IFCFG),
    "ifupdown": (write_ifupdown, IFUPDOWN),
    "networkmanager": (write_networkmanager, NM),
}
# The change, and those made before it on the same files.
CASES: dict[str, tuple[Layout, tuple[Layout, ...]]] = {
    "create-bridge-inherit": (changes.bridge_on_nic(changes.INHERITED), ()),
    "create-bridge-dhcp": (changes.bridge_on_nic(changes.DHCP), ()),
    "create-bridge-static": (changes.bridge_on_nic(changes.STATIC), ()),
    "create-bond": (changes.bond(), ()),
    "create-bond-bridge": (changes.bond_under_bridge(), ()),
    "create-bond-vlan-bridge": (changes.bond_under_vlan_under_bridge(), ()),
    "create-bridge-on-bond": (changes.bridge_on_bond(), (changes.bond(),)),
    "delete-bridge": (changes.removed_bridge(), (changes.bridge_on_nic(changes.INHERITED),)),
    "delete-bond": (changes.removed_bond(), (changes.bond(),)),
    "add-port": (changes.added_port(), (changes.bridge_on_nic(changes.INHERITED),)),
    "remove-port": (
        changes.removed_port(),
        (changes.bridge_on_nic(changes.INHERITED), changes.added_port()),
    ),
    "add-member": (changes.added_member(), (changes.bond(),)),
    "remove-member": (changes.removed_member(), (changes.bond(),)),
}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("case", CASES)
def test_a_change_leaves_exactly_these_files(backend: str, case: str) -> None:
    write, files = BACKENDS[backend]
    layout, before = CASES[case]
    for earlier in before:
        files = changes.after(files, write(earlier, files))
    assert_golden(f"change/{backend}/{case}.diff", changes.diff(write(layout, files)))
