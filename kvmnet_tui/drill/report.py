"""The report of a drill, made of what was gathered. Pure."""

import time
from dataclasses import dataclass, field

from kvmnet_tui.drill.log import Log
from kvmnet_tui.drill.plan import DrillPlan, shares_traffic
from kvmnet_tui.drill.statistics import Moments, baseline_of, outage
from kvmnet_tui.model.drill import DrillReport, DrillStep, Outage, Remark, Step


@dataclass(slots=True)
class Measured:
    """When each part of a drill began and ended, since the epoch; 0 for what did not come."""

    began: float
    baseline_until: float = 0.0
    lost_at: float = 0.0
    failover_until: float = 0.0
    found_at: float = 0.0
    failback_until: float = 0.0
    ended: float = 0.0
    remarks: list[Remark] = field(default_factory=list)


def make_report(host: str, plan: DrillPlan, log: Log, measured: Measured) -> DrillReport:
    """Everything that is kept of a drill."""
    bond = plan.bond
    failover = _outage(plan, log, measured.lost_at, measured.failover_until, "down")
    failback = None
    if measured.failback_until:
        failback = _outage(plan, log, measured.found_at, measured.failback_until, "up")
    baseline = tuple(
        baseline_of(
            target.address,
            [
                one
                for one in log.probes
                if one.target == number and one.sent < measured.baseline_until
            ],
        )
        for number, target in enumerate(plan.targets)
    )
    remarks = list(measured.remarks)
    if any(one.lost == one.sent for one in baseline):
        remarks.append(Remark.SILENT_TARGET)
    return DrillReport(
        report_name(bond.name, measured.began),
        host,
        bond.name,
        bond.mode,
        plan.member,
        plan.how,
        plan.device,
        measured.began,
        measured.ended,
        plan.interval_ms,
        miimon_ms=bond.miimon_ms,
        up_delay_ms=bond.up_delay_ms,
        down_delay_ms=bond.down_delay_ms,
        arp_interval_ms=bond.arp_interval_ms,
        bridge=plan.bridge,
        primary=bond.primary,
        took_over=_took_over(plan, log, measured.lost_at),
        targets=plan.targets,
        baseline=baseline,
        failover=failover,
        failback=failback,
        steps=_with_first_answer(log.ordered_steps(), failover),
        remarks=tuple(one.value for one in remarks),
    )


def report_name(bond: str, began: float) -> str:
    """`bond0-20261124-031207`: what a report is found by, and its file's name."""
    return f"{bond}-{time.strftime('%Y%m%d-%H%M%S', time.localtime(began))}"


def _outage(plan: DrillPlan, log: Log, began: float, until: float, noticed: str) -> Outage:
    steps = tuple(one for one in log.ordered_steps() if began <= one.at <= until)
    moments = Moments(steps, plan.member, noticed, plan.bond.name)
    return outage([one.address for one in plan.targets], log.probes, began, until, moments)


def _took_over(plan: DrillPlan, log: Log, lost_at: float) -> str:
    if shares_traffic(plan.bond):
        return ""
    for step in log.ordered_steps():
        if step.step is Step.ACTIVE and step.at >= lost_at and step.value not in ("", plan.member):
            return step.value
    return ""


def _with_first_answer(steps: tuple[DrillStep, ...], failover: Outage) -> tuple[DrillStep, ...]:
    """The steps with the end of the interruption among them."""
    if failover.total_ms is None:
        return steps
    worst = max(failover.targets, key=lambda one: one.first_answer_ms or 0.0)
    at = failover.began + failover.total_ms / 1000
    answer = DrillStep(at, Step.FIRST_ANSWER, worst.address)
    return tuple(sorted((*steps, answer), key=lambda step: step.at))
