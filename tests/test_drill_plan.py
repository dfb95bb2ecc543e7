"""Drills: when they are refused, what they would do, and what their probes mean. No network."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kvmnet_tui.drill.log import Log
from kvmnet_tui.drill.plan import make_plan, refusals
from kvmnet_tui.drill.statistics import Moments, Probe, baseline_of, longest_silence, outage
from kvmnet_tui.drill.surroundings import Surroundings, read_surroundings
from kvmnet_tui.forms.drill import DrillForm
from kvmnet_tui.forms.form import errors_of
from kvmnet_tui.model.bonds import Bond, Lacp, Member
from kvmnet_tui.model.drill import Drill, DrillPhase, DrillStep, How, Step
from kvmnet_tui.model.links import Counters
from kvmnet_tui.model.state import HostState
from kvmnet_tui.present.drill_plan import plan_lines
from kvmnet_tui.requests.bonds import RunDrill
from tests.support import pictures

GATEWAY = "192.168.200.2"
AROUND = Surroundings({"virbr1": (GATEWAY,)})
DRILL = RunDrill("bond0")


def host(bond: Bond | None = None) -> HostState:
    """The course's host, its bond perhaps another."""
    state = pictures.course_host()
    return state if bond is None else replace(state, bonds={"bond0": bond})


def refused(state: HostState, request: RunDrill = DRILL, around: Surroundings = AROUND) -> str:
    return "\n".join(refusals(state, around, request))


def with_members(*members: Member, mode: str = "active-backup") -> Bond:
    active = members[0].name if mode == "active-backup" else ""
    return replace(pictures.course_bond(), mode=mode, active_member=active, members=members)


UP, DOWN = Member("ens32", "up"), Member("ens36", "down")


def test_the_course_s_bond_may_be_drilled_through_its_bridge() -> None:
    assert refused(host()) == ""
    plan = make_plan(host(), AROUND, DRILL)
    assert (plan.member, plan.device, plan.bridge) == ("ens32", "virbr1", "virbr1")
    assert [(one.address, one.how, one.label) for one in plan.targets] == [
        (GATEWAY, "arp", "gateway")
    ]
    assert plan.restore_seconds > plan.patience


def test_named_addresses_are_probed_too_each_once() -> None:
    request = replace(DRILL, targets=("192.168.200.9", GATEWAY, "192.168.200.9"))
    plan = make_plan(host(), AROUND, request)
    assert [one.address for one in plan.targets] == [GATEWAY, "192.168.200.9"]


def test_without_a_second_member_up_it_is_refused_with_what_it_would_cut() -> None:
    alone = host(with_members(UP, DOWN))
    assert "only way out" in refused(alone)
    own = next(
        address.ip
        for address in alone.link_named("virbr1").addresses
        if not address.is_ipv6  # type: ignore[union-attr]
    )
    session = replace(AROUND, session_address=own)
    assert "This session runs over bond0" in refused(alone, around=session)
    elsewhere = Surroundings({"virbr1": (GATEWAY,), "ens40": ("10.0.0.1",)})
    assert "nothing could take over" in refused(alone, around=elsewhere)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"miimon_ms": 0}, "would never notice"),
        ({"members": ()}, "No member of bond0 is up"),
    ],
)
def test_a_bond_that_cannot_fail_over_is_refused(change: dict[str, object], reason: str) -> None:
    assert reason in refused(host(replace(pictures.course_bond(), **change)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (RunDrill("bond7"), "There is no bond called bond7"),
        (replace(DRILL, member="eth9"), "eth9 is no member of bond0"),
        (replace(DRILL, targets=("192.168.200",)), "192.168.200 is no IP address"),
        (replace(DRILL, interval_ms=0), "every 1 to 1000 ms"),
        (replace(DRILL, targets=tuple(f"10.0.0.{n}" for n in range(9))), "At most 8"),
    ],
)
def test_what_makes_no_sense_is_refused(request_: RunDrill, reason: str) -> None:
    assert reason in refused(host(), request_)


def test_a_drill_needs_rights_a_target_and_no_other_drill() -> None:
    assert "needs root" in refused(host(), around=replace(AROUND, may_change=False))
    assert "no gateway behind bond0" in refused(host(), around=Surroundings())
    running = Drill("bond1", "eth1", How.DOWN, DrillPhase.OUTAGE, 1.0)
    assert "under way on bond1" in refused(replace(host(), drill=running))
    over = replace(running, phase=DrillPhase.DONE)
    assert refused(replace(host(), drill=over)) == ""


def test_a_standby_that_never_heard_anything_is_not_trusted_with_the_way_out() -> None:
    state = host()
    standby = state.link_named("ens36")
    assert standby
    deaf = replace(state, counters={**state.counters, standby.index: Counters()})
    assert "ens36 never received a packet" in refused(deaf)
    elsewhere = Surroundings({"virbr1": (GATEWAY,), "ens40": ("10.0.0.1",)})
    assert refused(deaf, around=elsewhere) == ""


def test_lacp_needs_a_partner_or_company_and_its_minimum_of_links() -> None:
    apart = with_members(
        Member("ens32", "up", aggregator_id=1), Member("ens36", "up", aggregator_id=2)
    )
    no_partner = Lacp(partner_mac="00:00:00:00:00:00", aggregator_id=1)
    lonely = replace(apart, mode="802.3ad", lacp=no_partner)
    assert "No LACP partner answers" in refused(host(lonely))
    minimum = Lacp(partner_mac="52:54:00:00:00:01", aggregator_id=1, min_links=2)
    together = tuple(replace(one, aggregator_id=1) for one in apart.members)
    few = replace(lonely, lacp=minimum, members=together)
    assert "min_links" in refused(host(few))
    assert refused(host(replace(few, lacp=replace(minimum, min_links=1)))) == ""


def test_the_form_says_what_would_be_done_and_why_not() -> None:
    form = DrillForm("bond0", AROUND)
    values = dict(form.initial(host()))
    assert values["member"] == "ens32"
    assert not errors_of(form.findings(host(), values))
    text = form.preview(host(), values)[0].text
    assert "Set ens32 down" in text
    assert "whatever becomes of this program" in text
    assert form.request(host(), values) == replace(DRILL, member="ens32")
    pulled = {**values, "how": "pull", "targets": "192.168.200.9, 192.168.200.10"}
    assert form.request(host(), pulled).targets == ("192.168.200.9", "192.168.200.10")
    assert "cable" in form.preview(host(), pulled)[0].text
    alone = host(with_members(UP, DOWN))
    assert errors_of(form.findings(alone, values))
    assert form.preview(alone, values) == ()
    members = form.steps(alone, values)[0].fields[0].options
    assert [bool(one.why_not) for one in members] == [False, True]
    for step in form.steps(host(), values):
        assert all(field.name in values for field in step.fields)


def test_a_plan_reads_as_what_is_done_in_its_order() -> None:
    lines = plan_lines(make_plan(host(), AROUND, DRILL))
    assert lines[0] == f"Probe every 10 ms through virbr1: {GATEWAY} (ARP)"
    assert lines[1] == "Set ens32 down, as `ip link set ens32 down` does"
    assert "take over: ens36" in lines[2]


# What is around.


def test_gateways_are_read_from_the_kernel_s_tables(tmp_path: Path) -> None:
    net = tmp_path / "net"
    net.mkdir()
    (net / "route").write_text(
        "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
        "virbr1\t00000000\t02C8A8C0\t0003\t0\t0\t425\t00000000\t0\t0\t0\n"
        "virbr1\t00C8A8C0\t00000000\t0001\t0\t0\t425\t00FFFFFF\t0\t0\t0\n"
    )
    (net / "ipv6_route").write_text(
        f"{'0' * 32} 00 {'0' * 32} 00 fe80{'0' * 24}0001 "
        "00000400 00000001 00000000 00000003 ens40\n"
    )
    around = read_surroundings(tmp_path)
    assert around.gateways == {"virbr1": (GATEWAY,), "ens40": ("fe80::1",)}
    assert read_surroundings(tmp_path / "nothing").gateways == {}


# What the probes mean.


def probes(began: float, lost_from: float, lost_until: float, target: int = 0) -> list[Probe]:
    """A probe every 10 ms for three seconds, answered after 1 ms or not."""
    sent = [began + number / 100 for number in range(300)]
    return [Probe(target, at, None if lost_from <= at < lost_until else at + 0.001) for at in sent]


def test_an_interruption_is_split_into_detection_and_switch_over() -> None:
    steps = (
        DrillStep(101.0, Step.CARRIER_LOST, "ens32"),
        DrillStep(101.1, Step.MII, "ens32", "down"),
        DrillStep(101.101, Step.ACTIVE, "bond0", "ens36"),
        DrillStep(101.102, Step.ARP, "bond0", "192.168.200.132"),
    )
    moments = Moments(steps, "ens32", "down", "bond0")
    found = outage([GATEWAY], probes(100, 101.0, 101.1), 101.0, 102.5, moments)
    assert found.detection_ms == pytest.approx(100, abs=1)
    assert found.total_ms == pytest.approx(101, abs=11)
    assert found.switch_ms == pytest.approx(1, abs=11)
    assert (found.moved_ms, found.announced_ms) == (
        pytest.approx(101, abs=1),
        pytest.approx(102, abs=1),
    )
    assert found.lost == pytest.approx(10, abs=1)
    assert found.longest_silence_ms == pytest.approx(110, abs=11)
    assert found.targets[0].trace


def test_an_answer_before_the_driver_noticed_needs_no_switch_over() -> None:
    steps = (DrillStep(101.1, Step.MII, "ens32", "down"),)
    moments = Moments(steps, "ens32", "down", "bond0")
    found = outage([GATEWAY], probes(100, 0, 0), 101.0, 102.5, moments)
    assert (found.lost, found.switch_ms) == (0, 0.0)


def test_a_probe_lost_much_later_does_not_lengthen_the_interruption() -> None:
    late = [
        one if abs(one.sent - 102.2) > 0.004 else one._replace(answered=None)
        for one in probes(100, 101.0, 101.1)
    ]
    moments = Moments((), "ens32", "down", "bond0")
    found = outage([GATEWAY], late, 101.0, 102.8, moments)
    assert found.total_ms is not None
    assert found.total_ms < 130


def test_without_any_answer_there_is_no_total_but_a_silence() -> None:
    moments = Moments((), "ens32", "down", "bond0")
    found = outage([GATEWAY], probes(100, 101.0, 200), 101.0, 102.9, moments)
    assert (found.total_ms, found.switch_ms) == (None, None)
    assert found.longest_silence_ms == pytest.approx(1900, abs=30)


def test_the_worst_of_several_targets_counts() -> None:
    both = [*probes(100, 101.0, 101.1), *probes(100, 101.0, 101.5, target=1)]
    moments = Moments((), "ens32", "down", "bond0")
    found = outage([GATEWAY, "192.168.200.9"], both, 101.0, 102.5, moments)
    assert found.total_ms == pytest.approx(500, abs=15)
    assert [one.lost for one in found.targets] == [
        pytest.approx(10, abs=1),
        pytest.approx(50, abs=1),
    ]


def test_a_baseline_is_median_and_worst_of_what_was_answered() -> None:
    baseline = baseline_of(GATEWAY, [Probe(0, 1, 1.001), Probe(0, 2, 2.003), Probe(0, 3, None)])
    assert (baseline.sent, baseline.lost) == (3, 1)
    assert (baseline.median_ms, baseline.worst_ms) == (pytest.approx(2), pytest.approx(3))
    assert baseline_of(GATEWAY, []).median_ms is None


@given(st.lists(st.booleans(), min_size=1, max_size=200))
def test_a_silence_is_never_shorter_than_the_run_of_lost_probes(answered: list[bool]) -> None:
    every = [Probe(0, at / 100, at / 100 + 0.001 if ok else None) for at, ok in enumerate(answered)]
    runs = "".join("." if ok else "x" for ok in answered).split(".")
    longest = longest_silence(every, 0.0, len(answered) / 100)
    assert longest + 1e-9 >= (max(map(len, runs)) - 1) / 100
    assert longest <= len(answered) / 100 + 0.002


def test_the_log_follows_targets_and_members() -> None:
    log = Log("bond0", "ens32", [GATEWAY])
    for record in (
        ["carrier", 1.0, "ens32", True], ["mii", 1.0, "ens32", "up"],
        ["active", 1.0, "bond0", "ens32"], ["ready", 1.0],
        ["probe", 0, 1.0, 1.001], ["carrier", 2.0, "ens32", False],
        ["probe", 0, 2.0, None], ["mii", 2.1, "ens32", "down"],
        ["active", 2.1, "bond0", "ens36"], ["peers", 2.1, "bond0"],
        ["arp", 2.1, "192.168.200.132"], ["trouble", 0, "No route to host"],
    ):  # fmt: skip
        log.take(record)
    assert [one.step for one in log.ordered_steps()] == [
        Step.CARRIER_LOST, Step.MII, Step.ACTIVE, Step.PEERS, Step.ARP,
    ]  # fmt: skip
    progress = log.progress()[0]
    assert (progress.sent, progress.lost, progress.history) == (2, 1, (pytest.approx(1.0), None))
    assert log.state("ens32", "mii") == "down"
    assert log.step_after(1.5, Step.CARRIER_LOST, "ens32")
    assert log.step_after(2.5, Step.CARRIER_LOST, "ens32") is None
    assert not log.is_steady(1.0, frozenset({0}))
    assert log.troubles == {0: "No route to host"}
