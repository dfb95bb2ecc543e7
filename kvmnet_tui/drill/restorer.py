"""Takes a bond's member down when told, and brings it up again whatever becomes of everybody else.

A program of its own (`python -I -S restorer.py ORDERS`), standard library only. It detaches
itself (two forks, a session of its own), holds the lock of the bond's drill, and then obeys lines
on its standard input: `down` and `up`. The member is brought up, too, when standard input ends
(whoever started this is gone) and at the deadline, which counts in CLOCK_BOOTTIME: neither a
suspended machine nor a wall clock that is set puts it off. It answers with lines of JSON:
`["armed", at]`, `["down", at]`, `["up", at]`, `["refused", words]`.
"""

import fcntl
import json
import os
import select
import signal
import socket
import struct
import sys
import time
from contextlib import suppress
from pathlib import Path

SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 0x1
TRY_SECONDS = 0.2
TRY_FOR_SECONDS = 60.0
SYSTEMD = Path("/run/systemd/system")
ROOT_GROUPS = (
    Path("/sys/fs/cgroup/cgroup.procs"),
    Path("/sys/fs/cgroup/systemd/cgroup.procs"),
)


class Member:
    """A link by its index: it may be renamed meanwhile."""

    def __init__(self, name: str, bond: str) -> None:
        self.index = socket.if_nametoindex(name)
        self.bond = bond
        self._control = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    @property
    def name(self) -> str:
        """What it is called now; OSError when it is gone."""
        return socket.if_indextoname(self.index)

    def set_up(self, up: bool) -> None:
        """Set the link up or down, like `ip link set`."""
        flags = self._flags()
        wanted = flags | IFF_UP if up else flags & ~IFF_UP
        request = struct.pack("16sH14x", self.name.encode(), wanted)
        fcntl.ioctl(self._control, SIOCSIFFLAGS, request)

    def is_up(self) -> bool:
        """Whether it is set up."""
        return bool(self._flags() & IFF_UP)

    def _flags(self) -> int:
        request = struct.pack("16sH14x", self.name.encode(), 0)
        answer = fcntl.ioctl(self._control, SIOCGIFFLAGS, request)
        flags: int = struct.unpack_from("16sH", answer)[1]
        return flags

    def is_in_bond(self) -> bool:
        """Whether it still is a member of its bond."""
        with suppress(OSError):
            master = Path("/sys/class/net", self.name, "master").resolve().name
            return master == self.bond
        return False

    def rejoin(self) -> None:
        """Join the bond again; a link must be down for that."""
        self.set_up(False)
        Path("/sys/class/net", self.bond, "bonding/slaves").write_text(f"+{self.name}")


def restore(member: Member) -> bool:
    """Bring it up, again and again until it is; False when that cannot be."""
    deadline = time.clock_gettime(time.CLOCK_BOOTTIME) + TRY_FOR_SECONDS
    while time.clock_gettime(time.CLOCK_BOOTTIME) < deadline:
        try:
            if not member.is_in_bond():
                member.rejoin()
            member.set_up(True)
            if member.is_up() and member.is_in_bond():
                return True
        except OSError:
            if not _exists(member):
                return False
        time.sleep(TRY_SECONDS)
    return False


def _exists(member: Member) -> bool:
    try:
        return bool(member.name)
    except OSError:
        return False


class Restorer:
    """Waits for orders, for their end and for the deadline."""

    def __init__(self, member: Member, seconds: float) -> None:
        self._member = member
        self._deadline = time.clock_gettime(time.CLOCK_BOOTTIME) + seconds
        self._is_down = False
        self._read = b""

    def run(self) -> None:
        """Until the member is up for good."""
        say("armed", time.time())
        poll = select.poll()
        poll.register(0, select.POLLIN)
        while time.clock_gettime(time.CLOCK_BOOTTIME) < self._deadline:
            if poll.poll(500) and not self._obey(os.read(0, 4096)):
                break
        if self._is_down:
            restore(self._member)
        say("up", time.time())

    def _obey(self, data: bytes) -> bool:
        """Do what the lines say; False when that was the last."""
        self._read += data
        *lines, self._read = self._read.split(b"\n")
        for line in lines:
            if line == b"down":
                self._down()
            elif line == b"up":
                return False
        return bool(data)

    def _down(self) -> None:
        self._is_down = True  # first: from here on it is ours to bring up
        at = time.time()
        try:
            self._member.set_up(False)
        except OSError as error:
            say("refused", error.strerror or str(error))
        else:
            say("down", at)


def say(*record: object) -> None:
    """A line for whoever may still listen."""
    with suppress(OSError):
        os.write(1, json.dumps(record).encode() + b"\n")


def detach() -> None:
    """Become nobody's child, in a session and, under systemd, in a control group of its own."""
    if os.fork():
        os._exit(0)
    os.setsid()
    if os.fork():
        os._exit(0)
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGPIPE, signal.SIGTSTP):
        signal.signal(number, signal.SIG_IGN)
    os.chdir("/")
    if SYSTEMD.is_dir():  # else it would end with the login's session
        for group in ROOT_GROUPS:
            with suppress(OSError):
                group.write_text(str(os.getpid()))


def take_lock(path: Path) -> int:
    """The bond's drill lock, held until this process ends; OSError when another has it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.ftruncate(descriptor, 0)
    os.write(descriptor, f"{os.getpid()}\n".encode())
    return descriptor


def main() -> int:
    """Detach, take the lock, and guard the member."""
    orders = json.loads(sys.argv[1])
    detach()
    try:
        take_lock(Path(orders["lock"]))
    except BlockingIOError:
        say("refused", "busy")
        return 1
    except OSError as error:
        say("refused", error.strerror or str(error))
        return 1
    try:
        member = Member(orders["member"], orders["bond"])
    except OSError as error:
        say("refused", error.strerror or str(error))
        return 1
    Restorer(member, float(orders["seconds"])).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
