"""Sends ARP, NDP and ping through one link and times the answers; blocks, so run it in a thread."""

import secrets
import select
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import mean

from kvmnet_tui.reach.frames import (
    Ends,
    address_answer,
    address_request,
    echo_request,
    is_echo_reply,
)

ETH_P_ALL = 3
COUNT, INTERVAL, PATIENCE = 4, 0.2, 1.0
_LONGEST = 65_536


@dataclass(frozen=True, slots=True)
class Answers:
    """How many were asked and the round trips in milliseconds of those who answered."""

    sent: int = 0
    round_trips: tuple[float, ...] = ()
    mac: str = ""

    @property
    def received(self) -> int:
        """How many answers came."""
        return len(self.round_trips)

    @property
    def loss(self) -> float:
        """The lost part in percent."""
        return 100.0 * (self.sent - self.received) / self.sent if self.sent else 0.0

    @property
    def spread(self) -> tuple[float, float, float]:
        """Shortest, mean and longest round trip in milliseconds; zeros without answers."""
        trips = self.round_trips or (0.0,)
        return min(trips), mean(trips), max(trips)


@dataclass(frozen=True, slots=True)
class Reach:
    """What a probe found. `echo` is None where ping could not be tried."""

    resolved: Answers
    echo: Answers | None = None


def probe(link: str, ends: Ends, count: int = COUNT) -> Reach:
    """Ask for the address through `link`, then ping who has it; raises OSError."""
    with _Wire(link) as wire:
        resolved = _resolve(wire, ends, count)
        if not resolved.mac or not ends.own_ip:
            return Reach(resolved)
        return Reach(resolved, _ping(wire, replace(ends, mac=resolved.mac), count))


def _resolve(wire: "_Wire", ends: Ends, count: int) -> Answers:
    if ":" in ends.ip and not ends.own_ip:
        return Answers()
    request = address_request(ends)
    trips: list[float] = []
    mac = ""
    for number in range(count):
        answer = wire.ask(request, lambda frame: address_answer(frame, ends))
        if answer is not None:
            mac, trip = answer
            trips.append(trip)
        if number + 1 < count:
            time.sleep(INTERVAL)
    return Answers(count, tuple(trips), mac)


def _ping(wire: "_Wire", ends: Ends, count: int) -> Answers:
    identifier = secrets.randbits(16)
    trips: list[float] = []
    for number in range(1, count + 1):

        def answers(frame: bytes, number: int = number) -> str:
            return ends.mac if is_echo_reply(frame, ends, identifier, number) else ""

        answer = wire.ask(echo_request(ends, identifier, number), answers)
        if answer is not None:
            trips.append(answer[1])
        if number < count:
            time.sleep(INTERVAL)
    return Answers(count, tuple(trips), ends.mac)


class _Wire:
    """A packet socket on one link: sees what reaches the host there, before any firewall does."""

    def __init__(self, link: str) -> None:
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        try:
            self._socket.bind((link, ETH_P_ALL))
        except OSError:
            self._socket.close()
            raise
        self._socket.setblocking(False)

    def __enter__(self) -> "_Wire":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def ask(self, frame: bytes, answers: Callable[[bytes], str]) -> tuple[str, float] | None:
        """Send, and the first frame in time that answers, with its milliseconds."""
        began = time.monotonic()
        self._socket.send(frame)
        deadline = began + PATIENCE
        while (left := deadline - time.monotonic()) > 0:
            if not select.select([self._socket], [], [], left)[0]:
                break
            found = self._answer(answers)
            if found:
                return found, (time.monotonic() - began) * 1e3
        return None

    def _answer(self, answers: Callable[[bytes], str]) -> str:
        data, sender = self._socket.recvfrom(_LONGEST)
        is_own = sender[2] == socket.PACKET_OUTGOING
        return "" if is_own else answers(data)
