"""Changes on a host that a real NetworkManager looks after: tried, kept, taken back, abandoned."""

import json
from collections.abc import Iterator

import pytest

from tests.support.labs import requires_lab
from tests.support.nm_host import CREATE, DURABLE, VOLATILE, NetworkManagerHost

pytestmark = requires_lab("networkmanager")


@pytest.fixture
def host() -> Iterator[NetworkManagerHost]:
    with NetworkManagerHost() as host:
        yield host


def test_the_trial_is_volatile_and_a_rollback_brings_the_old_profile_back(
    host: NetworkManagerHost,
) -> None:
    host.run("nmcli", "connection", "modify", "office", "connection.zone", "internal")
    before = host.files(DURABLE)
    told = json.loads(host.told(*CREATE, "--json"))
    assert told["title"] == "Bridge virbr1 on ens32"
    assert host.device_of_address() == "virbr1"
    assert host.profile_of("virbr1") == "virbr1"
    zone = host.run("nmcli", "-g", "connection.zone", "connection", "show", "virbr1")
    assert zone.strip() == "internal"
    assert host.files(DURABLE) == before
    assert "virbr1" in host.files(VOLATILE)
    host.told("change", "cancel")
    assert host.device_of_address() == "ens32"
    assert host.profile_of("ens32") == "office"
    assert host.files(DURABLE) == before
    assert "virbr1" not in host.files(VOLATILE)
    assert not host.has_link("virbr1")
    assert "virbr1" not in host.run("nmcli", "-g", "NAME", "connection", "show")


def test_what_is_kept_is_on_the_disk_and_can_be_undone(host: NetworkManagerHost) -> None:
    before = host.files(DURABLE)
    host.told(*CREATE)
    host.told("change", "confirm", "--anyway")
    kept = host.files(DURABLE)
    own = ("id=virbr1", "id=virbr1-ens32", "stp=false", "cloned-mac-address=")
    for text in (*own, "autoconnect=false"):
        assert text in kept, text
    assert "virbr1" not in host.files(VOLATILE)
    host.run("nmcli", "connection", "reload")
    assert host.device_of_address() == "virbr1"
    host.told("change", "undo", "--yes")
    assert host.device_of_address() == "ens32"
    assert host.files(DURABLE) == kept  # a reboot would bring the bridge again
    host.told("change", "confirm", "--anyway")
    assert host.device_of_address() == "ens32"
    assert not host.has_link("virbr1")
    assert host.files(DURABLE) == before
    assert "cannot be undone" in host.complains("change", "undo", "--yes")


def test_with_a_profile_edited_since_the_undo_makes_new_ones(host: NetworkManagerHost) -> None:
    host.told(*CREATE)
    host.told("change", "confirm", "--anyway")
    host.run("nmcli", "connection", "modify", "virbr1", "ipv4.route-metric", "77")
    host.told("change", "undo", "--yes")
    assert host.device_of_address() == "ens32"
    assert "metric 77" in host.run("ip", "route", "show", "default")
    host.told("change", "confirm", "--anyway")
    assert host.profile_of("ens32") == "ens32"
    assert not host.has_link("virbr1")
