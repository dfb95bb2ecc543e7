"""What happens to bonds: told once, in the kernel's order, each with its own time."""

from dataclasses import replace
from pathlib import Path

import pytest

from kvmnet_tui.events import BondsRead, KernelChanged, ManagersRead, fold
from kvmnet_tui.model.bond_health import BondWarning, all_warnings, differences, last_failure
from kvmnet_tui.model.bonds import Bond, Lacp, Member
from kvmnet_tui.model.failovers import Cause, Failover
from kvmnet_tui.model.links import IFF_LOWER_UP, Link, Manager
from kvmnet_tui.model.moments import Moment, Notice
from kvmnet_tui.model.replay import ReplayMoment
from kvmnet_tui.model.state import HostState
from kvmnet_tui.model.timeline import Kind, Origin, TimelineEntry
from kvmnet_tui.present.bond_modes import mode_sentence, reselect_text, role
from kvmnet_tui.present.bond_warnings import warning_sentence
from kvmnet_tui.sources.bonding_parser import MODES
from kvmnet_tui.sources.managers.backends import bonding_opts
from kvmnet_tui.sources.netlink.drivers import read_devices
from tests.support import pictures

NOW = pictures.NOW


def the(state: HostState, name: str) -> Link:
    link = state.link_named(name)
    assert link
    return link


def lost(link: Link) -> Link:
    return replace(link, flags=link.flags & ~IFF_LOWER_UP, carrier_changes=link.carrier_changes + 1)


def out(link: Link) -> Link:
    assert link.member
    return replace(link, member=replace(link.member, mii_status="down", link_failures=1))


def moved(link: Link, to: int, primary: int = 0) -> Link:
    assert link.bond
    return replace(link, bond=replace(link.bond, active_member=to, primary=primary))


def failover(state: HostState) -> KernelChanged:
    """The kernel's messages of a failover, which one flush brought."""
    ens32, bond0 = the(state, "ens32"), the(state, "bond0")
    dark = lost(ens32)
    steps = (
        Moment(NOW + 0.001, dark),
        Moment(NOW + 0.101, out(dark)),
        Moment(NOW + 0.102, moved(bond0, pictures.ENS36)),
        Moment(NOW + 0.103, moved(bond0, pictures.ENS36), Notice.PEERS),
    )
    final = {ens32.index: out(dark), bond0.index: moved(bond0, pictures.ENS36)}
    return KernelChanged(NOW + 0.2, final, moments=steps)


def new(before: HostState, after: HostState) -> list[TimelineEntry]:
    return list(after.timeline[len(before.timeline) :])


def with_address() -> HostState:
    state = pictures.course_host()
    bond0 = replace(the(state, "bond0"), addresses=the(state, "virbr1").addresses)
    return fold(state, KernelChanged(NOW, {bond0.index: bond0}))


def test_a_failover_is_told_step_by_step_with_each_step_s_own_time() -> None:
    before = with_address()
    told = new(before, fold(before, failover(before)))
    assert [(round(one.at - NOW, 3), one.kind, one.subject) for one in told] == [
        (0.001, Kind.CARRIER_LOST, "ens32"),
        (0.101, Kind.MEMBER_MII, "ens32"),
        (0.102, Kind.ACTIVE_MEMBER, "bond0"),
        (0.103, Kind.PEERS_NOTIFIED, "bond0"),
    ]
    assert (told[2].before, told[2].after) == ("ens32", "ens36")
    assert told[1].origin is Origin.BONDING


def test_what_the_report_repeats_is_not_told_again() -> None:
    before = pictures.course_host()
    state = fold(before, failover(before))
    after = fold(state, BondsRead(NOW + 0.3, {"bond0": pictures.course_bond("ens36")}))
    assert after.bonds["bond0"].active_member == "ens36"
    assert after.timeline == state.timeline


def test_a_report_that_comes_first_is_not_repeated_by_the_kernel_s_messages() -> None:
    before = pictures.course_host()
    state = fold(before, BondsRead(NOW, {"bond0": pictures.course_bond("ens36")}))
    told = new(state, fold(state, failover(before)))
    assert [one.kind for one in told] == [Kind.CARRIER_LOST]


def test_going_down_is_told_by_the_report_and_joined_to_what_the_kernel_says_next() -> None:
    before = pictures.course_host()
    bond = before.bonds["bond0"]
    going = replace(bond.members[0], mii_status="going down")
    passing = replace(bond, members=(going, *bond.members[1:]))
    state = fold(before, BondsRead(NOW, {"bond0": passing}))
    told = [
        one for one in new(before, fold(state, failover(before))) if one.kind is Kind.MEMBER_MII
    ]
    assert [(one.before, one.after) for one in told] == [
        ("up", "going down"),
        ("going down", "down"),
    ]


def test_an_older_report_does_not_contradict_a_newer_message() -> None:
    before = pictures.course_host()
    state = fold(before, failover(before))
    stale = fold(state, BondsRead(NOW - 1, {"bond0": pictures.course_bond("ens32")}))
    assert stale.timeline == state.timeline


def test_a_member_that_left_and_joined_begins_a_new_life() -> None:
    before = pictures.course_host()
    state = fold(before, failover(before))
    gone = replace(the(state, "ens32"), master=0, member=None)
    state = fold(state, KernelChanged(NOW + 1, {gone.index: gone}))
    back = the(before, "ens32")
    state = fold(state, KernelChanged(NOW + 2, {back.index: back}))
    again = fold(state, KernelChanged(NOW + 3, {back.index: out(back)}))
    assert [(one.kind, one.after) for one in new(state, again)] == [(Kind.MEMBER_MII, "down")]


def test_a_move_to_the_primary_is_a_fail_back() -> None:
    before = pictures.course_host()
    away = moved(the(before, "bond0"), pictures.ENS36, pictures.ENS32)
    state = fold(before, KernelChanged(NOW, {away.index: away}))
    home = moved(away, pictures.ENS32, pictures.ENS32)
    told = new(state, fold(state, KernelChanged(NOW + 1, {home.index: home})))
    assert [(one.kind, one.before, one.after) for one in told] == [
        (Kind.FAILED_BACK, "ens36", "ens32")
    ]


def test_what_lacp_negotiates_is_told() -> None:
    members = (Member("ens32", "up", aggregator_id=1), Member("ens36", "up", aggregator_id=1))
    lacp = Lacp(partner_mac="52:54:00:00:00:01", aggregator_id=1)
    bond = replace(
        pictures.course_bond(), mode="802.3ad", active_member="", lacp=lacp, members=members
    )
    before = fold(pictures.course_host(), BondsRead(NOW, {"bond0": bond}))
    apart = replace(members[1], aggregator_id=2, actor_churn="churned")
    silent = replace(lacp, partner_mac="00:00:00:00:00:00")
    after = fold(
        before,
        BondsRead(NOW + 1, {"bond0": replace(bond, lacp=silent, members=(members[0], apart))}),
    )
    assert [(one.kind, one.subject, one.after) for one in new(before, after)] == [
        (Kind.LACP_AGGREGATOR, "ens36", "2"),
        (Kind.LACP_PARTNER, "bond0", "00:00:00:00:00:00"),
    ]


# What deserves attention.


def warned(state: HostState) -> tuple[BondWarning, ...]:
    return all_warnings(state, state.bonds["bond0"])


def test_a_member_that_flaps_is_flagged_with_how_often() -> None:
    state = pictures.course_host()
    flaps = tuple(
        TimelineEntry(n, NOW - 60 + n, Origin.KERNEL, Kind.CARRIER_LOST, "ens36", count=2)
        for n in range(1, 4)
    )
    moment = ReplayMoment(NOW, 1, 1)
    flapping = replace(state, timeline=flaps, replay=moment)
    assert BondWarning.FLAPPING in warned(flapping)
    sentence = warning_sentence(flapping, flapping.bonds["bond0"], BondWarning.FLAPPING)
    assert sentence.startswith("ens36 lost its carrier 6 times in 10 minutes")
    later = replace(flapping, replay=replace(moment, at=NOW + 3600))
    assert BondWarning.FLAPPING not in warned(later)


def test_members_on_one_card_are_flagged_those_on_two_are_not() -> None:
    def with_devices(*devices: str) -> HostState:
        state = pictures.course_host()
        links = {
            the(state, name).index: replace(the(state, name), parent_device=device)
            for name, device in zip(("ens32", "ens36"), devices, strict=True)
        }
        return fold(state, KernelChanged(NOW, links))

    one = with_devices("0000:03:00.0", "0000:03:00.1")
    assert BondWarning.ONE_DEVICE in warned(one)
    sentence = warning_sentence(one, one.bonds["bond0"], BondWarning.ONE_DEVICE)
    assert "0000:03:00" in sentence
    assert BondWarning.ONE_DEVICE not in warned(with_devices("0000:02:00.0", "0000:02:01.0"))
    assert BondWarning.ONE_DEVICE not in warned(with_devices("", ""))


def test_the_device_is_read_from_sysfs_where_netlink_does_not_tell(tmp_path: Path) -> None:
    device = tmp_path / "devices/pci0000:00/0000:03:00.1"
    device.mkdir(parents=True)
    (tmp_path / "bus/drivers/ixgbe").mkdir(parents=True)
    (device / "driver").symlink_to(tmp_path / "bus/drivers/ixgbe")
    (tmp_path / "class/net/ens36").mkdir(parents=True)
    (tmp_path / "class/net/ens36/device").symlink_to(device)
    found = read_devices(tmp_path, {3: "ens36", 4: "nothing"})
    assert {index: (one.driver, one.parent) for index, one in found.items()} == {
        3: ("ixgbe", "0000:03:00.1")
    }


def managed(**fields: object) -> HostState:
    state = pictures.course_host()
    manager = Manager("NetworkManager", **fields)  # type: ignore[arg-type]
    return fold(state, ManagersRead({the(state, "bond0").index: manager}))


def test_a_bond_changed_past_its_configuration_is_flagged_with_what_differs() -> None:
    changed = managed(bond_options=(("mode", "802.3ad"), ("miimon", "100")))
    assert BondWarning.CHANGED_OUTSIDE in warned(changed)
    bond = changed.bonds["bond0"]
    assert differences(changed, bond) == (("mode", "802.3ad", "active-backup"),)
    assert "mode: 802.3ad / active-backup" in warning_sentence(
        changed, bond, BondWarning.CHANGED_OUTSIDE
    )
    assert warned(managed(bond_options=(("mode", "1"), ("miimon", "100")))) == ()
    assert warned(managed(watches_only=True)) == (BondWarning.MADE_OUTSIDE,)


def test_an_ifcfg_file_s_options_are_read() -> None:
    words = {"BONDING_OPTS": "mode=1 miimon=100 broken"}
    assert bonding_opts(words) == (("mode", "1"), ("miimon", "100"))


def test_a_mac_that_moves_is_flagged() -> None:
    state = pictures.course_host()
    moving = replace(state.bonds["bond0"], fail_over_mac="active")
    assert BondWarning.MAC_MOVES in warned(replace(state, bonds={"bond0": moving}))


def test_the_last_failure_is_known_from_this_run_or_an_earlier_one() -> None:
    state = pictures.course_host()
    bond = state.bonds["bond0"]
    earlier = Failover("bond0", "ens36", Cause.CARRIER, lost_at=50.0, noticed_at=50.1)
    kept = replace(state, failovers=(earlier,))
    assert last_failure(kept, bond, bond.members[1]) == 50.1
    assert last_failure(kept, bond, bond.members[0]) == 0
    failed = fold(kept, failover(kept))
    assert last_failure(failed, bond, bond.members[0]) == pytest.approx(NOW + 0.101)


# Every mode in its own terms.


@pytest.mark.parametrize("mode", list(MODES.values()))
def test_every_mode_is_explained_and_only_active_backup_has_standbys(mode: str) -> None:
    members = (Member("ens32", "up", aggregator_id=1), Member("ens36", "up", aggregator_id=1))
    lacp = Lacp(partner_mac="52:54:00:00:00:01", aggregator_id=1) if mode == "802.3ad" else None
    bond = Bond("bond0", mode, active_member="ens32", lacp=lacp, members=members)
    assert mode_sentence(mode)
    roles = [role(bond, member).text for member in members]
    assert ("standby" in roles) == (mode == "active-backup")
    assert "member" not in roles
    down = replace(members[1], mii_status="down")
    assert role(replace(bond, members=(members[0], down)), down).text == "out"


def test_lacp_s_members_are_aggregated_left_out_or_without_a_partner() -> None:
    one, other = Member("ens32", "up", aggregator_id=1), Member("ens36", "up", aggregator_id=2)
    lacp = Lacp(partner_mac="52:54:00:00:00:01", aggregator_id=1)
    bond = Bond("bond0", "802.3ad", lacp=lacp, members=(one, other))
    assert [role(bond, member).text for member in bond.members] == ["aggregated", "left out"]
    silent = replace(bond, lacp=replace(lacp, partner_mac="00:00:00:00:00:00"))
    assert role(silent, one).text == "no partner"


def test_the_primary_s_policy_is_said_in_words() -> None:
    assert reselect_text("always").startswith("always: the primary takes over again")
    assert reselect_text("better (speed)").startswith("better:")
    assert reselect_text("never heard of") == "never heard of"
