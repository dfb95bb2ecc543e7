"""What a drill would do, in sentences, before it does it."""

from collections.abc import Iterator

from kvmnet_tui.drill.plan import DrillPlan, detection_seconds, shares_traffic
from kvmnet_tui.i18n import _
from kvmnet_tui.model.drill import How
from kvmnet_tui.present.drill_report import kind_text
from kvmnet_tui.present.table import Section
from kvmnet_tui.present.text import clean
from kvmnet_tui.present.units import duration_text


def plan_lines(plan: DrillPlan) -> tuple[str, ...]:
    """A sentence for each thing that would happen, in order."""
    return tuple(_lines(plan))


def plan_section(plan: DrillPlan) -> Section:
    """The same as a part of a form's preview."""
    return Section("", text="\n".join(plan_lines(plan)))


def _lines(plan: DrillPlan) -> Iterator[str]:
    names = {"bond": clean(plan.bond.name), "member": clean(plan.member)}
    targets = ", ".join(
        f"{clean(target.address)} ({kind_text(target.how)})" for target in plan.targets
    )
    told = _("Probe every {milliseconds} ms through {device}: {targets}")
    yield told.format(milliseconds=plan.interval_ms, device=clean(plan.device), targets=targets)
    if plan.how is How.DOWN:
        yield _("Set {member} down, as `ip link set {member} down` does").format(**names)
    else:
        yield _("Wait for the cable of {member} to be pulled").format(**names)
    others = ", ".join(clean(one.name) for one in plan.bond.members if one.name != plan.member)
    if shares_traffic(plan.bond):
        yield _("See how {others} go on without it").format(others=others)
    else:
        yield _("See one of the others take over: {others}").format(others=others)
    seconds = duration_text(detection_seconds(plan.bond))
    yield _("Expected interruption: up to about {time}").format(time=seconds)
    if plan.how is How.DOWN:
        yield _(
            "Bring {member} up again, {time} later at the latest, whatever becomes of this program"
        ).format(**names, time=duration_text(plan.restore_seconds))
    yield _("Measure how the traffic comes back, and keep a report")
