"""A private libvirtd in namespaces of its own, with network `default` and, if wanted, a guest.

    python -m tests.support.libvirtd

starts it with a booting guest, says how to enter it, and removes everything on Ctrl-C.

Its processes live in a process namespace whose first process ends when the test closes its
standard input or dies: then the kernel kills libvirtd, dnsmasq and QEMU, and with the last of them
the links, mounts and files are gone. Files are reached from outside through /proc/PID/root.
"""

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.support.namespaces import Namespace

INIT = Path(__file__).with_name("libvirtd_init.sh")
START_SECONDS = 30.0

DEFAULT_NETWORK = """<network>
  <name>default</name>
  <uuid>5687d2e1-c14d-42bb-abe2-fcb4bfac2a12</uuid>
  <forward mode='nat'/>
  <bridge name='virbr0' stp='on' delay='0'/>
  <mac address='52:54:00:79:e3:41'/>
  <ip address='192.168.122.1' netmask='255.255.255.0'>
    <dhcp>
      <range start='192.168.122.2' end='192.168.122.254'/>
    </dhcp>
  </ip>
</network>
"""


class Libvirtd(Namespace):
    """The lab: `pid` is its first process, `uri` its daemon as seen from outside."""

    def __init__(self, pid: int) -> None:
        super().__init__(f"libvirtd {pid}")
        self.pid = pid
        self.uri = f"qemu+unix:///system?socket={self.outside('/run/libvirt/libvirt-sock')}"

    @property
    def path(self) -> Path:
        """Where the network namespace can be entered."""
        return Path(f"/proc/{self.pid}/ns/net")

    def outside(self, inside: str) -> Path:
        """A file of the lab's, to be opened from outside."""
        return Path(f"/proc/{self.pid}/root{inside}")

    def command(self, *command: str) -> list[str]:
        """The command line that runs `command` inside the lab, in its root folder."""
        return ["nsenter", "-t", str(self.pid), "--net", "--mount", "--pid", "--", *command]

    def run(self, *command: str, check: bool = True, text: str = "") -> str:
        """The output of a command run inside, fed with `text`."""
        done = subprocess.run(
            self.command(*command),
            input=text,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env=os.environ | {"LC_ALL": "C.UTF-8"},
        )
        assert not check or done.returncode == 0, f"{command}: {done.stderr}"
        return done.stdout

    def batch(self, lines: Sequence[str]) -> None:
        """Many `ip` commands at the price of one process."""
        self.run("ip", "-batch", "-", text="\n".join(lines) + "\n")

    def virsh(self, *words: str, text: str = "") -> str:
        """What virsh prints; `text` is written to the file /dev/stdin that `words` may name."""
        return self.run("virsh", "--quiet", *words, text=text)

    def define(self, kind: str, xml: str) -> None:
        """Define a network (`net-define`) or a guest (`define`)."""
        self.virsh(kind, "/dev/stdin", text=xml)

    def start_daemon(self) -> None:
        """Start libvirtd and wait until it answers."""
        self.run("libvirtd", "--daemon", "--pid-file", "/run/libvirtd.pid")
        wait_until(lambda: self.run("virsh", "--quiet", "uri", check=False), "libvirtd answers")

    def stop_daemon(self) -> None:
        """End libvirtd and nothing else: guests and dnsmasq stay."""
        pid = self.daemon_pid()
        self.run("kill", pid)
        wait_until(lambda: not self.is_running(pid), "libvirtd has ended")

    def daemon_pid(self) -> str:
        """The daemon's pid as seen inside."""
        return self.run("cat", "/run/libvirtd.pid").strip()

    def is_running(self, pid: str) -> bool:
        """Whether a process inside still runs."""
        return bool(self.run("ps", "-o", "pid=", "-p", pid, check=False).strip())


def wait_until(condition: Callable[[], object], what: str, seconds: float = START_SECONDS) -> None:
    """Poll until the condition holds; AssertionError when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.05)


@contextmanager
def private_libvirtd() -> Iterator[Libvirtd]:
    """A libvirtd with network `default` active; nothing of it is left at the end."""
    with _namespaces() as pid:
        lab = Libvirtd(pid)
        lab.outside("/etc/libvirt/qemu/networks/default.xml").write_text(DEFAULT_NETWORK)
        lab.start_daemon()
        wait_until(lambda: "active" in lab.virsh("net-list"), "network default is active")
        yield lab


@contextmanager
def _namespaces() -> Iterator[int]:
    """Namespaces set up by libvirtd_init.sh; the pid, seen from here, of their first process."""
    kinds = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    holder = subprocess.Popen(
        ["unshare", *kinds, "/bin/sh", str(INIT), sys.executable],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "ready\n", "the lab's namespaces could not be set up"
        yield _only_child(holder.pid)
    finally:
        holder.kill()
        holder.communicate()


def _only_child(pid: int) -> int:
    (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(child)


def main() -> None:
    """Hold the lab with a booting guest until Ctrl-C."""
    from tests.support.guest import boot, guest_image  # noqa: PLC0415 - it builds on this module

    with private_libvirtd() as lab:
        guest = boot(lab, guest_image())
        print(f"The guest {guest.name} has booted. Inside the lab:", flush=True)
        program = Path(sys.executable).with_name("kvmnet-tui")
        print(" ", shlex.join(lab.command(str(program))), flush=True)
        print(f"libvirt from outside: {lab.uri}", flush=True)
        print("Ctrl-C ends it.", flush=True)
        signal.sigwait({signal.SIGINT, signal.SIGTERM})


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    main()
