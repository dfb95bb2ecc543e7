"""What libvirt's events and two readings say happened; when leases are worth reading; URIs."""

from dataclasses import replace
from math import inf
from pathlib import Path

import pytest

from kvmnet_tui.model.timeline import Kind
from kvmnet_tui.model.virt import Guest, Network, Nic
from kvmnet_tui.sources.virt.address import network_folder, without_prompts
from kvmnet_tui.sources.virt.attention import LeaseClock
from kvmnet_tui.sources.virt.changes import Notice, of_guest, of_network

NETWORK = Network("n", "default", active=True, persistent=True, autostart=False, xml="<network/>")
NIC = Nic(mac="52:54:00:00:00:01", type="network", source="default", device="vnet0")
GUEST = Guest("g", "web", "running", id=1, nics=(NIC,))


def notices(*kinds: Kind | None) -> list[Notice]:
    return [Notice(float(n), True, "g", "web", kind) for n, kind in enumerate(kinds, 1)]


def kinds_of(entries) -> list[Kind]:
    return [entry.kind for entry in entries]


def test_defining_a_known_network_again_is_a_change() -> None:
    defined = [Notice(1.0, False, "n", "default", Kind.NETWORK_DEFINED)]
    assert kinds_of(of_network(None, NETWORK, defined, 2.0)) == [Kind.NETWORK_DEFINED]
    assert kinds_of(of_network(NETWORK, NETWORK, defined, 2.0)) == [Kind.NETWORK_CHANGED]


def test_what_only_an_audit_finds_in_a_network_is_a_change() -> None:
    for changed in (
        replace(NETWORK, autostart=True),
        replace(NETWORK, xml="<network><ip/></network>"),
        replace(NETWORK, persistent_xml="<network/>"),
    ):
        assert kinds_of(of_network(NETWORK, changed, [], 2.0)) == [Kind.NETWORK_CHANGED]


def test_a_nic_plugged_in_is_no_change_to_the_network() -> None:
    more = replace(NETWORK, xml="<network connections='3'/>")
    assert not list(of_network(NETWORK, more, [], 2.0))


def test_what_an_event_will_tell_an_audit_does_not_tell_before() -> None:
    assert not list(of_network(NETWORK, None, [], 2.0))
    assert not list(of_network(NETWORK, replace(NETWORK, active=False, xml="<x/>"), [], 2.0))
    assert not list(of_guest(GUEST, replace(GUEST, id=None, state="shut off"), [], 2.0))


def test_a_guest_that_starts_is_not_said_to_resume() -> None:
    off = replace(GUEST, id=None, state="shut off")
    said = notices(Kind.GUEST_RESUMED, Kind.GUEST_STARTED, None)
    assert kinds_of(of_guest(off, GUEST, said, 9.0)) == [Kind.GUEST_STARTED]


def test_a_guest_that_was_paused_resumes_also_within_one_burst() -> None:
    paused = replace(GUEST, state="paused")
    resumed = notices(Kind.GUEST_RESUMED)
    assert kinds_of(of_guest(paused, GUEST, resumed, 9.0)) == [Kind.GUEST_RESUMED]
    both = notices(Kind.GUEST_PAUSED, Kind.GUEST_RESUMED)
    assert kinds_of(of_guest(GUEST, GUEST, both, 9.0)) == [Kind.GUEST_PAUSED, Kind.GUEST_RESUMED]


def test_nics_that_come_and_go_are_told_at_the_events_time() -> None:
    second = replace(NIC, mac="52:54:00:00:00:02", device="vnet1", source="isolated")
    more = replace(GUEST, nics=(NIC, second))
    (added,) = of_guest(GUEST, more, notices(None), 9.0)
    assert (added.at, added.kind, added.other, added.after) == (
        1.0,
        Kind.NIC_ADDED,
        "vnet1",
        "isolated",
    )
    (removed,) = of_guest(more, GUEST, [], 9.0)
    assert (removed.at, removed.kind, removed.other, removed.before) == (
        9.0,
        Kind.NIC_REMOVED,
        "vnet1",
        "isolated",
    )


def test_two_nics_of_one_mac_are_told_apart() -> None:
    twins = replace(GUEST, nics=(NIC, replace(NIC, device="vnet1")))
    assert kinds_of(of_guest(GUEST, twins, [], 9.0)) == [Kind.NIC_ADDED]


@pytest.mark.parametrize(
    ("change", "before", "after"),
    [
        ({"link": "down"}, "up", "down"),
        ({"source": "isolated"}, "default", "isolated"),
        ({"mtu": 9000}, "", "9000"),
        ({"vlans": (42, 47)}, "", "42,47"),
        ({"xml": "<interface><bandwidth/></interface>"}, "", ""),
    ],
)
def test_a_changed_nic_is_told_with_what_changed(change, before: str, after: str) -> None:
    (entry,) = of_guest(GUEST, replace(GUEST, nics=(replace(NIC, **change),)), [], 9.0)
    assert (entry.kind, entry.subject, entry.other) == (Kind.NIC_CHANGED, "web", "vnet0")
    assert (entry.before, entry.after) == (before, after)


def test_an_agent_that_connects_is_told_and_the_end_of_its_guest_is_not_its_loss() -> None:
    connected = replace(GUEST, agent_connected=True)
    assert kinds_of(of_guest(GUEST, connected, notices(None), 9.0)) == [Kind.AGENT_CONNECTED]
    assert kinds_of(of_guest(connected, GUEST, notices(None), 9.0)) == [Kind.AGENT_DISCONNECTED]
    off = replace(GUEST, id=None, state="shut off")
    stopped = notices(Kind.GUEST_STOPPED)
    assert kinds_of(of_guest(connected, off, stopped, 9.0)) == [Kind.GUEST_STOPPED]


def test_leases_are_left_alone_while_nothing_is_expected_of_them() -> None:
    clock = LeaseClock(last=100.0)
    assert clock.due(200.0) == inf


def test_leases_are_read_often_after_a_new_face_and_seldom_while_watched() -> None:
    clock = LeaseClock(last=100.0, watched=True)
    assert clock.due(100.0) == 105.0
    clock.guest_plugged(100.0)
    assert clock.due(100.0) == 102.0
    clock.neighbour_appeared(100.0)
    assert clock.due(100.0) == 100.5
    assert clock.due(104.0) == 102.0
    assert clock.due(1000.0) == 105.0


def test_leases_are_read_when_one_runs_out_and_not_in_a_frenzy_when_it_stays() -> None:
    clock = LeaseClock(last=100.0, expiry=160.0)
    assert clock.due(120.0) == 160.0
    clock.last = 160.0
    assert clock.due(160.0) == 165.0


@pytest.mark.parametrize(
    ("uri", "folder"),
    [
        ("qemu:///system", Path("/etc/libvirt/qemu/networks")),
        ("qemu+unix:///system?socket=/tmp/x", Path("/etc/libvirt/qemu/networks")),
        ("qemu:///session", Path("/home/somebody/config/libvirt/qemu/networks")),
        ("qemu+ssh://host/system", None),
        ("test:///default", None),
        ("http://[", None),
        ("nonsense", None),
    ],
)
def test_only_this_hosts_own_networks_have_a_file(
    uri: str, folder: Path | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", "/home/somebody/config")
    assert network_folder(uri) == folder


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        ("qemu+ssh://root@host/system", "qemu+ssh://root@host/system?no_tty=1"),
        ("qemu+ssh://h/system?port=2", "qemu+ssh://h/system?port=2&no_tty=1"),
        ("qemu+ssh://h/system?no_tty=0", "qemu+ssh://h/system?no_tty=0"),
        ("qemu:///system", "qemu:///system"),
        ("http://[", "http://["),
    ],
)
def test_ssh_is_kept_from_asking_for_a_password_on_the_screen(uri: str, told: str) -> None:
    assert without_prompts(uri) == told
