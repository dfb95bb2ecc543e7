"""A host whose address a real DHCP server gives, and that server's silence at the worst time."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.labs import requires_lab, which
from tests.support.managed_host import GATEWAY
from tests.support.nm_host import CREATE, NetworkManagerHost

pytestmark = [
    requires_lab("networkmanager"),
    pytest.mark.skipif(which("dnsmasq") is None, reason="dnsmasq is not installed"),
]
# Here NetworkManager gives a silent server up so soon, that nobody waits for the usual 45 s.
GIVES_UP_AFTER = 4


class Office:
    """The host's DHCP server, which may fall silent and answer again."""

    def __init__(self, host: NetworkManagerHost, leases: Path) -> None:
        self._host = host
        self._leases = leases
        self._server = ExitStack()

    def answer(self) -> None:
        self._server.enter_context(self._host.dhcp_server(self._leases))

    def fall_silent(self) -> None:
        self._server.close()

    def leases(self) -> list[tuple[str, str]]:
        """Address and client id of every lease."""
        lines = (line.split() for line in self._leases.read_text().splitlines())
        return [(words[2], words[4]) for words in lines]


@pytest.fixture(scope="module")
def the_host() -> Iterator[NetworkManagerHost]:
    with NetworkManagerHost() as host:
        host.run(
            "nmcli", "connection", "modify", "office", "ipv4.method", "auto",
            "ipv4.addresses", "", "ipv4.gateway", "", "ipv4.dhcp-timeout", str(GIVES_UP_AFTER),
        )  # fmt: skip
        yield host


@pytest.fixture
def host(the_host: NetworkManagerHost) -> NetworkManagerHost:
    return the_host


@pytest.fixture
def office(host: NetworkManagerHost, tmp_path: Path) -> Iterator[Office]:
    """A server that has just given ens32 its address."""
    office = Office(host, tmp_path / "leases")
    office.answer()
    host.run("nmcli", "connection", "up", "office")
    assert host.device_of_address() == "ens32"
    yield office
    office.fall_silent()


def is_complete(host: NetworkManagerHost) -> bool:
    """Whether ens32 has its old profile with a lease and all that hangs on it."""
    return (
        host.device_of_address() == "ens32"
        and f"default via {GATEWAY} dev ens32" in host.run("ip", "route")
        and "connected" in host.run("nmcli", "-g", "GENERAL.STATE", "device", "show", "ens32")
        and host.profile_of("ens32") == "office"
    )


def test_the_bridge_gets_the_same_lease_and_gives_it_back(
    host: NetworkManagerHost, office: Office
) -> None:
    told = host.told(*CREATE[:-1], "--dry-run")
    assert "virbr1 asks DHCP with the MAC and client id of ens32: the lease stays." in told
    (before,) = office.leases()
    host.told(*CREATE)
    assert host.device_of_address() == "virbr1"
    host.told("change", "cancel")
    host.until(lambda: is_complete(host), "the lease on ens32")
    assert office.leases() == [before]


def seconds_left(host: NetworkManagerHost) -> int:
    """How long the address on ens32 is good for; 0 without one."""
    (link,) = json.loads(host.run("ip", "-j", "-4", "address", "show", "dev", "ens32"))
    return next((one["valid_life_time"] for one in link["addr_info"]), 0)


def test_a_silent_server_keeps_no_rollback_from_giving_the_address_back(
    host: NetworkManagerHost, office: Office
) -> None:
    host.told(*CREATE)
    office.fall_silent()
    host.told("change", "cancel")
    change = host.change()
    assert change["state"] == "rolled-back"
    assert any("has no lease yet" in line["text"] for line in change["log"])
    assert host.is_reached()
    # NetworkManager would give up meanwhile, and take the address off the link.
    before = seconds_left(host)
    host.until(lambda: seconds_left(host) < before - GIVES_UP_AFTER - 2, "some seconds more")
    left = seconds_left(host)
    assert left
    assert host.is_reached()
    office.answer()
    host.until(lambda: seconds_left(host) > left and is_complete(host), "a new lease")


def test_a_server_that_is_silent_from_the_start_ends_the_trial_before_it_is_one(
    host: NetworkManagerHost, office: Office
) -> None:
    office.fall_silent()
    assert "virbr1 got no address within 15 s" in host.complains(*CREATE)
    assert host.change()["state"] == "rolled-back"
    assert host.device_of_address() == "ens32"
    assert host.is_reached()
    assert not host.has_link("virbr1")
