"""A host in namespaces of its own whose links a real manager looks after, and its office.

ens32 and ens36 have their cables in a switch in the office's namespace, where the gateway
10.1.1.1 is; ens32 has 10.1.1.2 and the way out. Nothing of it outlives the `with`.
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Final

from tests.support.ifupdown import unpacked

GATEWAY: Final = "10.1.1.1"
ADDRESS: Final = "10.1.1.2"
ROOT: Final = Path(__file__).parents[2]
_HERE: Final = Path(__file__).parent
_HOLD: Final = ("sh", "-c", "echo ready; exec cat")
_NICS: Final = ("32", "36")


class KeptBy(StrEnum):
    """Who looks after ens32."""

    NETWORKMANAGER = "networkmanager"
    IFUPDOWN = "ifupdown"
    NOBODY = "nobody"


class ManagedHost:
    """The host; its commands run inside."""

    def __init__(self, kept_by: KeptBy) -> None:
        self._script = _script(kept_by)

    def __enter__(self) -> "ManagedHost":
        self._holder = _held("--net", "--mount", "sh", *self._script)
        self._office = _held("--net")
        for number in _NICS:
            self.run("ip", "link", "set", f"far{number}", "netns", str(self._office.pid))
        self.office(
            "sh", "-ec",
            "ip link set lo up; ip link add br0 type bridge; ip link set br0 up;"
            f"ip address add {GATEWAY}/24 dev br0;"
            + "".join(f"ip link set far{one} master br0 up;" for one in _NICS),
        )  # fmt: skip
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for holder in (self._holder, self._office):
            assert holder.stdin is not None
            holder.stdin.close()
            holder.wait(60)
            assert holder.stdout is not None
            holder.stdout.close()

    @property
    def pid(self) -> int:
        """A process inside."""
        return self._holder.pid

    def command(self, argv: Sequence[str]) -> list[str]:
        """The command line that runs `argv` inside."""
        return ["nsenter", "--net", "--mount", "--target", str(self.pid), "--", *argv]

    def office_command(self, argv: Sequence[str]) -> list[str]:
        """The command line that runs `argv` in the office."""
        return ["nsenter", "--net", "--target", str(self._office.pid), "--", *argv]

    def environment(self) -> Mapping[str, str]:
        """What a login over ens32 has around it."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": "/run",
            "LANG": "C.UTF-8",
            "SSH_CONNECTION": f"{GATEWAY} 50022 {ADDRESS} 22",
        }

    def run(self, *argv: str, check: bool = True, seconds: float = 120.0) -> str:
        """What a command prints inside; AssertionError with its complaint."""
        done = self.tried(*argv, seconds=seconds)
        assert not check or done.returncode == 0, f"{argv}: {done.stdout}{done.stderr}"
        return done.stdout

    def tried(self, *argv: str, seconds: float = 120.0) -> subprocess.CompletedProcess[str]:
        """The same, however it ends."""
        return subprocess.run(
            self.command(argv),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
            cwd=ROOT,
            env=self.environment(),
        )

    def program(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """kvmnet-tui's own command line."""
        return self.tried(sys.executable, "-m", "kvmnet_tui", "--lang", "en", *arguments)

    def told(self, *arguments: str) -> str:
        """What kvmnet-tui says; it must succeed."""
        done = self.program(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def device_of_address(self) -> str:
        """Which link has the host's address."""
        return self.run("ip", "-o", "-4", "address", "show", "to", ADDRESS).split()[1]

    def office(self, *argv: str, check: bool = True) -> str:
        """What a command prints in the office."""
        command = self.office_command(argv)
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert not check or done.returncode == 0, f"{argv}: {done.stdout}{done.stderr}"
        return done.stdout


def _script(kept_by: KeptBy) -> tuple[str, ...]:
    match kept_by:
        case KeptBy.NETWORKMANAGER:
            return (str(_HERE / "networkmanager.sh"),)
        case KeptBy.IFUPDOWN:
            return (str(_HERE / "ifupdown.sh"), str(unpacked()))
        case KeptBy.NOBODY:
            return (str(_HERE / "ifupdown.sh"), "")


def _held(*namespaces: str) -> "subprocess.Popen[bytes]":
    process = subprocess.Popen(
        ["unshare", *namespaces, *_HOLD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n", "the namespaces could not be made"
    return process
