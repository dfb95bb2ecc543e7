"""Changes on a host that a real NetworkManager looks after: tried, kept, taken back, abandoned."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.labs import requires_lab
from tests.support.managed_host import ADDRESS, KeptBy, ManagedHost

pytestmark = requires_lab("networkmanager")

CREATE = ("bridge", "create", "virbr1", "--uplink", "ens32", "--yes")
DURABLE = "/etc/NetworkManager/system-connections"
VOLATILE = "/run/NetworkManager/system-connections"


@pytest.fixture
def host() -> Iterator[ManagedHost]:
    with ManagedHost(KeptBy.NETWORKMANAGER) as host:
        yield host


def program(host: ManagedHost, *arguments: str) -> str:
    """What the program says; it must succeed."""
    done = host.program(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def files(host: ManagedHost, folder: str) -> str:
    return host.run("sh", "-c", f"cd {folder} 2>/dev/null && cat * 2>/dev/null || true")


def device_of_address(host: ManagedHost) -> str:
    return host.run("ip", "-o", "-4", "address", "show", "to", ADDRESS).split()[1]


def profile_of(host: ManagedHost, link: str) -> str:
    said = host.run("nmcli", "-g", "GENERAL.CONNECTION", "device", "show", link)
    return said.strip()


def test_the_trial_is_volatile_and_a_rollback_brings_the_old_profile_back(
    host: ManagedHost,
) -> None:
    before = files(host, DURABLE)
    told = json.loads(program(host, *CREATE, "--json"))
    assert told["title"] == "Bridge virbr1 on ens32"
    assert device_of_address(host) == "virbr1"
    assert profile_of(host, "virbr1") == "virbr1"
    assert files(host, DURABLE) == before
    assert "virbr1" in files(host, VOLATILE)
    program(host, "change", "cancel")
    assert device_of_address(host) == "ens32"
    assert profile_of(host, "ens32") == "office"
    assert files(host, DURABLE) == before
    assert "virbr1" not in files(host, VOLATILE)
    assert "virbr1" not in host.run("ip", "link")
    assert "virbr1" not in host.run("nmcli", "-g", "NAME", "connection", "show")


def test_what_is_kept_is_on_the_disk_and_can_be_undone(host: ManagedHost) -> None:
    program(host, *CREATE)
    program(host, "change", "confirm", "--anyway")
    kept = files(host, DURABLE)
    own = ("id=virbr1", "id=virbr1-ens32", "stp=false", "cloned-mac-address=")
    for text in (*own, "autoconnect=false"):
        assert text in kept, text
    assert "virbr1" not in files(host, VOLATILE)
    host.run("nmcli", "connection", "reload")
    assert device_of_address(host) == "virbr1"
    program(host, "change", "undo", "--yes")
    program(host, "change", "confirm", "--anyway")
    assert device_of_address(host) == "ens32"
    assert "virbr1" not in host.run("ip", "link")


def test_networkmanager_killed_in_the_window_keeps_nothing_from_being_taken_back(
    host: ManagedHost,
) -> None:
    program(host, *CREATE)
    os.kill(_networkmanager(host), signal.SIGKILL)
    program(host, "change", "cancel")
    assert device_of_address(host) == "ens32"
    assert "virbr1" not in host.run("ip", "link")


def _networkmanager(host: ManagedHost) -> int:
    """The daemon in this host's network, by the number it has here."""
    own = Path(f"/proc/{host.pid}/ns/net").readlink()
    for folder in Path("/proc").iterdir():
        try:
            if (folder / "comm").read_text().strip() == "NetworkManager" and (
                folder / "ns/net"
            ).readlink() == own:
                return int(folder.name)
        except OSError:
            continue
    raise AssertionError("no NetworkManager runs here")
