"""What deserves attention about a bond, and a bond that only netlink knows."""

from dataclasses import replace
from pathlib import Path

import pytest

from kvmnet_tui.model.bond_health import BondWarning, warnings
from kvmnet_tui.model.bond_reports import bond_names, bond_of
from kvmnet_tui.model.bonds import Bond, Member
from kvmnet_tui.model.links import BondSettings, Link, MemberSettings
from kvmnet_tui.sources.bonding_parser import parse_bond
from tests.support.pictures import NO_CARRIER, course_bond, link, picture

CAPTURES = Path(__file__).parent / "data" / "bonding"
ENS32 = link(2, "ens32", master=4, member=MemberSettings("active", "up", 0, "00:0c:29:96:3a:c5"))
ENS36 = link(
    3, "ens36", master=4, flags=NO_CARRIER, member=MemberSettings("backup", "going down", 7)
)
BOND0 = link(4, "bond0", "bond", bond=BondSettings("active-backup", 2, 3, 100))
HEALTHY = course_bond()


def warned(bond: Bond, *links: Link) -> tuple[BondWarning, ...]:
    return warnings(bond, picture(links).link_named)


def with_members(*members: Member, mode: str = "active-backup") -> Bond:
    return replace(HEALTHY, mode=mode, members=members)


def test_the_course_s_bond_gives_no_cause_for_concern() -> None:
    assert warned(HEALTHY, ENS32, ENS36, BOND0) == ()
    assert warned(course_bond(active="ens36")) == ()


@pytest.mark.parametrize(
    ("capture", "expected"),
    [
        ("3.10-8023ad", ()),
        ("3.10-no-monitoring", (BondWarning.NO_MONITORING, BondWarning.SINGLE_MEMBER)),
        ("6.1-balance-rr-empty", (BondWarning.NO_MEMBERS, BondWarning.NO_MONITORING)),
        ("5.15-active-backup-arp", (BondWarning.ALL_DOWN, BondWarning.SINGLE_MEMBER)),
        ("5.10-balance-alb", (BondWarning.SPEED_MISMATCH,)),
        ("2.6.32-8023ad-no-aggregator", (BondWarning.ALL_DOWN,)),
        ("6.8-8023ad", ()),  # the churned member in another aggregator has its cable out
        ("4.18-8023ad-without-rights", (BondWarning.SINGLE_MEMBER,)),
        (
            "4.19-8023ad-no-partner",
            (
                BondWarning.LACP_NO_PARTNER,
                BondWarning.DIFFERENT_AGGREGATORS,
                BondWarning.CHURNED,
            ),
        ),
    ],
)
def test_a_report_is_judged(capture: str, expected: tuple[BondWarning, ...]) -> None:
    assert warned(parse_bond("bond0", (CAPTURES / f"{capture}.txt").read_text())) == expected


def test_a_member_is_up_and_yet_none_is_active() -> None:
    bond = replace(HEALTHY, active_member="")
    assert warned(bond) == (BondWarning.NO_ACTIVE,)


def test_lacp_has_members_up_and_yet_no_aggregator() -> None:
    text = (CAPTURES / "2.6.32-8023ad-no-aggregator.txt").read_text()
    bond = parse_bond("bond0", text.replace("MII Status: down", "MII Status: up"))
    assert warned(bond) == (BondWarning.NO_ACTIVE,)


def test_a_member_that_is_going_down_still_counts() -> None:
    assert warned(with_members(Member("a", "going down"), Member("b", "going back"))) == ()
    assert warned(with_members(Member("a", "down"), Member("b", "going back"))) == (
        BondWarning.ALL_DOWN,
    )


def test_a_slow_spare_is_a_choice_and_a_slow_partner_a_mismatch() -> None:
    members = (Member("a", "up", 10_000), Member("b", "up", 1_000))
    assert warned(with_members(*members)) == ()
    assert warned(with_members(*members, mode="balance-xor")) == (BondWarning.SPEED_MISMATCH,)


def test_a_member_with_another_mtu_is_a_mismatch() -> None:
    large = replace(ENS36, mtu=9000)
    assert warned(HEALTHY, ENS32, large, BOND0) == (BondWarning.MTU_MISMATCH,)


def test_a_bond_without_a_report_is_told_from_netlink() -> None:
    bond = bond_of(picture((ENS32, ENS36, BOND0)), "bond0")
    assert bond == Bond(
        name="bond0",
        mode="active-backup",
        active_member="ens32",
        primary="ens36",
        mii_status="up",
        miimon_ms=100,
        members=(
            Member("ens32", "up", permanent_mac="00:0c:29:96:3a:c5", queue_id=0),
            Member("ens36", "going down", link_failures=7, queue_id=0),
        ),
    )


def test_the_driver_s_report_comes_before_netlink() -> None:
    assert bond_of(picture((ENS32, BOND0), bonds=[HEALTHY]), "bond0") is HEALTHY


def test_a_link_that_is_no_bond_is_none() -> None:
    state = picture((ENS32, BOND0))
    assert (bond_of(state, "ens32"), bond_of(state, "bond7")) == (None, None)


def test_a_bond_of_which_netlink_knows_only_the_kind_is_a_bond() -> None:
    bare = picture((link(4, "bond0", "bond"), link(2, "ens32", master=4)))
    assert bond_of(bare, "bond0") == Bond("bond0", mii_status="up", members=(Member("ens32"),))


def test_bonds_are_listed_in_natural_order_whoever_knows_them() -> None:
    links = (link(4, "bond10", "bond"), link(5, "bond2", "bond"), ENS32)
    assert bond_names(picture(links, bonds=[HEALTHY])) == ("bond0", "bond2", "bond10")
