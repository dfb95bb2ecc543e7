"""The longest silence on a TCP connection while a bridge is made under it."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.bench.figure import Figure, alternate, at_most, compared
from tests.bench.programs import Bench
from tests.support.managed_host import ADDRESS, GATEWAY, KeptBy, ManagedHost

NAME: Final = "TCP silence while the bridge is made"
TALK: Final = Path(__file__).parents[1] / "floors" / "talk.py"
PORT: Final = "4242"
QUIET: Final = 0.4  # seconds of talk before and after
_BRIDGE: Final = ("con-name", "virbr1", "ifname", "virbr1", "bridge.stp", "no")
_FOUR: Final = ("ipv4.method", "manual", "ipv4.addresses", f"{ADDRESS}/24", "ipv4.gateway", GATEWAY)


@dataclass(frozen=True, slots=True)
class Way:
    """A way to make the bridge."""

    name: str
    kept_by: KeptBy
    make: Callable[[ManagedHost], None]


def with_networkmanager(host: ManagedHost) -> None:
    """As its documentation says, spared its spanning tree."""
    nmcli = ("nmcli", "connection")
    mac = host.run("cat", "/sys/class/net/ens32/address").strip()
    own = ("ethernet.cloned-mac-address", mac, "ipv6.method", "disabled")
    host.run(*nmcli, "add", "type", "bridge", "autoconnect", "no", *_BRIDGE, *_FOUR, *own)
    port = ("con-name", "port", "ifname", "ens32", "master", "virbr1")
    host.run(*nmcli, "add", "type", "bridge-slave", "autoconnect", "no", *port)
    host.run(*nmcli, "up", "virbr1")
    host.run(*nmcli, "up", "port")


def with_ifupdown(host: ManagedHost) -> None:
    """The NIC down by its old stanza, the bridge up by its new one."""
    mac = host.run("cat", "/sys/class/net/ens32/address").strip()
    host.run("ifdown", "ens32")
    text = (
        f"iface virbr1 inet static\n address {ADDRESS}/24\n gateway {GATEWAY}\n"
        f" bridge_ports ens32\n bridge_stp off\n bridge_fd 0\n bridge_maxwait 0\n bridge_hw {mac}\n"
    )
    host.run("sh", "-c", f"printf '%s' '{text}' >/etc/network/interfaces")
    host.run("ifup", "virbr1")


def by_hand(host: ManagedHost) -> None:
    """One batch of `ip`: what the kernel itself needs."""
    mac = host.run("cat", "/sys/class/net/ens32/address").strip()
    lines = f"""link add virbr1 address {mac} type bridge stp_state 0 forward_delay 0
link set virbr1 up
link set ens32 master virbr1
address add {ADDRESS}/24 dev virbr1
address del {ADDRESS}/24 dev ens32
route replace default via {GATEWAY} dev virbr1
"""
    host.run("sh", "-c", f"printf '%s' '{lines}' | ip -batch -")


PEERS: Final = (
    Way("NetworkManager's own activation", KeptBy.NETWORKMANAGER, with_networkmanager),
    Way("ifdown and ifup", KeptBy.IFUPDOWN, with_ifupdown),
    Way("one batch of ip", KeptBy.NOBODY, by_hand),
)


def with_ours(host: ManagedHost) -> None:
    """Our own change, on trial."""
    made = host.program("bridge", "create", "virbr1", "--uplink", "ens32", "--yes")
    assert made.returncode == 0, made.stderr


OURS: Final = {
    kept_by: Way("kvmnet-tui", kept_by, with_ours)
    for kept_by in (KeptBy.NOBODY, KeptBy.IFUPDOWN, KeptBy.NETWORKMANAGER)
}
BUDGET_MS: Final = 20.0


def measure(bench: Bench) -> list[Figure]:
    """Ours against each manager's own way of making the same bridge, and the way back."""
    rounds = bench.times(3, 1)
    figures = []
    for peer in PEERS:
        mine = OURS[peer.kept_by]
        theirs, ours = alternate(
            rounds, lambda peer=peer: silence(peer), lambda mine=mine: silence(mine)
        )
        budget = None if peer.kept_by is KeptBy.NETWORKMANAGER else at_most(BUDGET_MS)
        name = f"{NAME}, {peer.kept_by.value}"
        figures.append(compared(name, "ms", ours, theirs, peer.name, budget))
    restored = [_restored() for _ in range(rounds)]
    least = [float(PATIENCE)] * rounds
    name = "from the gateway's loss to restored"
    figures.append(compared(name, "s", restored, least, "the guard's patience", None))
    return figures


PATIENCE: Final = 20  # what the planner gives a gateway


def _restored() -> float:
    """Seconds from the loss of the gateway until the address is back where it was."""
    with ManagedHost(KeptBy.NOBODY) as host:
        with_ours(host)
        host.office("ip", "address", "del", f"{GATEWAY}/24", "dev", "br0")
        began = time.monotonic()
        while f"{ADDRESS}/" not in host.run("ip", "address", "show", "dev", "ens32"):
            time.sleep(0.05)
        return time.monotonic() - began


def silence(way: Way) -> float:
    """Milliseconds, on a host of its own."""
    with ManagedHost(way.kept_by) as host:
        with talking(host) as longest:
            way.make(host)
            silent = longest()
        if way.make is with_ours:
            host.program("change", "cancel")
        return silent


@contextmanager
def talking(host: ManagedHost) -> Iterator[Callable[[], float]]:
    """A word a millisecond from the office to the host and back, over one connection."""
    listening = _talk(host.command, "answer", ADDRESS)
    speaking = _talk(host.office_command, "ask", ADDRESS)

    def longest() -> float:
        said, _ = speaking.communicate("end\n", timeout=120)
        return float(said.split()[-1])

    try:
        yield longest
    finally:
        for one in (speaking, listening):
            one.kill()
            one.wait()
            for stream in (one.stdin, one.stdout):
                if stream is not None:
                    stream.close()


def _talk(
    inside: Callable[[Sequence[str]], list[str]], part: str, address: str
) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        inside([sys.executable, str(TALK), part, address, PORT]),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    if process.stdout.readline() != "ready\n":
        raise RuntimeError("the connection did not come about")
    return process
