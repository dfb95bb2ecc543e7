"""Runs a lab in a machine of its own (namespaces) and prints what of it could be seen outside.

Usage: lab_outside.py VICTIM, where VICTIM is the process of the lab to kill -9: outer, first, host,
program; or `none`, to end it with SIGTERM. The answer is JSON: snapshots before, during, after.
"""

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.support.lab import Lab, command, until

VICTIMS = ("first", "host", "program")  # in the order of the outer process's children


def ip(*words: str) -> Any:
    done = subprocess.run(["ip", "-j", "-d", *words], capture_output=True, text=True, check=True)
    return json.loads(done.stdout or "[]")


def processes() -> list[int]:
    """What of the lab still lives. This process is init here: it reaps those who lost theirs."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    found = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [pid for pid in found if pid != os.getpid()]


def snapshot() -> dict[str, Any]:
    configured = [path for path in map(Path, ("/etc/network", "/etc/netplan")) if path.is_dir()]
    return {
        "links": ip("address"),
        "routes": ip("route", "show", "table", "all"),
        "mounts": Path("/proc/self/mountinfo").read_text().splitlines(),
        "run": sorted(map(str, Path("/run").rglob("*"))),
        "configuration": sorted(str(file) for path in configured for file in path.rglob("*")),
        "forwarding": Path("/proc/sys/net/ipv4/ip_forward").read_text(),
    }


def unmounting_reaches_the_lab() -> bool:
    """What was mounted before the lab came is not kept busy by the lab when it is unmounted."""
    Path("/run/older").mkdir()
    for words in ("mount --make-shared /run", "mount -t tmpfs older /run/older"):
        subprocess.run(words.split(), check=True)
    lab = start()
    subprocess.run(["umount", "/run/older"], check=True)
    gone = "/run/older" not in Path(f"/proc/{lab.pid}/mountinfo").read_text()
    lab.process.kill()
    lab.process.wait()
    return gone


def start() -> Lab:
    lab = Lab(subprocess.Popen(command("sleep", "infinity"), stdin=subprocess.DEVNULL), False)
    lab.wait_ready()
    return lab


def kill(lab: Lab, victim: str) -> None:
    if victim == "none":
        lab.process.terminate()
        return
    if victim == "outer":
        lab.process.kill()
        return
    os.kill(lab.children[VICTIMS.index(victim)], signal.SIGKILL)
    if victim == "host":  # the program goes on without taps, until it ends
        until(lambda: "tap0" not in lab.links())
        assert lab.process.poll() is None
        lab.process.terminate()


def have_own_run() -> None:
    """Let go of the machine's /run and of the namespaces that other tests keep there."""
    mounted = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    for point in (point for point in mounted if point.startswith("/run/")):
        subprocess.run(["umount", "--lazy", point], capture_output=True, check=False)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)


def main(victim: str) -> None:
    have_own_run()
    assert unmounting_reaches_the_lab()
    until(lambda: not processes())
    before = snapshot()
    lab = start()
    during = snapshot()
    # One end in the lab: that this end vanishes proves that the lab's namespace is gone.
    line = f"ip link add witness type veth peer name far netns {lab.pid}"
    subprocess.run(line.split(), check=True)
    kill(lab, victim)
    status = lab.process.wait(20)
    until(lambda: not processes())
    until(lambda: all(link["ifname"] != "witness" for link in ip("link")))
    print(json.dumps({"before": before, "during": during, "after": snapshot(), "status": status}))


main(sys.argv[1])
