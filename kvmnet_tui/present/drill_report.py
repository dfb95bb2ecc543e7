"""A drill and its report as sentences, sections and plain lines."""

from collections.abc import Iterator, Mapping, Sequence

from kvmnet_tui.i18n import N_, _
from kvmnet_tui.model.drill import (
    DrillReport,
    DrillStep,
    How,
    Outage,
    Remark,
    Step,
    TargetOutage,
)
from kvmnet_tui.present.cells import UNKNOWN, or_dash, plain
from kvmnet_tui.present.sentences import state_word
from kvmnet_tui.present.table import Cell, Field, Section, Severity
from kvmnet_tui.present.text import clean
from kvmnet_tui.present.units import date_time, time_ms

_STEPS: Mapping[Step, str] = {
    Step.SET_DOWN: N_("link {subject} was set down"),
    Step.SET_UP: N_("link {subject} was set up"),
    Step.CARRIER_LOST: N_("{subject} lost its carrier"),
    Step.CARRIER_FOUND: N_("{subject} has a carrier"),
    Step.MII: N_("member {subject}: MII {value}"),
    Step.ACTIVE: N_("{subject} now uses {value}"),
    Step.AGGREGATOR: N_("member {subject} is in aggregator {value}"),
    Step.PEERS: N_("{subject} notifies its neighbours"),
    Step.ARP: N_("gratuitous ARP for {value} left through {subject}"),
    Step.FIRST_ANSWER: N_("{subject} answers again"),
    Step.GIVEN_BACK: N_("{value} was made the active member of {subject} again"),
}
_NOBODY_ACTIVE = N_("{subject} has no active member")

_REMARKS: Mapping[str, str] = {
    Remark.NO_ANSWER: N_("No answers came before the time was up: the failover did not work."),
    Remark.SILENT_TARGET: N_("An address never answered, not even before the drill."),
    Remark.NO_FAILBACK: N_("The primary is up, and the bond did not move back to it in time."),
    Remark.NOT_BACK: N_("The cable was not plugged in again in time: no fail-back was measured."),
    Remark.MEMBER_STAYS_OUT: N_("The member is back, and the driver does not use it yet."),
}

HOW: Mapping[How, str] = {
    How.DOWN: N_("set down by the program"),
    How.PULL: N_("cable pulled"),
}


def step_sentence(step: DrillStep) -> str:
    """What was seen, in one sentence."""
    message = _STEPS[step.step]
    if step.step is Step.ACTIVE and not step.value:
        message = _NOBODY_ACTIVE
    value = state_word(step.value) if step.step is Step.MII else clean(step.value)
    return _(message).format(subject=clean(step.subject), value=value)


def step_severity(step: DrillStep) -> Severity:
    """How bad it is."""
    if step.step in {Step.CARRIER_LOST, Step.SET_DOWN} or step.value == "down":
        return Severity.ERROR
    if step.step in {Step.FIRST_ANSWER, Step.CARRIER_FOUND, Step.SET_UP} or step.value == "up":
        return Severity.OK
    return Severity.PLAIN


def ms_text(value: float | None) -> str:
    """`103 ms`, with tenths below ten; empty for what was not seen."""
    if value is None:
        return ""
    number = f"{value:.1f}" if value < 10 else f"{value:.0f}"
    return _("{milliseconds} ms").format(milliseconds=number)


def report_sentence(report: DrillReport) -> str:
    """The whole drill in one sentence."""
    outage = report.failover
    if outage is None or outage.total_ms is None or Remark.NO_ANSWER in report.remarks:
        told = _("{bond}: after {member} was gone, no answer came any more.")
        return told.format(bond=report.bond, member=report.member)
    names = {
        "bond": report.bond,
        "member": report.member,
        "other": report.took_over,
        "time": ms_text(outage.total_ms),
        "lost": outage.lost,
        "sent": outage.sent,
        "silence": ms_text(outage.longest_silence_ms),
    }
    if report.took_over:
        told = _(
            "{bond} failed over from {member} to {other}: the first answer came after {time}, "
            "{lost} of {sent} probes were lost, the longest silence was {silence}."
        )
    else:
        told = _(
            "{bond} went on without {member}: answers came steadily after {time}, "
            "{lost} of {sent} probes were lost, the longest silence was {silence}."
        )
    return told.format(**names)


def report_sections(report: DrillReport) -> tuple[Section, ...]:
    """Everything in a report."""
    remarks = tuple(
        Field(_("Remark"), Cell(_(_REMARKS[one]), Severity.WARNING))
        for one in report.remarks
        if one in _REMARKS
    )
    return (
        Section(_("Result"), (Field(_("Drill"), Cell(report_sentence(report))), *remarks)),
        *_outages(report),
        Section(_("Drill"), tuple(_drill_fields(report))),
        _baseline_section(report),
        steps_section(report.steps),
    )


def _outages(report: DrillReport) -> Iterator[Section]:
    if report.failover is not None:
        yield _failover_section(report, report.failover)
    if report.failback is not None:
        yield _failback_section(report.failback)


def _drill_fields(report: DrillReport) -> Iterator[Field]:
    yield Field(_("Name"), plain(report.name))
    yield Field(_("Host"), plain(report.host))
    yield Field(_("Bond"), plain(f"{report.bond} ({report.mode})"))
    if report.bridge:
        yield Field(_("Bridge"), plain(report.bridge))
    yield Field(_("Member"), plain(report.member))
    yield Field(_("Taken away by"), Cell(_(HOW[report.how])))
    yield Field(_("Began"), Cell(date_time(report.began)))
    yield Field(_("Monitoring"), Cell(monitoring_text(report)))
    told = _("every {milliseconds} ms through {device}")
    probes = told.format(milliseconds=report.interval_ms, device=clean(report.device))
    yield Field(_("Probes"), Cell(probes))


def monitoring_text(report: DrillReport) -> str:
    """How the driver watches the members, with its delays."""
    if report.miimon_ms:
        told = _("MII every {milliseconds} ms, down delay {down} ms, up delay {up} ms")
        return told.format(
            milliseconds=report.miimon_ms, down=report.down_delay_ms, up=report.up_delay_ms
        )
    return _("ARP every {milliseconds} ms").format(milliseconds=report.arp_interval_ms)


def _failover_section(report: DrillReport, outage: Outage) -> Section:
    detection = (
        _("Detection (miimon and down delay)")
        if report.miimon_ms
        else _("Detection (ARP monitoring)")
    )
    times = (
        (_("First answer after"), outage.total_ms),
        (detection, outage.detection_ms),
        (_("Switch-over"), outage.switch_ms),
        (_("Active member moved after"), outage.moved_ms),
    )
    return _outage_section(_("Failover"), times, outage)


def _failback_section(outage: Outage) -> Section:
    times = (
        (_("Member up after (miimon and up delay)"), outage.detection_ms),
        (_("Active member moved after"), outage.moved_ms),
    )
    return _outage_section(_("Fail-back"), times, outage)


def _outage_section(
    title: str, times: tuple[tuple[str, float | None], ...], outage: Outage
) -> Section:
    every = (
        *times,
        (_("Gratuitous ARP after"), outage.announced_ms),
        (_("Longest silence"), outage.longest_silence_ms),
    )
    fields = [Field(label, Cell(ms_text(value))) for label, value in every if value is not None]
    lost = _("{lost} of {sent}").format(lost=outage.lost, sent=outage.sent)
    severity = Severity.WARNING if outage.lost else Severity.OK
    fields.append(Field(_("Probes lost"), Cell(lost, severity)))
    header = (_("Target"), _("Sent"), _("Lost"), _("Longest silence"), _("First answer after"))
    return Section(title, tuple(fields), header, tuple(map(_target_row, outage.targets)))


def _target_row(one: TargetOutage) -> tuple[Cell, ...]:
    first = ms_text(one.first_answer_ms)
    return (
        plain(one.address),
        Cell(str(one.sent)),
        Cell(str(one.lost), Severity.WARNING if one.lost else Severity.PLAIN),
        Cell(ms_text(one.longest_silence_ms)),
        Cell(first) if first else UNKNOWN,
    )


def _baseline_section(report: DrillReport) -> Section:
    header = (_("Target"), _("Kind"), _("Sent"), _("Lost"), _("Median"), _("Worst"))
    rows = tuple(
        (
            plain(one.address),
            Cell(_kind(target.how, target.label)),
            Cell(str(one.sent)),
            Cell(str(one.lost), Severity.WARNING if one.lost else Severity.PLAIN),
            Cell(ms_text(one.median_ms)) if one.median_ms is not None else UNKNOWN,
            Cell(ms_text(one.worst_ms)) if one.worst_ms is not None else UNKNOWN,
        )
        for one, target in zip(report.baseline, report.targets, strict=False)
    )
    return Section(_("Before the drill"), (), header, rows)


def kind_text(how: str) -> str:
    """By what a target is probed."""
    return _("ARP") if how == "arp" else _("ping")


def _kind(how: str, label: str) -> str:
    word = kind_text(how)
    return _("{kind}, gateway").format(kind=word) if label == "gateway" else word


def steps_section(steps: tuple[DrillStep, ...]) -> Section:
    """What was seen, each with its time and the time since the first."""
    began = steps[0].at if steps else 0.0
    rows = tuple(
        (
            Cell(time_ms(step.at)),
            Cell(f"+{(step.at - began) * 1000:.1f}", Severity.DIM),
            Cell(step_sentence(step), step_severity(step)),
        )
        for step in steps
    )
    header = (_("Time"), _("ms"), _("What happened")) if rows else ()
    return Section(_("What happened"), (), header, rows, "" if rows else _("nothing yet"))


def report_lines(report: DrillReport) -> tuple[str, ...]:
    """The figures that matter most, a line each."""
    return tuple(
        f"{section.title}: {field.label}: {field.value.text}"
        for section in _outages(report)
        for field in section.fields
    )


def drills_table(reports: Sequence[DrillReport]) -> Section:
    """A line a drill."""
    header = (
        _("Name"),
        _("Member"),
        _("Took over"),
        _("First answer after"),
        _("Lost"),
        _("Longest silence"),
    )
    rows = tuple(
        (
            plain(report.name),
            plain(report.member),
            or_dash(report.took_over),
            or_dash(ms_text(report.failover.total_ms) if report.failover else ""),
            Cell(str(report.failover.lost)) if report.failover else UNKNOWN,
            Cell(ms_text(report.failover.longest_silence_ms)) if report.failover else UNKNOWN,
        )
        for report in reports
    )
    return Section(_("Drills"), (), header if rows else (), rows, "" if rows else _("none"))
