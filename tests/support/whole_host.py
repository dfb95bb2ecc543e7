"""A whole host under QEMU, reached as its administrator reaches it: over SSH, through its NIC.

Two NICs, ens32 and ens36, sit on one switch; ens32 carries the SSH sessions. A host is booted once
and its memory kept on its disk, so that each test begins within seconds, on a copy of its own.
"""

import itertools
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, TypeVar

from tests.support.whole_host_image import ADDRESS, LIBRARIES, NICS, Images, Kind, images

BOOT_SECONDS: Final = 300.0  # 35 s on an idle machine
MEMORY: Final = "640M"
READY: Final = "ready"  # the name of the snapshot
CHECKOUT: Final = Path(__file__).parents[2]
PROGRAM: Final = "/opt/kvmnet-tui"
_SSH: Final = (
    *("-F", "none", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"),
    *("-o", "LogLevel=ERROR", "-o", "ConnectTimeout=5", "-o", "BatchMode=yes"),
)
Found = TypeVar("Found")


class Machine:
    """QEMU running a disk; its monitor pulls cables and cuts the power."""

    def __init__(self, made: Images, folder: Path, disk: Path, *, resume: bool = False) -> None:
        self._key = made.key
        self.console = folder / "console"
        monitor = folder / "monitor"
        monitor.unlink(missing_ok=True)
        self._process = subprocess.Popen(
            [*_qemu(made, disk, self.console, monitor), *(["-loadvm", READY] if resume else [])],
            stdin=subprocess.DEVNULL,
            stdout=(folder / "qemu.log").open("wb"),
            stderr=subprocess.STDOUT,
        )
        self._monitor = _Monitor(monitor, self._process)
        self.port = self._forwarded_port()

    def ssh_command(self, *options: str) -> list[str]:
        """The client's command line up to the host's name."""
        place = ["-i", str(self._key), "-p", str(self.port)]
        return ["ssh", *_SSH, *place, *options, "root@127.0.0.1"]

    def run(self, command: str, *, seconds: float = 120.0, check: bool = True) -> str:
        """A command in a login of its own; what it wrote on standard output."""
        done = self.tried(command, seconds=seconds)
        assert not check or done.returncode == 0, f"{command}: {done.stderr}\n{done.stdout}"
        return done.stdout

    def tried(self, command: str, *, seconds: float = 120.0) -> subprocess.CompletedProcess[str]:
        """The same, however it ends."""
        return subprocess.run(
            [*self.ssh_command(), command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
        )

    def answers(self) -> bool:
        """Whether a new login gets through now."""
        try:
            return self.tried("true", seconds=20).returncode == 0
        except subprocess.TimeoutExpired:
            return False

    def until_reachable(self, seconds: float = BOOT_SECONDS) -> None:
        """Wait for a login to get through."""
        self.until(self.answers, "a login gets through", seconds)

    def until(self, found: Callable[[], Found], what: str, seconds: float = 120.0) -> Found:
        """Ask until there is an answer; AssertionError says that there was no `what`."""
        deadline = time.monotonic() + seconds
        while not (answer := found()):
            assert time.monotonic() < deadline, f"{what}: not within {seconds:g} s\n{self.said()}"
            assert self._process.poll() is None, f"QEMU ended: {self.said()}"
            time.sleep(0.3)
        return answer

    def said(self) -> str:
        """The end of what the host printed on its console."""
        text = self.console.read_text(errors="replace") if self.console.exists() else ""
        return text[-3000:]

    def put(self, source: Path, name: str) -> None:
        """Copy a folder of Python files to `name` on the host, replacing it."""
        command = f"rm -rf {name} && mkdir -p {name} && tar -xf - -C {name}"
        with subprocess.Popen([*self.ssh_command(), command], stdin=subprocess.PIPE) as sending:
            assert sending.stdin is not None
            with tarfile.open(fileobj=sending.stdin, mode="w|") as archive:
                archive.add(source, source.name, filter=_without_leavings)
            sending.stdin.close()
            assert sending.wait(120) == 0

    def set_cable(self, nic: str, plugged: bool) -> None:
        """Pull or plug the cable of a NIC."""
        self._monitor.command(f"set_link {nic} {'on' if plugged else 'off'}")

    def set_gateway(self, answering: bool) -> None:
        """Let the switch lose its way out, the NICs keeping their carriers, or find it again."""
        self._monitor.command(f"set_link office {'on' if answering else 'off'}")

    def keep(self) -> None:
        """Keep memory and disk as they are now under the name the next machine resumes."""
        said = self._monitor.command(f"savevm {READY}", seconds=300)
        assert "rror" not in said, said

    def reset(self) -> None:
        """The reset button."""
        self._monitor.command("system_reset")

    def cut_power(self) -> None:
        """What the host had not written to its disk is lost."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self._monitor.close()

    def _forwarded_port(self) -> int:
        found = re.search(
            r"TCP\[HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(\d+)",
            self._monitor.command("info usernet"),
        )
        assert found is not None
        return int(found[1])


class WholeHost:
    """A host with a disk of its own, whose power can be cut and given back."""

    def __init__(self, kind: Kind, folder: Path, disk: Path) -> None:
        self.kind = kind
        self._folder = folder
        self._disk = disk
        self.machine = Machine(images(), folder, disk, resume=True)

    def boot_again(self) -> None:
        """Power back after a cut: a cold start from what is on the disk."""
        self.machine.cut_power()
        self.machine = Machine(images(), self._folder, self._disk)
        self.machine.until_reachable()

    def reboot(self) -> None:
        """An orderly restart, as the administrator types it."""
        before = self.boot_id()
        self.machine.tried("systemctl reboot")
        self.machine.until(lambda: self.boot_id() not in ("", before), "another boot", BOOT_SECONDS)

    def boot_id(self) -> str:
        """The kernel's name of this boot, "" when nobody answers."""
        try:
            return self.machine.tried("cat /proc/sys/kernel/random/boot_id", seconds=20).stdout
        except subprocess.TimeoutExpired:
            return ""

    def session(self) -> "Session":
        """A login that stays."""
        return Session(self.machine.ssh_command("-tt"))


class Session:
    """One SSH connection with a shell in it. When it breaks, every question to it fails."""

    def __init__(self, command: list[str]) -> None:
        self._process = subprocess.Popen(
            [*command, "PS1= exec sh"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._in = self._process.stdin
        self._out = self._process.stdout
        os.set_blocking(self._out.fileno(), False)
        self._seen = ""
        self._number = 0
        self.ask("stty -echo")

    def __enter__(self) -> "Session":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.drop()

    def ask(self, command: str, seconds: float = 120.0) -> str:
        """What the command prints, over this very connection."""
        self._number += 1
        mark = f"answer-{self._number}"
        self.type(f"{command}; echo '' {mark[:6]}''{mark[6:]}:$?\n")
        return self.expect(rf"(?s)(.*?){mark}:\d+", seconds).strip()

    def type(self, text: str) -> None:
        """Type without waiting."""
        self._in.write(text.encode())
        self._in.flush()

    def expect(self, pattern: str, seconds: float = 120.0) -> str:
        """Wait for output that matches; its first group, and all up to it is forgotten."""
        deadline = time.monotonic() + seconds
        while not (found := re.search(pattern, self._seen)):
            assert self._process.poll() is None, f"the session has ended: {self._seen}"
            assert time.monotonic() < deadline, f"no {pattern!r} in {self._seen!r}"
            if text := self._out.read():
                self._seen += text.decode(errors="replace")
            else:
                time.sleep(0.05)
        self._seen = self._seen[found.end() :]
        return found[1] if found.groups() else found[0]

    def drop(self) -> None:
        """The client dies without a word: what a closed laptop looks like."""
        self._process.kill()
        self._process.wait()
        self._in.close()
        self._out.close()


Another = Callable[[], AbstractContextManager[WholeHost]]


class _Monitor:
    """QEMU's monitor (QMP), used for the commands people type there."""

    def __init__(self, path: Path, process: "subprocess.Popen[bytes]") -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(60)
        deadline = time.monotonic() + 60
        while True:
            try:
                self._socket.connect(str(path))
                break
            except OSError:
                assert process.poll() is None, "QEMU did not start"
                assert time.monotonic() < deadline, "QEMU opened no monitor"
                time.sleep(0.05)
        self._stream = self._socket.makefile("rw", encoding="utf-8")
        self._stream.readline()  # the greeting
        self._execute("qmp_capabilities")

    def command(self, line: str, seconds: float = 60.0) -> str:
        """What the monitor answers to a line."""
        self._socket.settimeout(seconds)
        return str(self._execute("human-monitor-command", {"command-line": line}))

    def close(self) -> None:
        self._stream.close()
        self._socket.close()

    def _execute(self, name: str, arguments: dict[str, str] | None = None) -> Any:
        self._stream.write(json.dumps({"execute": name, "arguments": arguments or {}}) + "\n")
        self._stream.flush()
        while True:
            said = json.loads(self._stream.readline())
            assert "error" not in said, said
            if "return" in said:  # events come in between
                return said["return"]


@contextmanager
def ready_hosts(kind: Kind, folder: Path) -> Iterator[Another]:
    """Boots once; yields what makes a host as it was then, each on a disk of its own."""
    first = _boot_once(kind, folder)
    numbers = itertools.count()

    @contextmanager
    def another() -> Iterator[WholeHost]:
        place = folder / f"{kind.name}-{next(numbers)}"
        place.mkdir()
        disk = place / "disk.qcow2"
        shutil.copyfile(first, disk)
        host = WholeHost(kind, place, disk)
        try:
            yield host
        finally:
            host.machine.cut_power()
            shutil.rmtree(place)

    try:
        yield another
    finally:
        first.unlink()


def _boot_once(kind: Kind, folder: Path) -> Path:
    """A disk that holds the memory of a host with the checkout's program installed."""
    made = images()
    disk = folder / f"{kind.name}.qcow2"
    subprocess.run(
        ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", made.disk(kind), disk],
        check=True,
    )
    machine = Machine(made, folder, disk)
    try:
        machine.until_reachable()
        install(machine)
        machine.until(
            lambda: "running" in machine.run("systemctl is-system-running", check=False),
            "the host is up",
        )
        machine.keep()
    finally:
        machine.cut_power()
    return disk


def install(machine: Machine) -> None:
    """Put the checkout's program on the host, where its users find it."""
    machine.put(CHECKOUT / "kvmnet_tui", PROGRAM)
    machine.run(
        "printf '%s\\n' '#!/bin/sh' "
        f"'PYTHONPATH={PROGRAM}:{LIBRARIES} exec python3 -m kvmnet_tui \"$@\"' "
        ">/usr/local/bin/kvmnet-tui && chmod 755 /usr/local/bin/kvmnet-tui && "
        "kvmnet-tui --version && sync"
    )


def _without_leavings(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    entry.uid = entry.gid = 0
    return None if "__pycache__" in entry.name else entry


def _qemu(made: Images, disk: Path, console: Path, monitor: Path) -> list[str]:
    nics = [
        part
        for number, (nic, mac) in enumerate(NICS.items())
        for part in (
            *("-netdev", f"hubport,hubid=0,id=port{number}"),
            *("-device", f"virtio-net-pci,id={nic},netdev=port{number},mac={mac},romfile="),
        )
    ]
    format_ = "raw" if disk.suffix == ".ext4" else "qcow2"
    return [
        *("qemu-system-x86_64", "-nodefaults", "-display", "none", "-no-user-config"),
        *("-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", MEMORY),
        *("-kernel", str(made.kernel), "-initrd", str(made.initrd)),
        *("-append", "root=/dev/vda rw console=ttyS0 quiet panic=-1"),
        *("-drive", f"file={disk},if=virtio,format={format_},cache=writeback"),
        *("-device", "virtio-rng-pci"),
        *("-netdev", f"user,id=office,restrict=on,hostfwd=tcp:127.0.0.1:0-{ADDRESS}:22"),
        *("-netdev", "hubport,hubid=0,id=wall,netdev=office", *nics),
        *("-serial", f"file:{console}", "-qmp", f"unix:{monitor},server=on,wait=off"),
    ]
