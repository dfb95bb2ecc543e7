"""Sends a probe every few milliseconds and says when each was answered, and what the bond did.

A program of its own (`python -I -S prober.py`), standard library only. Its standard input is one
line of JSON (see `Orders`), then nothing until its end, which ends the program. Its output is
JSON lines, times in seconds since the epoch:

    ["ready", at]
    ["probe", target, sent, answered or null]
    ["carrier"|"up", at, link, true or false]     ["mii", at, link, status]
    ["active", at, bond, link or ""]              ["aggregator", at, link, number]
    ["peers", at, bond]                           the kernel has neighbours notified
    ["arp", at, address]                          a gratuitous ARP left through the bond
    ["trouble", target, words]                    a probe could not be sent
"""

import ctypes
import errno
import json
import os
import select
import socket
import struct
import sys
import time
from collections import deque
from contextlib import suppress
from typing import Any

ETH_P_ALL, ETH_P_ARP, ETH_P_IP = 0x0003, 0x0806, 0x0800
SO_ATTACH_FILTER, SO_TIMESTAMPNS, SO_BINDTODEVICE = 26, 35, 25
ICMP_FILTER, ICMP6_FILTER, SOL_RAW = 1, 1, 255
PACKET_OUTGOING = 4
GIVE_UP_SECONDS = 1.0  # an answer that comes later counts as lost
BACKLOG = 4 << 20  # bytes of output that nobody takes, before the program ends

RTM_NEWLINK, RTM_GETLINK = 16, 18
NLM_F_REQUEST, NLM_F_DUMP, NLMSG_DONE, NLMSG_ERROR = 0x1, 0x300, 3, 2
IFLA_IFNAME, IFLA_MASTER, IFLA_LINKINFO, IFLA_EVENT = 3, 10, 18, 44
INFO_DATA, INFO_SLAVE_DATA = 2, 5
BOND_ACTIVE, SLAVE_MII, SLAVE_AGGREGATOR = 2, 2, 6
EVENT_NOTIFY_PEERS = 4
IFF_UP, IFF_LOWER_UP = 0x1, 0x10000
MII_WORDS = ("up", "going down", "down", "going back")


class Output:
    """JSON lines that never make the program wait for whoever reads them."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._waiting = bytearray()
        os.set_blocking(descriptor, False)

    def say(self, *record: object) -> None:
        """File a line; `flush` writes it."""
        self._waiting += json.dumps(record, separators=(",", ":")).encode() + b"\n"
        if len(self._waiting) > BACKLOG:
            raise BrokenPipeError

    def flush(self) -> None:
        """Write what the reader takes."""
        if self._waiting:
            with suppress(BlockingIOError):
                del self._waiting[: os.write(self.descriptor, self._waiting)]


class Watch:
    """What the bond and its members do, from the kernel's own messages."""

    def __init__(self, bond: str, members: list[str], say: "Output") -> None:
        self._out = say
        self._names = {socket.if_nametoindex(name): name for name in (bond, *members)}
        self._bond = socket.if_nametoindex(bond)
        self._known: dict[tuple[int, str], object] = {}
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.bind((0, 1))  # RTMGRP_LINK
        self._ask_all()

    def _ask_all(self) -> None:
        """How everything is now, said once as the beginning."""
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as asking:
            for index in self._names:
                body = struct.pack("=BxHiII", 0, 0, index, 0, 0)
                head = struct.pack("=IHHII", 16 + len(body), RTM_GETLINK, NLM_F_REQUEST, 1, 0)
                asking.send(head + body)
                self._read(asking.recv(1 << 16), time.time())

    def readable(self) -> None:
        """Take what has come."""
        while True:
            try:
                data = self.socket.recv(1 << 16, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
                self._ask_all()
                continue
            self._read(data, time.time())

    def _read(self, data: bytes, at: float) -> None:
        start = 0
        while start + 32 <= len(data):
            length, kind = struct.unpack_from("=IH", data, start)
            if length < 16:
                return
            index, flags = struct.unpack_from("=iI", data, start + 20)
            if kind == RTM_NEWLINK and index in self._names and data[start + 16] == 0:
                self._link(at, index, flags, data, (start + 32, start + length))
            start += (length + 3) & ~3

    def _link(self, at: float, index: int, flags: int, data: bytes, place: tuple[int, int]) -> None:
        name = self._names[index]
        self._tell("up", at, index, name, bool(flags & IFF_UP))
        self._tell("carrier", at, index, name, bool(flags & IFF_LOWER_UP))
        found = attributes(data, *place)
        info = attributes(data, *found[IFLA_LINKINFO]) if IFLA_LINKINFO in found else {}
        if index == self._bond and INFO_DATA in info:
            self._of_bond(at, data, attributes(data, *info[INFO_DATA]))
        elif INFO_SLAVE_DATA in info:
            self._of_member(at, index, data, attributes(data, *info[INFO_SLAVE_DATA]))
        event = number(data, found[IFLA_EVENT]) if IFLA_EVENT in found else 0
        if index == self._bond and event == EVENT_NOTIFY_PEERS:
            self._out.say("peers", at, name)

    def _of_bond(self, at: float, data: bytes, settings: dict[int, tuple[int, int]]) -> None:
        active = number(data, settings[BOND_ACTIVE]) if BOND_ACTIVE in settings else 0
        bond = self._names[self._bond]
        self._tell("active", at, self._bond, bond, self._names.get(active, ""))

    def _of_member(
        self, at: float, index: int, data: bytes, settings: dict[int, tuple[int, int]]
    ) -> None:
        name = self._names[index]
        if SLAVE_MII in settings:
            status = data[settings[SLAVE_MII][0]]
            self._tell("mii", at, index, name, MII_WORDS[status] if status < 4 else str(status))
        if SLAVE_AGGREGATOR in settings:
            aggregator = struct.unpack_from("=H", data, settings[SLAVE_AGGREGATOR][0])[0]
            self._tell("aggregator", at, index, name, aggregator)

    def _tell(self, what: str, at: float, index: int, name: str, value: object) -> None:
        if self._known.get((index, what)) != value:
            self._known[index, what] = value
            self._out.say(what, at, name, value)


def attributes(data: bytes, start: int, end: int) -> dict[int, tuple[int, int]]:
    """Where each netlink attribute's value lies."""
    found = {}
    while start + 4 <= end:
        length, kind = struct.unpack_from("=HH", data, start)
        if length < 4 or start + length > end:
            break
        found[kind & 0x3FFF] = (start + 4, start + length)
        start += (length + 3) & ~3
    return found


def number(data: bytes, place: tuple[int, int]) -> int:
    """A 32-bit attribute's value."""
    value: int = struct.unpack_from("=I", data, place[0])[0]
    return value


class Target:
    """One address; knows which probes are under way."""

    def __init__(self, number_: int, out: Output) -> None:
        self._number = number_
        self._out = out
        self._under_way: deque[tuple[int, float]] = deque()
        self._answered: dict[int, float] = {}
        self._sequence = 0
        self._trouble = ""

    def readable(self) -> None:
        """Take the answers that have come."""
        raise NotImplementedError

    def _send(self, sequence: int) -> None:
        raise NotImplementedError

    def probe(self) -> None:
        """Send one."""
        self._sequence = (self._sequence + 1) & 0xFFFF
        sent = time.time()
        trouble = ""
        try:
            self._send(self._sequence)
        except OSError as error:  # no route, no carrier: a probe that is lost at once
            trouble = error.strerror or str(error)
        self._under_way.append((self._sequence, sent))
        if trouble != self._trouble:
            self._trouble = trouble
            if trouble:
                self._out.say("trouble", self._number, trouble)

    def answered(self, sequence: int, at: float) -> None:
        """An answer to that probe came."""
        self._answered[sequence] = at

    def settle(self, now: float) -> None:
        """Say what became of the probes that are answered or too old."""
        if not self._under_way:
            return
        if not self._answered and now - self._under_way[0][1] < GIVE_UP_SECONDS:
            return
        left: deque[tuple[int, float]] = deque()
        for sequence, sent in self._under_way:
            at = self._answered.pop(sequence, None)
            if at is not None:
                self._out.say("probe", self._number, sent, max(at, sent))
            elif now - sent >= GIVE_UP_SECONDS:
                self._out.say("probe", self._number, sent, None)
            else:
                left.append((sequence, sent))
        self._under_way = left
        self._answered.clear()  # of probes given up already


class Ping(Target):
    """ICMP or ICMPv6 echo through a device."""

    def __init__(self, number_: int, address: str, device: str, out: Output) -> None:
        super().__init__(number_, out)
        self._address = address
        self._v6 = ":" in address
        self._identity = (os.getpid() + number_) & 0xFFFF
        family = socket.AF_INET6 if self._v6 else socket.AF_INET
        protocol = socket.IPPROTO_ICMPV6 if self._v6 else socket.IPPROTO_ICMP
        self.socket = socket.socket(family, socket.SOCK_RAW, protocol)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_BINDTODEVICE, device.encode() + b"\0")
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.socket.setblocking(False)
        self._filter()

    def _filter(self) -> None:
        """Echo replies only."""
        if self._v6:
            blocked = [0xFFFFFFFF] * 8
            blocked[129 // 32] &= ~(1 << 129 % 32)
            words = struct.pack("=8I", *blocked)
            self.socket.setsockopt(socket.IPPROTO_ICMPV6, ICMP6_FILTER, words)
        else:
            self.socket.setsockopt(SOL_RAW, ICMP_FILTER, struct.pack("=I", 0xFFFFFFFE))

    def _send(self, sequence: int) -> None:
        kind = 128 if self._v6 else 8
        body = struct.pack("!BBHHH", kind, 0, 0, self._identity, sequence)
        if not self._v6:
            body = struct.pack("!BBHHH", kind, 0, checksum(body), self._identity, sequence)
        self.socket.sendto(body, (self._address, 0))

    def readable(self) -> None:
        """Take the answers that have come."""
        for data, at, _ in received(self.socket):
            head = 0 if self._v6 else (data[0] & 0xF) * 4
            if len(data) < head + 8:
                continue
            kind, _, _, identity, sequence = struct.unpack_from("!BBHHH", data, head)
            if identity == self._identity and kind == (129 if self._v6 else 0):
                self.answered(sequence, at)


class Arp(Target):
    """ARP requests for an IPv4 address of the device's own network, also without an own address.

    An ARP answer does not say which question it is for: it is the newest's that has none yet.
    """

    def __init__(self, number_: int, orders: dict[str, str], out: Output) -> None:
        super().__init__(number_, out)
        self._wanted = socket.inet_aton(orders["address"])
        device = orders["device"]
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ARP))
        self.socket.bind((device, ETH_P_ARP))
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.socket.setblocking(False)
        mac = bytes.fromhex(orders["mac"].replace(":", ""))
        source = socket.inet_aton(orders["source"]) if orders["source"] else b"\0" * 4
        self._request = (
            b"\xff" * 6 + mac + struct.pack("!HHHBBH", ETH_P_ARP, 1, ETH_P_IP, 6, 4, 1)
            + mac + source + b"\0" * 6 + self._wanted
        )  # fmt: skip

    def _send(self, sequence: int) -> None:  # noqa: ARG002 - ARP has no room for it
        self.socket.send(self._request)

    def readable(self) -> None:
        """Take the answers that have come."""
        for data, at, _ in received(self.socket):
            if len(data) >= 42 and data[20:22] == b"\0\2" and data[28:32] == self._wanted:
                self._newest_answered(at)

    def _newest_answered(self, at: float) -> None:
        for sequence, sent in reversed(self._under_way):
            if sent <= at and sequence not in self._answered:
                self.answered(sequence, at)
                return


class Gratuitous:
    """Sees gratuitous ARPs leave through the bond."""

    def __init__(self, bond: str, out: Output) -> None:
        self._out = out
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        attach_arp_filter(self.socket)
        self.socket.bind((bond, ETH_P_ALL))
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.socket.setblocking(False)

    def readable(self) -> None:
        """Take what has come."""
        for data, at, address in received(self.socket):
            if address[2] == PACKET_OUTGOING and len(data) >= 42 and data[28:32] == data[38:42]:
                self._out.say("arp", at, socket.inet_ntoa(data[28:32]))


def received(one: socket.socket) -> "list[tuple[bytes, float, tuple[object, ...]]]":
    """Every packet that waits, with the kernel's time of it, and its address."""
    packets: list[tuple[bytes, float, tuple[object, ...]]] = []
    while True:
        try:
            data, extra, _, address = one.recvmsg(2048, 64)
        except BlockingIOError:
            return packets
        except OSError as error:
            if error.errno not in (errno.ENETDOWN, errno.ENOBUFS, errno.EHOSTUNREACH):
                raise
            return packets
        at = time.time()
        for level, kind, value in extra:
            if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS and len(value) >= 16:
                seconds, nanoseconds = struct.unpack_from("=qq", value)
                at = seconds + nanoseconds / 1e9
        packets.append((data, at, address))


def attach_arp_filter(one: socket.socket) -> None:
    """Let the kernel pass ARP only: the bond's other traffic may be heavy."""
    program = [(0x28, 0, 0, 12), (0x15, 0, 1, ETH_P_ARP), (0x06, 0, 0, 0xFFFF), (0x06, 0, 0, 0)]
    code = b"".join(struct.pack("=HBBI", *step) for step in program)
    buffer = ctypes.create_string_buffer(code)
    pointer = struct.pack("@HP", len(program), ctypes.addressof(buffer))
    one.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, pointer)


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071) of an even number of bytes."""
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def run(orders: dict[str, Any], out: Output) -> None:
    """Probe until standard input ends."""
    watch = Watch(orders["bond"], orders["members"], out)
    gratuitous = Gratuitous(orders["bond"], out)
    targets = [_target(at, one, out) for at, one in enumerate(orders["targets"])]
    readers = {one.socket.fileno(): one.readable for one in (watch, gratuitous, *targets)}
    poll = select.poll()
    for descriptor in (0, *readers):
        poll.register(descriptor, select.POLLIN)
    interval = orders["interval_ms"] / 1000
    out.say("ready", time.time())
    due = time.monotonic()
    while True:
        wait = max(0.0, due - time.monotonic())
        for descriptor, _ in poll.poll(wait * 1000):
            if descriptor == 0:
                if not os.read(0, 4096):
                    return
            else:
                readers[descriptor]()
        now = time.monotonic()
        if now >= due:
            for target in targets:
                target.probe()
            due = max(due + interval, now)  # a late probe is not made up for by a burst
        for target in targets:
            target.settle(time.time())
        out.flush()


def _target(number_: int, orders: dict[str, str], out: Output) -> "Ping | Arp":
    if orders["how"] == "arp":
        return Arp(number_, orders, out)
    return Ping(number_, orders["address"], orders["device"], out)


def main() -> int:
    """Read the orders, be quick, and go when nobody listens any more."""
    with suppress(OSError, AttributeError):  # a courtesy of the scheduler, not a must
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    orders = json.loads(_line())
    out = Output(1)
    try:
        run(orders, out)
    except BrokenPipeError:
        return 0
    except OSError as error:
        sys.stderr.write(f"{error.strerror or error}\n")
        return 1
    return 0


def _line() -> bytes:
    """The first line of standard input, without taking more than it."""
    line = bytearray()
    while not line.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            break
        line += byte
    return bytes(line)


if __name__ == "__main__":
    sys.exit(main())
