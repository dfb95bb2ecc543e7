"""What is around the links: firewall, zones, leases, room on the disks, and whose machine it is."""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from kvmnet_tui.change.facts import Disk, LinkFact, Owner
from kvmnet_tui.change.programs import said
from kvmnet_tui.netxml.reading import XmlProblem, root_of
from kvmnet_tui.sources.managers.files import HostFiles, settings, shell_settings

_NETWORK_FILE_SYSTEMS: Final = frozenset({"nfs", "nfs4", "cifs", "smb3", "ceph", "9p"})
_DISKS: Final = (
    *("/run", "/var/lib", "/etc"),
    *("/etc/NetworkManager/system-connections", "/etc/network", "/etc/sysconfig/network-scripts"),
)
_DMI: Final = "/sys/class/dmi/id"

# What the firmware's tables say of machines whose network drops MACs that it did not give out.
_CLOUDS: Final = {
    "amazon": "Amazon EC2",
    "google": "Google Cloud",
    "7783-7084-3265-9085-8269-3286-77": "Azure",  # the chassis's asset tag of every machine there
    "openstack": "OpenStack",
    "alibaba": "Alibaba Cloud",
    "tencent": "Tencent Cloud",
    "huawei cloud": "Huawei Cloud",
    "huaweicloud": "Huawei Cloud",
    "oraclecloud": "Oracle Cloud",
    "digitalocean": "DigitalOcean",
    "hetzner": "Hetzner",
    "linode": "Linode",
    "akamai": "Akamai",
    "vultr": "Vultr",
    "scaleway": "Scaleway",
    "upcloud": "UpCloud",
    "ibmcloud": "IBM Cloud",
}
_HYPERVISORS: Final = {
    "vmware": "VMware",
    "virtualbox": "VirtualBox",
    "microsoft corporation virtual machine": "Hyper-V",
}


def notes(root: Path) -> dict[str, str]:
    """Conditions of the whole host that the pre-flight speaks of."""
    found = {**_root_file_system(root), **_machine(root)}
    firewall = _firewall(root)
    if firewall:
        found["firewall"] = firewall
    if _bridged_frames_are_filtered(root):
        found["br-netfilter"] = "drop" if drops_forwarded(firewall) else "accept"
    return found


def _root_file_system(root: Path) -> dict[str, str]:
    for line in HostFiles(root).text("/proc/self/mounts").splitlines():
        device, place, kind, *_rest = line.split()
        if place == "/" and kind in _NETWORK_FILE_SYSTEMS:
            return {"root-on-network": f"{device} ({kind})"}
    return {}


def _machine(root: Path) -> dict[str, str]:
    """Whose virtual machine this is, where that matters to a bridge."""
    files = HostFiles(root)
    names = ("sys_vendor", "product_name", "chassis_asset_tag", "product_version")
    told = " ".join(files.text(f"{_DMI}/{name}").strip() for name in names).lower()
    cloud = next((name for word, name in _CLOUDS.items() if word in told), "")
    if cloud:
        return {"cloud": cloud}
    hypervisor = next((name for word, name in _HYPERVISORS.items() if word in told), "")
    return {"hypervisor": hypervisor} if hypervisor else {}


# --- the firewall -----------------------------------------------------------------------------


def _firewall(root: Path) -> str:
    """All rules as text, to look for names of links in; those of the old tables too."""
    rules = said("nft", "list", "ruleset")
    if HostFiles(root).text("/proc/net/ip_tables_names").strip():
        rules += said("iptables-legacy-save") or said("iptables-save")
    return rules


def _bridged_frames_are_filtered(root: Path) -> bool:
    return HostFiles(root).text("/proc/sys/net/bridge/bridge-nf-call-iptables").strip() == "1"


def drops_forwarded(rules: str) -> bool:
    """Whether what is forwarded is dropped unless a rule lets it through."""
    if re.search(r"^:FORWARD DROP\b", rules, re.MULTILINE):
        return True
    return any("hook forward" in line and "policy drop" in line for line in rules.splitlines())


def zones(root: Path, rules: str) -> dict[str, str]:
    """The zones that firewalld puts links into by name; none where it does not run.

    Those that a link's own profile names go where its addresses go.
    """
    if "firewalld" not in rules and "INPUT_ZONES" not in rules:
        return {}
    files = HostFiles(root)
    return {
        name: Path(path).stem
        for path in files.matching("/etc/firewalld/zones/*.xml")
        for name in _interfaces(files.text(path))
    }


def _interfaces(text: str) -> Iterator[str]:
    try:
        zone = root_of(text, "zone")
    except XmlProblem:
        return
    yield from (one.get("name", "") for one in zone.findall("interface"))


# --- leases -----------------------------------------------------------------------------------


def leases(
    root: Path,
    links: Mapping[str, LinkFact],
    owners: Mapping[str, Owner],
    indexes: Mapping[int, str],
) -> dict[str, str]:
    """By what the DHCP server knows each link that has a lease: `mac`, or a client identifier.

    What NetworkManager sends, and takes along, is for its own backend to say.
    """
    files = HostFiles(root)
    index_of = {name: index for index, name in indexes.items()}
    return {
        name: _identity(files, link, owners.get(name, Owner()), index_of.get(name, 0))
        for name, link in links.items()
        if owners.get(name, Owner()).name != "NetworkManager"
        and any(one.family == 4 and one.lifetimes is not None for one in link.addresses)
    }


def _identity(files: HostFiles, link: LinkFact, owner: Owner, index: int) -> str:
    sent = settings(files.text(f"/run/systemd/netif/leases/{index}")).get("CLIENTID", "")
    if sent:
        # Type 1 is the MAC; 255 is a DUID with a number made of the link's name.
        return "mac" if sent == "01" + link.mac.replace(":", "") else sent
    chosen = shell_settings(files.text(owner.config) if owner.config else "").get("DHCP_CLIENT_ID")
    if chosen:
        return chosen
    conf = files.text("/etc/dhcp/dhclient.conf") or files.text("/etc/dhclient.conf")
    match = re.search(r"^\s*send\s+dhcp-client-identifier\s+=?\s*(.+?);", conf, re.MULTILINE)
    return "mac" if match is None or match[1] == "hardware" else match[1]


# --- room -------------------------------------------------------------------------------------


def disks(root: Path) -> dict[str, Disk]:
    """What is left where a change keeps its files."""
    found = {}
    for path in _DISKS:
        try:
            left = os.statvfs(root / path.lstrip("/"))
        except OSError:
            continue
        is_read_only = bool(left.f_flag & os.ST_RDONLY)
        found[path] = Disk(left.f_bavail * left.f_frsize, is_read_only)
    return found
