"""A host that a real NetworkManager looks after, with what tests of changes do to it."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tests.support.managed_host import ADDRESS, GATEWAY, KeptBy, ManagedHost

CREATE: Final = ("bridge", "create", "virbr1", "--uplink", "ens32", "--yes")
DURABLE: Final = "/etc/NetworkManager/system-connections"
VOLATILE: Final = "/run/NetworkManager/system-connections"
NAME: Final = "org.freedesktop.NetworkManager"
PATH: Final = "/org/freedesktop/NetworkManager"
_PATIENCE: Final = 60.0


class NetworkManagerHost(ManagedHost):
    """ens32 has the profile `office`, ens36 has none."""

    def __init__(self) -> None:
        super().__init__(KeptBy.NETWORKMANAGER)

    def complains(self, *arguments: str) -> str:
        """What the program says of something that it does not do."""
        done = self.program(*arguments)
        assert done.returncode == 2, (done.returncode, done.stdout, done.stderr)
        return done.stderr

    def change(self) -> dict[str, Any]:
        """The newest change, as `change show` tells it."""
        found: dict[str, Any] = json.loads(self.told("change", "show", "--json"))
        return found

    def files(self, folder: str) -> str:
        """The texts of all files in a folder."""
        return self.run("sh", "-c", f"cd {folder} 2>/dev/null && cat * 2>/dev/null || true")

    def journal(self) -> dict[str, Any]:
        """The journal of the newest change."""
        said = self.run("sh", "-c", "cat $(ls -d /run/kvmnet-tui/2*/ | tail -1)journal.json")
        journal: dict[str, Any] = json.loads(said)
        return journal

    def device_of_address(self) -> str:
        """Every link with the host's address, for there may be none, or two."""
        lines = self.run("ip", "-o", "-4", "address", "show", "to", ADDRESS).splitlines()
        return " ".join(line.split()[1] for line in lines)

    def profile_of(self, link: str) -> str:
        """The profile that is active on a link."""
        return self.run("nmcli", "-g", "GENERAL.CONNECTION", "device", "show", link).strip()

    def has_link(self, name: str) -> bool:
        """Whether there is such a link."""
        return self.tried("ip", "link", "show", "dev", name).returncode == 0

    def is_reached(self) -> bool:
        """Whether the host answers the office."""
        return "1 received" in self.office("ping", "-c", "1", "-W", "2", ADDRESS, check=False)

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait for a condition."""
        deadline = time.monotonic() + _PATIENCE
        while not condition():
            assert time.monotonic() < deadline, f"not seen: {what}"
            time.sleep(0.1)

    # NetworkManager itself.

    def asked(self, method: str, *arguments: str, check: bool = True) -> str:
        """What a method of NetworkManager answers."""
        return self.run("busctl", "call", NAME, PATH, NAME, method, *arguments, check=check)

    def checkpoint_on(self, link: str, seconds: int = 600) -> str:
        """A checkpoint of another program's; its path."""
        device = _quoted(self.asked("GetDeviceByIpIface", "s", link))
        return _quoted(self.asked("CheckpointCreate", "aouu", "1", device, str(seconds), "0"))

    def checkpoints(self) -> list[str]:
        """The paths of all checkpoints."""
        said = self.run("busctl", "get-property", NAME, PATH, NAME, "Checkpoints")
        return said.split('"')[1::2]

    def property_of(self, checkpoint: str, name: str) -> str:
        """A property of a checkpoint, in the words of busctl."""
        interface = f"{NAME}.Checkpoint"
        return self.run("busctl", "get-property", NAME, checkpoint, interface, name).strip()

    def kill_networkmanager(self) -> None:
        """As a crash would end it."""
        pid = int(self.run("cat", "/run/networkmanager.pid"))
        os.kill(pid, signal.SIGKILL)
        self.until(lambda: "running" not in self._running(), "NetworkManager's end")

    @contextmanager
    def networkmanager_again(self) -> Iterator[None]:
        """Another daemon after the first one's end; it ends with the block."""
        daemon = subprocess.Popen(
            self.command(["NetworkManager", "--no-daemon", "--log-level=WARN"]),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env=dict(self.environment()),
        )  # fmt: skip
        try:
            self.until(lambda: self._running() == "running", "NetworkManager")
            self.run("nm-online", "--quiet", "--timeout=30", check=False)
            yield
        finally:
            daemon.terminate()
            daemon.wait(30)

    def _running(self) -> str:
        return self.tried("nmcli", "-t", "-f", "RUNNING", "general").stdout.strip()

    # Who watches over a change.

    def kill_guards(self) -> None:
        """The guard and its watcher, at once."""
        own = Path(f"/proc/{self.pid}/ns/net").readlink()
        for folder in Path("/proc").iterdir():
            try:
                is_guard = b"guard.pyz" in (folder / "cmdline").read_bytes()
                if is_guard and (folder / "ns/net").readlink() == own:
                    os.kill(int(folder.name), signal.SIGKILL)
            except (OSError, ValueError):
                continue

    @contextmanager
    def dhcp_server(self, leases: Path) -> Iterator[None]:
        """Gives out addresses from the host's own on, one after another, to whoever is new."""
        argv = [
            "dnsmasq", "--no-daemon", "--conf-file=/dev/null", "--port=0", "--interface=br0",
            "--bind-interfaces", "--dhcp-authoritative", "--dhcp-sequential-ip", "--no-ping",
            f"--dhcp-range={ADDRESS},10.1.1.99,255.255.255.0,10m",
            f"--dhcp-option=3,{GATEWAY}", f"--dhcp-leasefile={leases}", "--pid-file=",
        ]  # fmt: skip
        server = subprocess.Popen(
            self.office_command(argv), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        assert server.stderr is not None
        try:
            assert any(b"sockets bound" in line for line in server.stderr), "no DHCP server"
            yield
        finally:
            server.terminate()
            server.wait(10)
            server.stderr.close()


def _quoted(said: str) -> str:
    return said.split('"')[1]
