"""What goes wrong while a change is tried on a host of NetworkManager's: survived, and told."""

from collections.abc import Iterator

import pytest

from tests.support.labs import requires_lab
from tests.support.managed_host import GATEWAY
from tests.support.nm_host import CREATE, DURABLE, NetworkManagerHost

pytestmark = requires_lab("networkmanager")

OFFICE = f"{DURABLE}/office.nmconnection"


@pytest.fixture(scope="module")
def the_host() -> Iterator[NetworkManagerHost]:
    with NetworkManagerHost() as host:
        yield host


@pytest.fixture
def host(the_host: NetworkManagerHost) -> Iterator[NetworkManagerHost]:
    """The host as it was, and nothing of a change left at the end."""
    before = the_host.files(DURABLE)
    yield the_host
    assert the_host.files(DURABLE) == before
    assert the_host.device_of_address() == "ens32"
    assert the_host.profile_of("ens32") == "office"
    assert not the_host.has_link("virbr1")


@pytest.fixture
def other() -> Iterator[NetworkManagerHost]:
    """A host that may be left as it pleases."""
    with NetworkManagerHost() as host:
        yield host


# --- NetworkManager's own checkpoint --------------------------------------------------------------


def test_a_trial_has_a_checkpoint_of_its_own_and_touches_no_other(host: NetworkManagerHost) -> None:
    host.told(*CREATE)
    (own,) = host.checkpoints()
    assert host.journal()["checkpoint"]["path"] == own
    assert host.property_of(own, "RollbackTimeout") == "u 150"  # half a minute after the deadline
    assert host.property_of(own, "Devices").startswith("ao 1 ")
    foreign = host.checkpoint_on("ens36")
    host.told("change", "extend", "--seconds", "60")
    host.until(lambda: host.property_of(own, "RollbackTimeout") != "u 150", "another timeout")
    assert int(host.property_of(own, "RollbackTimeout").removeprefix("u ")) > 200
    host.told("change", "cancel")
    assert host.checkpoints() == [foreign]
    host.asked("CheckpointDestroy", "o", foreign)


def test_with_guard_and_watcher_dead_the_checkpoint_brings_the_uplink_back(
    host: NetworkManagerHost,
) -> None:
    host.told(*CREATE)
    host.kill_guards()
    (own,) = host.checkpoints()
    host.asked("CheckpointAdjustRollbackTimeout", "ou", own, "1")  # no need to wait for it here
    host.until(lambda: host.profile_of("ens32") == "office", "the old profile on ens32")
    host.until(host.is_reached, "the host at its old address")
    # The last resort leaves the bridge with the same address: the next guard removes it.
    assert host.has_link("virbr1")
    host.told("change", "cancel")
    assert host.change()["state"] == "rolled-back"


def test_while_another_program_tries_something_nothing_is_begun(host: NetworkManagerHost) -> None:
    foreign = host.checkpoint_on("ens36")
    assert "Another program has NetworkManager try something" in host.complains(*CREATE)
    assert host.checkpoints() == [foreign]
    host.asked("CheckpointDestroy", "o", foreign)


# --- NetworkManager dies --------------------------------------------------------------------------


def test_killed_and_not_restarted_it_finds_the_old_profile_at_its_next_start(
    other: NetworkManagerHost,
) -> None:
    other.told(*CREATE)
    other.kill_networkmanager()
    other.told("change", "cancel")
    assert other.device_of_address() == "ens32"
    assert not other.has_link("virbr1")
    with other.networkmanager_again():
        other.until(lambda: other.profile_of("ens32") == "office", "the old profile")
        assert other.device_of_address() == "ens32"


@pytest.mark.parametrize(("verb", "device"), [("confirm", "virbr1"), ("cancel", "ens32")])
def test_restarted_in_the_window_it_goes_on_with_either_verb(
    other: NetworkManagerHost, verb: str, device: str
) -> None:
    before = other.files(DURABLE)
    other.told(*CREATE)
    other.kill_networkmanager()
    with other.networkmanager_again():
        assert other.checkpoints() == []
        foreign = other.checkpoint_on("ens36")  # it gets the number that ours had
        other.told("change", verb, *(["--anyway"] if verb == "confirm" else []))
        assert other.checkpoints() == [foreign]
        assert other.device_of_address() == device
        assert other.is_reached()
        assert ("virbr1" in other.files(DURABLE)) == (verb == "confirm")
        assert (other.files(DURABLE) == before) == (verb == "cancel")


def test_dead_when_a_change_is_kept_it_starts_with_exactly_that(other: NetworkManagerHost) -> None:
    other.told(*CREATE)
    other.kill_networkmanager()
    other.told("change", "confirm", "--anyway")
    problem = other.change()["problem"]
    assert problem.count("NetworkManager is not running") == 2  # not once for every profile
    # What a boot finds: no bridge, nothing under /run.
    other.run("ip", "link", "delete", "virbr1")
    other.run("sh", "-c", "rm -rf /run/NetworkManager/*; ip link set ens32 down")
    with other.networkmanager_again():
        other.until(lambda: other.device_of_address() == "virbr1", "the address on virbr1")
        other.until(lambda: other.profile_of("ens32") == "virbr1-ens32", "the port")
        other.until(other.is_reached, "an answer")


def test_a_metric_that_networkmanager_deals_out_anew_is_no_difference(
    host: NetworkManagerHost,
) -> None:
    host.run("nmcli", "device", "modify", "ens32", "ipv4.route-metric", "104")
    default_route = ("ip", "route", "show", "default")
    host.until(lambda: "metric 104" in host.run(*default_route), "another metric")
    host.told(*CREATE)
    host.told("change", "cancel")
    assert host.change()["state"] == "rolled-back"
    (default,) = host.run("ip", "route", "show", "default").splitlines()
    assert "dev ens32" in default


def test_addresses_that_come_and_go_with_a_router_are_no_difference(
    other: NetworkManagerHost,
) -> None:
    settings = ("ipv6.method", "auto", "ipv6.ip6-privacy", "2")
    other.run("nmcli", "connection", "modify", "office", *settings)
    with other.advertising_router():
        other.run("nmcli", "connection", "up", "office")
        other.until(lambda: temporary_addresses(other), "a temporary address")
        told = other.told(*CREATE[:-1], "--dry-run")
        assert "ens32 has an IPv6 address that is made up anew" in told
        other.told(*CREATE)
        other.told("change", "cancel")
        assert other.change()["state"] == "rolled-back"
        # NetworkManager and the kernel make them anew: none was laid on the link for good.
        other.until(lambda: temporary_addresses(other), "another temporary address")


def temporary_addresses(host: NetworkManagerHost) -> list[str]:
    words = ("-6", "-o", "address", "show", "dev", "ens32", "temporary")
    return host.run("ip", *words).splitlines()


# --- somebody else --------------------------------------------------------------------------------


def test_a_profile_that_somebody_edits_meanwhile_is_neither_replaced_nor_lost(
    other: NetworkManagerHost,
) -> None:
    other.told(*CREATE)
    other.run("nmcli", "connection", "modify", "office", "+ipv4.addresses", "10.1.1.77/24")
    edited = other.files(DURABLE)
    assert "10.1.1.77" in edited
    assert f"{OFFICE} was changed by somebody else" in other.complains(
        "change", "confirm", "--anyway"
    )
    assert other.files(DURABLE) == edited
    other.told("change", "cancel")
    assert f"Somebody else changed {OFFICE} meanwhile" in other.change()["problem"]
    assert other.files(DURABLE) == edited
    assert other.device_of_address() == "ens32"
    assert "10.1.1.77" in other.run("ip", "address", "show", "dev", "ens32")
    assert not other.has_link("virbr1")


def test_an_edit_of_the_trials_own_profile_is_not_kept_unread(host: NetworkManagerHost) -> None:
    host.told(*CREATE)
    host.run("nmcli", "connection", "modify", "virbr1", "ipv4.dns", GATEWAY)
    refused = host.complains("change", "confirm", "--anyway")
    assert f"{DURABLE}/virbr1.nmconnection was changed by somebody else" in refused
    host.told("change", "cancel")
    problem = host.change()["problem"]
    assert "Somebody else changed" in problem
    copy = host.run("sh", "-c", "cat /run/kvmnet-tui/2*/theirs-virbr1.nmconnection")
    assert f"dns={GATEWAY}" in copy


def test_only_the_taps_in_our_bridge_notice_that_it_goes(host: NetworkManagerHost) -> None:
    host.told(*CREATE)
    host.run("ip", "link", "add", "br7", "type", "bridge")
    for tap, bridge in (("vnet7", "br7"), ("vnet8", "virbr1")):
        host.run("ip", "tuntap", "add", tap, "mode", "tap")
        host.run("ip", "link", "set", tap, "master", bridge)
    host.told("change", "cancel")
    assert "master br7" in host.run("ip", "-o", "link", "show", "vnet7")
    assert "vnet8" in host.change()["problem"]
    assert "vnet7" not in host.change()["problem"]
    for link in ("vnet7", "vnet8", "br7"):
        host.run("ip", "link", "delete", link)
