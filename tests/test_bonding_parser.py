"""The text of /proc/net/bonding, as kernels from 2.6.18 to 6.8 write it, and as none does."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kvmnet_tui.model.bonds import Bond, Lacp, LacpPort, Member
from kvmnet_tui.sources.bonding_parser import parse_bond

CAPTURES = Path(__file__).parent / "data" / "bonding"
NAMES = sorted(path.stem for path in CAPTURES.glob("*.txt"))


def capture(name: str) -> str:
    return (CAPTURES / f"{name}.txt").read_text()


def parsed(name: str) -> Bond:
    return parse_bond("bond0", capture(name))


def unknown_lines(bond: Bond) -> list[str]:
    return [*bond.unknown, *(line for member in bond.members for line in member.unknown)]


def test_the_course_s_bond_is_read_whole() -> None:
    assert parsed("3.10-active-backup-failed-over") == Bond(
        name="bond0",
        mode="active-backup",
        driver_version="v3.7.1 (April 27, 2011)",
        active_member="ens36",
        mii_status="up",
        miimon_ms=100,
        members=(
            Member(
                "ens32", "down", None, None, link_failures=1,
                permanent_mac="00:0c:29:96:3a:c5", queue_id=0,
            ),
            Member(
                "ens36", "up", 1000, "full", link_failures=1,
                permanent_mac="00:0c:29:96:3a:cf", queue_id=0,
            ),
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("2.6.18-balance-rr", "balance-rr"),
        ("3.10-active-backup", "active-backup"),
        ("3.10-balance-xor-arp", "balance-xor"),
        ("3.10-no-monitoring", "broadcast"),
        ("6.8-8023ad", "802.3ad"),
        ("4.19-balance-tlb-going-down", "balance-tlb"),
        ("5.10-balance-alb", "balance-alb"),
    ],
)
def test_each_of_the_seven_modes_gets_its_short_name(name: str, mode: str) -> None:
    assert parsed(name).mode == mode


@pytest.mark.parametrize("name", [name for name in NAMES if "openeuler" not in name])
def test_every_line_of_a_mainline_kernel_is_understood(name: str) -> None:
    assert unknown_lines(parsed(name)) == []


@pytest.mark.parametrize("name", NAMES)
def test_every_capture_gives_all_its_members(name: str) -> None:
    assert len(parsed(name).members) == capture(name).count("Slave Interface")


def test_a_primary_comes_with_its_policy_and_its_mac_rule() -> None:
    bond = parsed("2.6.32-active-backup-primary")
    assert (bond.mode, bond.fail_over_mac) == ("active-backup", "active")
    assert (bond.primary, bond.primary_reselect) == ("eth0", "always")
    assert (bond.miimon_ms, bond.up_delay_ms, bond.down_delay_ms) == (50, 200, 100)
    assert [member.queue_id for member in bond.members] == [0, 2]


def test_old_kernels_ways_to_print_an_unknown_speed_are_no_speeds() -> None:
    assert parsed("2.6.32-active-backup-primary").members[1].speed_mbps is None
    speeds = [member.speed_mbps for member in parsed("2.6.32-8023ad-no-aggregator").members]
    assert speeds == [None, None]


def test_arp_and_neighbour_targets_are_lists() -> None:
    bond = parsed("6.1-balance-xor-ns")
    assert (bond.arp_interval_ms, bond.arp_missed_max) == (500, 3)
    assert bond.arp_targets == ("192.0.2.1", "192.0.2.2")
    assert bond.ns_targets == ("2001:db8::1", "2001:db8::2")
    assert bond.is_monitored
    assert parsed("5.15-active-backup-arp").ns_targets == ()


def test_a_bond_without_miimon_and_arp_is_not_monitored() -> None:
    assert not parsed("3.10-no-monitoring").is_monitored
    assert parsed("3.10-active-backup").is_monitored


def test_no_active_member_is_an_empty_name() -> None:
    assert parsed("5.15-active-backup-arp").active_member == ""


def test_members_between_up_and_down_keep_the_kernel_s_words() -> None:
    bond = parsed("4.19-balance-tlb-going-down")
    assert [member.mii_status for member in bond.members] == ["going down", "going back"]


def test_lacp_shows_both_sides_of_the_conversation() -> None:
    bond = parsed("6.8-8023ad")
    assert bond.lacp == Lacp(
        active=True, rate="fast", min_links=1, aggregator_selection="count",
        system_priority=65535, system_mac="9c:63:c0:00:00:4e", has_aggregator=True,
        aggregator_id=5, port_count=1, actor_key=29, partner_key=2897,
        partner_mac="3c:c7:86:00:00:21",
    )  # fmt: skip
    first, second = bond.members
    assert first.actor == LacpPort(65535, "9c:63:c0:00:00:4e", 29, 255, 1, 63)
    assert first.partner == LacpPort(32768, "3c:c7:86:00:00:21", 2897, 32768, 1, 61)
    assert (second.aggregator_id, second.actor_churn, second.actor_churned) == (6, "churned", 1)


def test_lacp_without_an_aggregator_says_so() -> None:
    bond = parsed("2.6.32-8023ad-no-aggregator")
    assert bond.lacp == Lacp(rate="fast", aggregator_selection="stable", has_aggregator=False)
    assert [member.aggregator_id for member in bond.members] == [None, None]


def test_what_the_kernel_hides_from_ordinary_users_is_not_known() -> None:
    bond = parsed("4.18-8023ad-without-rights")
    assert bond.lacp is not None
    assert (bond.lacp.has_aggregator, bond.lacp.partner_mac) == (None, "")
    assert bond.members[0].actor is None


def test_a_vendor_s_own_lines_are_kept_where_they_stood() -> None:
    bond = parsed("4.19-openeuler-8023ad")
    kept = ("Slave active: 1", "Slave sm_vars: 0x172", "Aggregator active: 1")
    assert (bond.unknown, bond.members[0].unknown) == ((), kept)
    assert bond.members[0].partner is not None
    assert bond.members[1].link_failures == 17


def test_a_value_that_is_no_number_is_kept_as_an_unknown_line() -> None:
    bond = parse_bond(
        "bond0", "MII Polling Interval (ms): soon\n\nSlave Interface: a\nSpeed: fast\n"
    )
    assert bond.unknown == ("MII Polling Interval (ms): soon",)
    assert bond.members[0].unknown == ("Speed: fast",)


def test_an_unknown_mode_keeps_its_words() -> None:
    assert parse_bond("bond0", "Bonding Mode: quantum (new)\n").mode == "quantum (new)"


def test_a_member_called_like_markup_keeps_its_name() -> None:
    assert parse_bond("[red]", "Slave Interface: [b]é中\n").members[0].name == "[b]é中"


@given(st.text())
def test_any_text_is_read_and_every_line_is_accounted_for(text: str) -> None:
    bond = parse_bond("bond0", text)
    assert bond.name == "bond0"
    assert len(unknown_lines(bond)) <= text.count("\n") + 1


@given(st.binary())
def test_any_bytes_are_read(raw: bytes) -> None:
    assert isinstance(parse_bond("bond0", raw.decode(errors="replace")), Bond)


@st.composite
def mutated_captures(draw: st.DrawFn) -> str:
    text = capture(draw(st.sampled_from(NAMES)))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 40)))
        text = text[:start] + draw(st.text(max_size=12)) + text[end:]
    return text


@given(mutated_captures())
def test_a_damaged_report_is_still_read(text: str) -> None:
    bond = parse_bond("bond0", text)
    assert all(isinstance(member, Member) for member in bond.members)


@given(st.sampled_from(NAMES), st.data())
def test_a_report_cut_short_has_no_member_that_the_whole_one_lacks(
    name: str, data: st.DataObject
) -> None:
    lines = capture(name).splitlines(keepends=True)
    part = parse_bond("bond0", "".join(lines[: data.draw(st.integers(0, len(lines)))]))
    whole = [member.name for member in parsed(name).members]
    assert [member.name for member in part.members] == whole[: len(part.members)]
