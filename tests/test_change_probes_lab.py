"""What the guard asks of the network, answered by a real kernel at the other end of a cable."""

import json
import sys
import time
from collections.abc import Iterator

import pytest

from tests.support.labs import requires_lab
from tests.support.managed_host import GATEWAY, KeptBy, ManagedHost

pytestmark = requires_lab("namespaces")

NOBODY = "10.1.1.99"
GATEWAY6, NOBODY6 = "fd00:1::1", "fd00:1::99"
ASK = """
import json, sys
from kvmnet_tui.change.guard import packets
print(json.dumps([
    getattr(packets, f"{kind}_answers")("ens32", target, 1.0)
    for kind, target in json.loads(sys.argv[1])
]))
"""


@pytest.fixture(scope="module")
def host() -> Iterator[ManagedHost]:
    with ManagedHost(KeptBy.NOBODY) as host:
        host.office("ip", "address", "add", f"{GATEWAY6}/64", "dev", "br0", "nodad")
        host.run("ip", "address", "add", "fd00:1::2/64", "dev", "ens32", "nodad")
        yield host


def asked(host: ManagedHost, *questions: tuple[str, str]) -> list[bool]:
    answers: list[bool] = json.loads(host.run(sys.executable, "-c", ASK, json.dumps(questions)))
    return answers


def link_local(host: ManagedHost) -> str:
    """The gateway's, once both ends are sure that theirs is nobody else's."""
    deadline = time.monotonic() + 20
    tentative = ("ip", "-6", "address", "show", "tentative")
    while host.run(*tentative) or host.office(*tentative):
        assert time.monotonic() < deadline, "the kernel does not make up its mind"
        time.sleep(0.05)
    shown = json.loads(host.office("ip", "-j", "-6", "address", "show", "dev", "br0"))
    return next(one["local"] for one in shown[0]["addr_info"] if one["scope"] == "link")


def test_who_is_there_is_heard(host: ManagedHost) -> None:
    questions = [
        ("arp", GATEWAY), ("ping", GATEWAY), ("ndp", GATEWAY6), ("ping", GATEWAY6),
        ("ndp", link_local(host)), ("ping", link_local(host)),
    ]  # fmt: skip
    assert asked(host, *questions) == [True] * len(questions)


def test_who_is_not_there_is_not(host: ManagedHost) -> None:
    questions = [("arp", NOBODY), ("ping", NOBODY), ("ndp", NOBODY6), ("ping", NOBODY6)]
    assert asked(host, *questions) == [False] * len(questions)


def test_a_neighbour_that_drops_pings_is_one_all_the_same(host: ManagedHost) -> None:
    host.office("sysctl", "-q", "-w", "net.ipv4.icmp_echo_ignore_all=1")
    try:
        assert asked(host, ("arp", GATEWAY), ("ping", GATEWAY)) == [True, False]
    finally:
        host.office("sysctl", "-q", "-w", "net.ipv4.icmp_echo_ignore_all=0")


def test_nothing_is_heard_on_a_link_that_is_not_there(host: ManagedHost) -> None:
    gone = ASK.replace("ens32", "ens99")
    questions = [("arp", GATEWAY), ("ping", GATEWAY), ("ndp", GATEWAY6), ("ping", GATEWAY6)]
    said = host.run(sys.executable, "-c", gone, json.dumps(questions))
    assert json.loads(said) == [False] * len(questions)
