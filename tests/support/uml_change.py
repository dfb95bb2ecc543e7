"""Runs under the kernel that has bonding: makes bonds with the program's own commands.

ens32 carries the host's address, ens36 is idle; both have their cables in a switch with the gateway
behind it, in a namespace. What came of each change is written to the file named.
"""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

GATEWAY, ADDRESS = "10.1.1.1", "10.1.1.2"
SETUP = (
    "ip netns add office",
    # As separate hosts would: an address is answered for only where it is.
    "ip netns exec office sysctl -q -w net.ipv4.conf.all.arp_ignore=1",
    "ip link add ens32 type veth peer name far32 netns office",
    "ip link add ens36 type veth peer name far36 netns office",
    "ip -n office link add br0 type bridge",
    f"ip -n office address add {GATEWAY}/24 dev br0",
    *(f"ip -n office link set {name} up" for name in ("lo", "br0", "far32", "far36")),
    *(f"ip -n office link set {name} master br0" for name in ("far32", "far36")),
    "ip link set ens32 up",
    "ip link set ens36 up",
    f"ip address add {ADDRESS}/24 dev ens32",
    f"ip route add default via {GATEWAY} metric 42",
)
BOND = "bond create bond0 --member ens32 --member ens36"
# The gateway is reached with the tag 7 too.
TAGGED = (
    "ip -n office link add link br0 name br0.7 up type vlan id 7",
    f"ip -n office address add {GATEWAY}/32 dev br0.7",
)
# The switch's two ports become one channel that speaks LACP.
CHANNEL = (
    "ip -n office link add channel type bond mode 802.3ad miimon 100 lacp_rate fast",
    *(f"ip -n office link set {name} down" for name in ("far32", "far36")),
    *(f"ip -n office link set {name} master channel" for name in ("far32", "far36")),
    "ip -n office link set channel master br0 up",
)
# Name of the case -> the commands before it, the change, and the commands after its rollback.
CASES: dict[str, tuple[tuple[str, ...], str]] = {
    "bond": ((), BOND),
    "bond-bridge": ((), f"{BOND} --bridge virbr1"),
    "untagged-switch": ((), f"{BOND} --bridge virbr1 --vlan 7"),
    "bond-vlan-bridge": (TAGGED, f"{BOND} --bridge virbr1 --vlan 7"),
    "wrong-switch": (("ip -n office link set far36 nomaster",), BOND),
    "remove-member": ((f"!{BOND}",), "bond remove-member bond0 ens36"),
    "delete-bond": ((), "bond delete bond0 --heir ens36"),
    "no-lacp": (("!bond delete bond0 --heir ens32",), f"{BOND} --mode 802.3ad"),
    "lacp": (CHANNEL, f"{BOND} --mode 802.3ad"),
}


def main() -> None:
    """Set up, try every case, write down what came of it."""
    outbox = Path(sys.argv[1])
    Path("/run/netns").mkdir(exist_ok=True)
    for command in SETUP:
        run(*command.split())
    Path("/run/kvmnet-tui").mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "none", "/var/lib"], check=True)
    results = {}
    for name, (before, change) in CASES.items():
        for command in before:
            if command.startswith("!"):
                for words in (f"{command[1:]} --yes --backend runtime", "change confirm --anyway"):
                    done = program(words)
                    assert done["status"] == 0, done["err"]
            else:
                run(*command.split())
        results[name] = _try(change)
        (outbox / "changes.json").write_text(json.dumps(results))
        if name == "wrong-switch":
            run("ip", "-n", "office", "link", "set", "far36", "master", "br0")


def _try(change: str) -> dict[str, Any]:
    before = _picture()
    with subprocess.Popen(
        ["ip", "netns", "exec", "office", "ping", "-i", "0.02", "-q", ADDRESS],
        stdout=subprocess.PIPE, text=True,
    ) as ping:  # fmt: skip
        made = program(f"{change} --yes --backend runtime")
        links = json.loads(run("ip", "-d", "-j", "address", "show"))
        answered = run("ping", "-c", "1", "-W", "2", GATEWAY, check=False)
        if made["status"] == 0:  # LACP needs a moment to agree
            _wait(lambda: all(probe["now"] for probe in _lacp_probes()))
        shown = _change()
        cancelled = program("change cancel")
        _wait(lambda: _picture() == before)
        ping.send_signal(2)
        said, _nothing = ping.communicate()
    return {
        "made": made,
        "links": {one["ifname"]: _link(one) for one in links},
        "answered": "1 received" in answered,
        "change": shown,
        "cancelled": cancelled,
        "ping": said,
        "exact": _picture() == before,
        "before": before,
        "after": _picture(),
    }


def _change() -> dict[str, Any]:
    """The last change as `change show` tells it."""
    change: dict[str, Any] = json.loads(program("change", "show", "--json")["out"] or "{}")
    return change


def _lacp_probes() -> list[dict[str, Any]]:
    return [probe for probe in _change()["probes"] if probe["kind"] == "lacp"]


def _link(one: dict[str, Any]) -> dict[str, Any]:
    own = one.get("linkinfo", {})
    return {
        "master": one.get("master", ""),
        "mac": one.get("address", ""),
        "kind": own.get("info_kind", ""),
        "info": own.get("info_data", {}),
        "addresses": [each["local"] for each in one["addr_info"] if each["family"] == "inet"],
    }


def _picture() -> dict[str, Any]:
    links = json.loads(run("ip", "-j", "address", "show"))
    return {
        "links": {
            one["ifname"]: [
                *(one.get(key) for key in ("master", "address", "mtu")),
                "UP" in one["flags"],
                [each["local"] for each in one["addr_info"] if each["family"] == "inet"],
            ]
            for one in links
        },
        "routes": sorted(run("ip", "-4", "route").replace(" linkdown", "").splitlines()),
    }  # fmt: skip


def _wait(condition: Any) -> None:
    deadline = time.monotonic() + 20
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.1)


def program(*words: str) -> dict[str, Any]:
    """What kvmnet-tui says: `status`, `out` and `err`."""
    arguments = words[0].split() if len(words) == 1 else list(words)
    done = subprocess.run(
        [sys.executable, "-m", "kvmnet_tui", "--lang", "en", *arguments],
        capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=120,
    )  # fmt: skip
    return {"status": done.returncode, "out": done.stdout, "err": done.stderr}


def run(*argv: str, check: bool = True) -> str:
    """What a command prints."""
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
    assert not check or done.returncode == 0, f"{argv}: {done.stderr}"
    return done.stdout


if __name__ == "__main__":
    main()
