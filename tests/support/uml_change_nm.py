"""Runs under the kernel that has bonding, beside a real NetworkManager: bonds with its profiles.

What the host was like after each step is written to the folder named, as changes.json.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support.uml_change import ADDRESS, BOND, GATEWAY, program, run

PROFILES = "/etc/NetworkManager/system-connections"
LAB = Path(__file__).with_name("networkmanager.sh")
# The lab lays a /run of its own over the one with the outbox.
OUTBOX = Path("/mnt")
INSIDE = "inside"
SETUP = (
    "mount -o remount,rw /sys",  # bonds are told their options there
    "mkdir -p /run/netns",
    "ip netns add office",
    "ip netns exec office sysctl -q -w net.ipv4.conf.all.arp_ignore=1",
    "ip link set far32 netns office",
    "ip link set far36 netns office",
    # With a MAC of its own it has the same one whichever ports it has.
    "ip -n office link add br0 address 52:54:00:0a:01:01 type bridge",
    f"ip -n office address add {GATEWAY}/24 dev br0",
    "ip -n office link set br0 up",
    "ip -n office link set far32 up master br0",
    "ip -n office link set far36 up master br0",
)
KEEP = "change confirm --anyway"
# What an installer leaves behind.
THEIR_BOND = (
    "ip -n office link set far36 master br0",
    "nmcli connection add type bond ifname bond0 con-name bond0 ipv6.method disabled"
    " bond.options mode=active-backup,miimon=100 ipv4.method manual"
    f" ipv4.addresses {ADDRESS}/24 ipv4.gateway {GATEWAY}",
    *(
        f"nmcli connection add type ethernet ifname {nic} con-name bond0-{nic} master bond0"
        for nic in ("ens32", "ens36")
    ),
    "nmcli connection modify office connection.autoconnect no",
    "nmcli --wait 30 connection up bond0-ens32",
    "nmcli --wait 30 connection up bond0-ens36",
)
# Name of the case -> what happens before it; the program's commands, the host looked at after each.
CASES = {
    "stack": ((), (f"{BOND} --vlan 7 --bridge virbr1 --yes", KEEP, "change undo --yes", KEEP)),
    "wrong-switch": (("ip -n office link set far36 nomaster",), (f"{BOND} --yes",)),
    "on-a-bond": (
        THEIR_BOND, ("bridge create virbr1 --uplink bond0 --yes", "change cancel"),
    ),
}  # fmt: skip


def main() -> None:
    """Start the lab around this very program, or be what runs in it."""
    if sys.argv[1] == INSIDE:
        try_all()
        return
    subprocess.run(["mount", "--bind", sys.argv[1], str(OUTBOX)], check=True)
    inside = [sys.executable, "-m", __spec__.name, INSIDE]
    os.execvp("unshare", ["unshare", "--net", "--mount", "sh", str(LAB), *inside])


def try_all() -> None:
    """Every case, one after another on the same host, whose session comes over ens32."""
    os.environ["SSH_CONNECTION"] = f"{GATEWAY} 50022 {ADDRESS} 22"
    for command in SETUP:
        run(*command.split())
    results: dict[str, list[Any]] = {}
    for name, (before, commands) in CASES.items():
        for command in before:
            run(*command.split())
        results[name] = [look({})]
        for command in commands:
            results[name].append(look(program(command)))
            (OUTBOX / "changes.json").write_text(json.dumps(results))


def look(said: dict[str, Any]) -> dict[str, Any]:
    """What the last command said, and what the host is like."""
    links = json.loads(run("ip", "-d", "-j", "address", "show"))
    devices = run("nmcli", "-t", "-f", "DEVICE,CONNECTION", "device").splitlines()
    return {
        "said": said,
        "links": {one["ifname"]: _link(one) for one in links},
        "routes": sorted(run("ip", "-4", "route").splitlines()),
        "profiles": dict(device.split(":") for device in devices),
        "files": {path.name: path.read_text() for path in sorted(Path(PROFILES).iterdir())},
        "is_reached": " 1 received" in run("ping", "-c", "1", "-w", "3", GATEWAY, check=False),
    }


def _link(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "master": one.get("master", ""),
        "mac": one.get("address", ""),
        "mii": one.get("linkinfo", {}).get("info_slave_data", {}).get("mii_status", ""),
        "addresses": [each["local"] for each in one["addr_info"] if each["family"] == "inet"],
    }


if __name__ == "__main__":
    main()
