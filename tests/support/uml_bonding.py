"""Real bonds on a real kernel: run by pytest inside User-Mode Linux (see test_bonding_lab.py)."""

import asyncio
import select
import socket
import statistics
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from kvmnet_tui.model.bond_health import BondWarning, warnings
from kvmnet_tui.model.bond_reports import bond_of
from kvmnet_tui.model.bonds import Bond
from kvmnet_tui.model.state import HostState, Phase, SourceName
from kvmnet_tui.model.timeline import Kind, Origin
from kvmnet_tui.sources.bonding import BondingSource
from kvmnet_tui.sources.bonding_parser import MODES, parse_bond
from kvmnet_tui.sources.netlink import NetlinkSource
from tests.support.live import LiveHost, live_host
from tests.support.uml_network import (
    SWITCH,
    cabled,
    far_end,
    ip,
    load_bonding,
    make_bond,
    plug,
    pull,
    setting,
    unload_bonding,
)

NICS = ("ens32", "ens36")
ACTIVE_BACKUP = "mode active-backup miimon 100"
RTMGRP_LINK = 1


@asynccontextmanager
async def bonded_host(options: str = ACTIVE_BACKUP) -> AsyncIterator[LiveHost]:
    """bond0 over two cabled NICs, seen through both sources and settled."""
    with cabled(*NICS):
        make_bond("bond0", options, NICS)
        async with live_host(NetlinkSource(), BondingSource()) as host:
            await host.until(lambda state: state.source(SourceName.KERNEL).phase is Phase.LIVE)
            await host.until(lambda state: mii(state) == ["up", "up"])
            yield host


def bond(state: HostState, name: str = "bond0") -> Bond:
    return state.bonds.get(name, Bond(name))


def mii(state: HostState, name: str = "bond0") -> list[str]:
    return [member.mii_status for member in bond(state, name).members]


def happened(state: HostState, since: float) -> list[tuple[Kind, str, str, str]]:
    """What the bonding source told since then, in the timeline's order."""
    return [
        (entry.kind, entry.subject, entry.before, entry.after)
        for entry in state.timeline
        if entry.origin is Origin.BONDING and entry.at >= since
    ]


def report(name: str = "bond0") -> str:
    return Path("/proc/net/bonding", name).read_text()


async def test_pulling_the_active_member_s_cable_moves_the_active_member() -> None:
    async with bonded_host() as host:
        assert bond(host.state).active_member == "ens32"
        pulled = time.time()
        pull("ens32")
        state = await host.until(lambda state: bond(state).active_member == "ens36")
        shown = time.time()
        assert mii(state) == ["down", "up"]
        assert bond(state).members[0].link_failures == 1
        assert happened(state, pulled) == [
            (Kind.MEMBER_MII, "ens32", "up", "down"),
            (Kind.ACTIVE_MEMBER, "bond0", "ens32", "ens36"),
        ]
        times = [entry.at for entry in state.timeline if entry.at >= pulled]
        assert times == sorted(times)
        assert pulled <= times[0] <= times[-1] <= shown
        lost = next(entry for entry in state.timeline if entry.kind is Kind.CARRIER_LOST)
        assert (lost.subject, lost.serial < state.timeline[-1].serial) == ("ens32", True)


class Witness(threading.Thread):
    """When the kernel's first message said that another member is active, told by itself."""

    def __init__(self, active: str) -> None:
        super().__init__(daemon=True)
        self.seen_at = 0.0
        self._active = active
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
        self._socket.bind((0, RTMGRP_LINK))
        self.start()

    def run(self) -> None:
        with self._socket:
            while select.select([self._socket], [], [], 10)[0]:
                self._socket.recv(65536)
                at = time.time()
                if setting("bond0", "active_slave") == self._active:
                    self.seen_at = at
                    return


async def test_every_failover_to_and_fro_is_told_within_moments(
    record_property: Callable[[str, object], None],
) -> None:
    beyond, whole = [], []
    async with bonded_host() as host:
        for turn in range(10):
            falls, takes = NICS if turn % 2 == 0 else NICS[::-1]
            witness = Witness(takes)
            pulled = time.time()
            await asyncio.to_thread(pull, falls)
            state = await host.until(lambda s, takes=takes: bond(s).active_member == takes)
            shown = time.time()
            await asyncio.to_thread(witness.join)
            beyond.append((shown - witness.seen_at) * 1000)
            whole.append((shown - pulled) * 1000)
            assert happened(state, pulled) == [
                (Kind.MEMBER_MII, falls, "up", "down"),
                (Kind.ACTIVE_MEMBER, "bond0", falls, takes),
            ]
            await asyncio.to_thread(plug, falls)
            await host.until(lambda s: mii(s) == ["up", "up"])
    record_property("failover_shown_after_kernel_said_ms", _spread(beyond))
    record_property("failover_shown_after_cable_pulled_ms", _spread(whole))


def _spread(values: list[float]) -> str:
    return f"median {statistics.median(values):.1f}, worst {max(values):.1f} of {len(values)}"


async def test_delays_are_seen_as_going_down_and_going_back() -> None:
    async with bonded_host(f"{ACTIVE_BACKUP} downdelay 400 updelay 400") as host:
        pulled = time.time()
        pull("ens32")
        await host.until(lambda state: mii(state) == ["going down", "up"])
        await host.until(lambda state: mii(state) == ["down", "up"])
        plug("ens32")
        await host.until(lambda state: mii(state) == ["going back", "up"])
        state = await host.until(lambda state: mii(state) == ["up", "up"])
        moves = [after for kind, _, _, after in happened(state, pulled) if kind is Kind.MEMBER_MII]
        assert moves == ["going down", "down", "going back", "up"]


async def test_a_cable_that_is_back_before_the_delay_is_over_changes_nothing() -> None:
    async with bonded_host(f"{ACTIVE_BACKUP} downdelay 3000") as host:
        pull("ens32")
        await host.until(lambda state: mii(state) == ["going down", "up"])
        plug("ens32")
        state = await host.until(lambda state: mii(state) == ["up", "up"])
        assert bond(state).active_member == "ens32"


async def test_with_every_cable_out_the_bond_is_down() -> None:
    async with bonded_host() as host:
        pull(*NICS)
        state = await host.until(lambda state: mii(state) == ["down", "down"])
        state = await host.until(lambda state: bond(state).mii_status == "down")
        assert bond(state).active_member == ""
        assert warnings(bond(state), state.link_named) == (BondWarning.ALL_DOWN,)


async def test_a_member_chosen_by_hand_and_members_that_leave_and_join_are_followed() -> None:
    async with bonded_host() as host:
        ip("link set bond0 type bond active_slave ens36")
        await host.until(lambda state: bond(state).active_member == "ens36")
        ip("link set ens36 nomaster")
        state = await host.until(lambda state: len(bond(state).members) == 1)
        assert BondWarning.SINGLE_MEMBER in warnings(bond(state), state.link_named)
        ip("link set ens36 down", "link set ens36 master bond0")
        await host.until(lambda state: mii(state) == ["up", "up"])


async def test_a_changed_option_is_seen() -> None:
    async with bonded_host() as host:
        ip("link set bond0 type bond miimon 200 primary ens36 primary_reselect better")
        state = await host.until(lambda state: bond(state).miimon_ms == 200)
        state = await host.until(lambda state: bond(state).primary == "ens36")
        assert bond(state).primary_reselect == "better"


async def test_a_bond_that_is_renamed_is_followed() -> None:
    async with bonded_host() as host:
        ip("link set bond0 down", "link set bond0 name lan", "link set lan up")
        await host.until(lambda state: list(state.bonds) == ["lan"])
        pull("ens32")
        await host.until(lambda state: bond(state, "lan").active_member == "ens36")


async def test_a_bond_without_monitoring_never_notices_and_is_flagged() -> None:
    with cabled(*NICS):
        make_bond("bond0", "mode active-backup miimon 0", NICS)
        async with live_host(NetlinkSource(), BondingSource()) as host:
            await host.until(lambda state: len(bond(state).members) == 2 and state.links)
            pull("ens32")
            state = await host.until(
                lambda state: any(entry.kind is Kind.CARRIER_LOST for entry in state.timeline)
            )
            assert not bond(state).is_monitored
            assert BondWarning.NO_MONITORING in warnings(bond(state), state.link_named)
            assert (mii(state), setting("bond0", "active_slave")) == (["up", "up"], "ens32")


async def test_a_bond_under_a_bridge_keeps_its_place_when_it_fails_over() -> None:
    async with bonded_host() as host:
        ip("link add virbr1 type bridge", "link set virbr1 up", "link set bond0 master virbr1")
        ip("link add link bond0 name bond0.100 type vlan id 100")

        def is_plugged(state: HostState) -> bool:
            topology = state.topology
            names = topology.index_by_name
            return (
                "bond0.100" in names
                and topology.slaves.get(names.get("virbr1", 0)) == (names["bond0"],)
                and topology.uppers.get(names["bond0"]) == (names["bond0.100"],)
            )

        await host.until(is_plugged)
        pull("ens32")
        state = await host.until(lambda state: bond(state).active_member == "ens36")
        assert is_plugged(state)


async def test_netlink_alone_tells_the_same_as_far_as_it_knows() -> None:
    async with bonded_host() as host:
        pull("ens32")
        await host.until(lambda state: bond(state).active_member == "ens36")

        def agrees(state: HostState) -> bool:
            said = bond_of(replace(state, bonds={}), "bond0")
            told = bond(state)
            blank = {"speed_mbps": None, "duplex": None}
            members = tuple(replace(member, **blank) for member in told.members)
            return said == replace(told, members=members, driver_version="")

        await host.until(agrees)


async def test_lacp_between_two_bonds_shows_partner_and_aggregator() -> None:
    lacp = "mode 802.3ad miimon 100 lacp_rate fast"
    with cabled(*NICS, bridged=False):
        make_bond("peer", lacp, [far_end(nic) for nic in NICS], SWITCH)
        make_bond("bond0", lacp, NICS)
        async with live_host(NetlinkSource(), BondingSource()) as host:
            state = await host.until(has_partner, 30)
            first, second = bond(state).members
            assert first.aggregator_id == second.aggregator_id
            for side, mac in ((first.actor, own_mac(state)), (first.partner, partner_mac(state))):
                assert side is not None
                assert side.system_mac == mac
            assert BondWarning.LACP_NO_PARTNER not in warnings(bond(state), state.link_named)
            ip("link set peer down", namespace=SWITCH)
            plug(*NICS)
            state = await host.until(lambda state: partner_mac(state) == "00:00:00:00:00:00", 30)
            assert BondWarning.LACP_NO_PARTNER in warnings(bond(state), state.link_named)


def own_mac(state: HostState) -> str:
    link = state.link_named("bond0")
    return link.mac if link else ""


def partner_mac(state: HostState) -> str:
    lacp = bond(state).lacp
    return lacp.partner_mac if lacp else ""


def has_partner(state: HostState) -> bool:
    """Both members are in one aggregator with a partner that speaks."""
    lacp = bond(state).lacp
    silent = ("", "00:00:00:00:00:00")
    return bool(lacp and lacp.port_count == 2 and lacp.partner_mac not in silent)


@pytest.mark.parametrize("mode", list(MODES.values()))
def test_the_report_of_every_mode_is_understood_and_agrees_with_sysfs(mode: str) -> None:
    with cabled(*NICS):
        for members in ((), NICS[:1], NICS):
            make_bond("bond0", f"mode {mode} miimon 100 updelay 200", members)
            _check_report(mode, members)
            ip("link del bond0")


def _check_report(mode: str, members: tuple[str, ...]) -> None:
    told = parse_bond("bond0", report())
    assert told.unknown == ()
    assert all(member.unknown == () for member in told.members)
    assert tuple(member.name for member in told.members) == members
    assert (told.mode, setting("bond0", "mode")) == (mode, mode)
    assert str(told.miimon_ms) == setting("bond0", "miimon")
    assert str(told.up_delay_ms) == setting("bond0", "updelay")
    assert told.mii_status == setting("bond0", "mii_status")
    assert told.hash_policy.split(" ")[0] in ("", setting("bond0", "xmit_hash_policy"))
    assert (told.lacp is not None) == (mode == "802.3ad")


def test_the_report_of_arp_and_neighbour_monitoring_is_understood() -> None:
    arp = "arp_interval 250 arp_missed_max 5 arp_ip_target 192.0.2.1,192.0.2.2"
    neighbours = "ns_ip6_target 2001:db8::1,2001:db8::2"
    with cabled(*NICS):
        make_bond("bond0", f"mode active-backup fail_over_mac follow {arp} {neighbours}", NICS)
        told = parse_bond("bond0", report())
        assert (told.unknown, told.is_monitored) == ((), True)
        assert (told.arp_interval_ms, told.arp_missed_max) == (250, 5)
        assert told.arp_targets == ("192.0.2.1", "192.0.2.2")
        assert told.ns_targets == ("2001:db8::1", "2001:db8::2")
        assert told.fail_over_mac == setting("bond0", "fail_over_mac") == "follow"


def _make_and_destroy(times: int) -> None:
    for _ in range(times):
        make_bond("bond0", ACTIVE_BACKUP, NICS)
        ip("link del bond0")


async def test_a_bond_destroyed_while_it_is_read_is_gone_and_harms_nothing() -> None:
    with cabled(*NICS):
        make_bond("bond1", ACTIVE_BACKUP)
        async with live_host(NetlinkSource(), BondingSource()) as host:
            await host.until(lambda state: list(state.bonds) == ["bond1"])
            await asyncio.to_thread(_make_and_destroy, 12)
            await host.until(lambda state: list(state.bonds) == ["bond1"])
            await host.until(lambda state: state.link_named("bond0") is None)
            phases = {state.source(SourceName.BONDING).phase for state in host.pictures}
            assert phases <= {Phase.STARTING, Phase.LIVE}


async def test_the_source_comes_alive_with_the_driver() -> None:
    unload_bonding()
    try:
        with cabled(*NICS):
            async with live_host(NetlinkSource(), BondingSource()) as host:
                await host.until(lambda s: s.source(SourceName.BONDING).phase is Phase.ABSENT)
                load_bonding()
                make_bond("bond0", ACTIVE_BACKUP, NICS)
                state = await host.until(lambda state: mii(state) == ["up", "up"])
                assert state.source(SourceName.BONDING).phase is Phase.LIVE
    finally:
        load_bonding()
