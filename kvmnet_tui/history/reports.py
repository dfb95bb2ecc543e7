"""A drill's report in the forms it is kept in."""

import json

from kvmnet_tui.codec import encode
from kvmnet_tui.history.store import History
from kvmnet_tui.i18n import _
from kvmnet_tui.model.drill import DrillReport
from kvmnet_tui.present.drill_report import report_sections
from kvmnet_tui.present.drill_svg import report_svg
from kvmnet_tui.present.listing import section_lines, unpainted

FORMS = ("text", "json", "svg")


def report_text(report: DrillReport) -> str:
    """The whole report as lines of text."""
    return "\n".join(section_lines(report_sections(report), unpainted)) + "\n"


def report_in(report: DrillReport, form: str) -> str:
    """The report as text, json or svg."""
    if form == "json":
        return json.dumps(encode(report), ensure_ascii=False, indent=2) + "\n"
    return report_svg(report) if form == "svg" else report_text(report)


def keep_report(history: History | None, report: DrillReport) -> str:
    """Keep it in all forms; a sentence that says where. OSError."""
    if history is None:
        return _("The report is not kept: this is the lab.")
    path = history.keep_report(report, report_text(report), report_svg(report))
    return _("Report: {path}.txt, .json and .svg").format(path=path)
