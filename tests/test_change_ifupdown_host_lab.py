"""Changes on a host that ifupdown looks after, with its own ifup and ifdown, in a namespace."""

from collections.abc import Iterator

import pytest

from tests.support.labs import requires_lab
from tests.support.managed_host import GATEWAY, KeptBy, ManagedHost

pytestmark = requires_lab("namespaces")

CREATE = ("bridge", "create", "virbr1", "--uplink", "ens32", "--yes")
FILE = "/etc/network/interfaces"


@pytest.fixture
def host() -> Iterator[ManagedHost]:
    with ManagedHost(KeptBy.IFUPDOWN) as host:
        yield host


def known_to_ifupdown(host: ManagedHost) -> set[str]:
    said = host.run("ifquery", "--state", check=False)
    return {line.partition("=")[0] for line in said.splitlines()}


def test_the_trial_leaves_the_files_alone_and_what_is_kept_is_ifupdowns_own(
    host: ManagedHost,
) -> None:
    before = host.run("cat", FILE)
    host.told(*CREATE)
    assert host.device_of_address() == "virbr1"
    assert host.run("cat", FILE) == before
    host.told("change", "confirm", "--anyway")
    assert "bridge_ports ens32" in host.run("cat", FILE)
    assert "virbr1" in known_to_ifupdown(host)
    host.run("ifdown", "virbr1")
    assert "virbr1" not in host.run("ip", "link")
    host.run("ifup", "virbr1")
    assert host.device_of_address() == "virbr1"
    host.run("ping", "-c", "1", "-W", "2", GATEWAY)


def test_what_is_taken_back_and_what_is_undone_leave_everything_as_it_was(
    host: ManagedHost,
) -> None:
    before = (host.run("cat", FILE), known_to_ifupdown(host))
    host.told(*CREATE)
    host.told("change", "cancel")
    assert host.device_of_address() == "ens32"
    assert (host.run("cat", FILE), known_to_ifupdown(host)) == before
    host.told(*CREATE)
    host.told("change", "confirm", "--anyway")
    host.told("change", "undo", "--yes")
    host.told("change", "confirm", "--anyway")
    assert host.device_of_address() == "ens32"
    assert (host.run("cat", FILE), known_to_ifupdown(host)) == before


def test_a_bridge_is_deleted_and_ifupdown_forgets_it(host: ManagedHost) -> None:
    host.told(*CREATE)
    host.told("change", "confirm", "--anyway")
    host.told("bridge", "delete", "virbr1", "--heir", "ens32", "--yes")
    host.told("change", "confirm", "--anyway")
    assert host.device_of_address() == "ens32"
    assert "virbr1" not in host.run("cat", FILE)
    assert "virbr1" not in known_to_ifupdown(host)


def test_somebody_elses_edit_in_the_window_is_never_overwritten(host: ManagedHost) -> None:
    host.told(*CREATE)
    host.run("sh", "-c", f"echo '# mind the new switch' >> {FILE}")
    theirs = host.run("cat", FILE)
    refused = host.program("change", "confirm", "--anyway")
    assert refused.returncode == 2
    assert f"{FILE} was changed by somebody else" in refused.stderr
    host.told("change", "cancel")
    assert host.run("cat", FILE) == theirs
    assert host.device_of_address() == "ens32"
