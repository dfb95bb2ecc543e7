"""A drill while it runs: the phase, every target's answers as bars, and what was seen so far."""

from collections.abc import Mapping, Sequence

from kvmnet_tui.i18n import N_, _
from kvmnet_tui.model.drill import Drill, DrillPhase, TargetProgress
from kvmnet_tui.present.drill_report import HOW, ms_text, report_sections, steps_section
from kvmnet_tui.present.glyphs import glyphs
from kvmnet_tui.present.table import Cell, Field, Section, Severity
from kvmnet_tui.present.text import clean
from kvmnet_tui.present.units import duration_text

SILENT_SECONDS = 0.15
LOST = "x"  # in a row of bars, where a bar stands for an answer

_PHASES: Mapping[DrillPhase, str] = {
    DrillPhase.BASELINE: N_("measuring how it is before"),
    DrillPhase.WAITING: N_("PULL THE CABLE NOW"),
    DrillPhase.OUTAGE: N_("the member is gone: waiting for answers"),
    DrillPhase.TAKEN_OVER: N_("the traffic has moved"),
    DrillPhase.RESTORING: N_("the member is being brought back"),
    DrillPhase.FAILBACK: N_("waiting for the member to carry again"),
    DrillPhase.DONE: N_("done"),
    DrillPhase.FAILED: N_("broken off"),
}
_PLUG_IN = N_("PLUG THE CABLE BACK IN")


def phase_text(drill: Drill) -> str:
    """How far the drill is."""
    if drill.phase is DrillPhase.RESTORING and drill.how.value == "pull":
        return _(_PLUG_IN)
    return _(_PHASES[drill.phase])


def drill_sections(drill: Drill, now: float, width: int) -> tuple[Section, ...]:
    """The drill, or its report once there is one. `width` is the cells that bars may take."""
    if drill.report is not None:
        return report_sections(drill.report)
    left = max(0.0, drill.until - now)
    fields = [
        Field(_("Phase"), Cell(phase_text(drill), _severity(drill))),
        Field(_("Member"), Cell(f"{clean(drill.member)} ({_(HOW[drill.how])})")),
    ]
    if drill.is_running:
        fields.append(Field(_("At most"), Cell(duration_text(left), Severity.DIM)))
    if drill.phase is DrillPhase.FAILED:
        fields.append(Field(_("Why"), Cell(drill.sentence, Severity.ERROR)))
    return (
        Section(_("Drill"), tuple(fields)),
        _targets(drill, now, width),
        steps_section(drill.steps),
    )


def _severity(drill: Drill) -> Severity:
    if drill.phase in {DrillPhase.OUTAGE, DrillPhase.FAILED}:
        return Severity.ERROR
    if drill.phase is DrillPhase.WAITING or phase_text(drill) == _(_PLUG_IN):
        return Severity.WARNING
    return Severity.OK


def _targets(drill: Drill, now: float, width: int) -> Section:
    header = (_("Target"), _("Sent"), _("Lost"), _("Last"), _("Answers, the newest at the right"))
    rows = tuple(
        (
            Cell(clean(one.address)),
            Cell(str(one.sent)),
            Cell(str(one.lost), Severity.WARNING if one.lost else Severity.PLAIN),
            _last(one, now if drill.is_running else 0.0),
            Cell(bars(one.history, width)),
        )
        for one in drill.targets
    )
    return Section(_("Probes"), (), header, rows)


def _last(one: TargetProgress, now: float) -> Cell:
    """The newest answer's time, or how long none has come."""
    silence = now - one.answered_at if one.answered_at else 0.0
    if silence > SILENT_SECONDS:
        told = _("silent for {time}").format(time=ms_text(silence * 1000))
        return Cell(told, Severity.ERROR)
    newest = next((ms for ms in reversed(one.history) if ms is not None), None)
    return Cell(ms_text(newest))


def bars(history: Sequence[float | None], width: int) -> str:
    """The newest answers as bars against the longest of them, a cross for each one lost."""
    shown = history[-max(1, width) :]
    top = max((one for one in shown if one is not None), default=0.0)
    sparks = glyphs().sparks
    scale = (len(sparks) - 1) / top if top > 0 else 0.0
    return "".join(LOST if one is None else sparks[int(one * scale + 0.5)] for one in shown)
