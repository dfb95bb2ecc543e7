"""A drill's report as a picture: every probe on a line of time, with what the bond did. SVG 1.1."""

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from kvmnet_tui.i18n import _
from kvmnet_tui.model.drill import DrillReport, DrillStep, Outage
from kvmnet_tui.present.drill_report import report_sentence, step_sentence
from kvmnet_tui.present.units import date_time

WIDTH, LEFT, RIGHT = 960, 150, 30
ROW, STEP_ROW = 60, 18
INK, GREY, GOOD, BAD, MARK = "#1a1a1a", "#8a8a8a", "#1b7f3b", "#c02020", "#2050b0"
FONT = "sans-serif"


def report_svg(report: DrillReport) -> str:
    """The whole picture; readable without colours, and in black and white print."""
    parts: list[str] = []
    y = 30.0
    title = _("Failover drill of {bond}").format(bond=report.bond)
    parts.append(_text(20, y, f"{title}, {report.host}, {date_time(report.began)}", size=16))
    y += 24
    for line in _folded(report_sentence(report), 118):
        parts.append(_text(20, y, line, size=12))
        y += 17
    for name, outage in (
        (_("Failover"), report.failover),
        (_("Fail-back"), report.failback),
    ):
        if outage is not None and any(one.trace for one in outage.targets):
            chart = _Chart(report, outage, name, y + 16)
            parts.extend(chart.parts())
            y = chart.end
    y += 20
    size = f'width="{WIDTH}" height="{y:.0f}" viewBox="0 0 {WIDTH} {y:.0f}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="{FONT}">'
    background = '<rect width="100%" height="100%" fill="#ffffff"/>'
    return "\n".join((head, f"<title>{escape(title)}</title>", background, *parts, "</svg>", ""))


class _Chart:
    """One interruption: a row of probes for each target, and below them the steps."""

    def __init__(self, report: DrillReport, outage: Outage, name: str, top: float) -> None:
        self._outage = outage
        self._name = name
        self._top = top
        times = [at for one in outage.targets for at, _ in one.trace]
        self._first, self._last = min(times), max(times)
        self._steps = [step for step in report.steps if self._first <= self._ms(step) <= self._last]
        self._rows = top + 14 + ROW * len(outage.targets)
        self.end = self._rows + 26 + STEP_ROW * len(self._steps)

    def _ms(self, step: DrillStep) -> float:
        return (step.at - self._outage.began) * 1000

    def _x(self, milliseconds: float) -> float:
        share = (milliseconds - self._first) / max(1.0, self._last - self._first)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def parts(self) -> Iterator[str]:
        """From top to bottom."""
        yield _text(20, self._top, self._name, size=14)
        yield from self._probes()
        yield from self._axis()
        for place, step in enumerate(self._steps):
            yield from self._step(place, step)

    def _probes(self) -> Iterator[str]:
        for number, target in enumerate(self._outage.targets):
            base = self._top + 10 + ROW * (number + 1)
            worst = max((took for _, took in target.trace if took is not None), default=1.0)
            yield _text(20, base - 20, target.address, size=12)
            yield _line(LEFT, base, WIDTH - RIGHT, base, GREY)
            for at, took in target.trace:
                x = self._x(at)
                if took is None:
                    yield _cross(x, base - 12)
                else:
                    yield _line(x, base, x, base - 2 - 36 * took / max(worst, 0.001), GOOD)

    def _axis(self) -> Iterator[str]:
        for tick in _ticks(self._first, self._last):
            x = self._x(tick)
            yield _line(x, self._rows, x, self._rows + 5, INK)
            label = _("{milliseconds} ms").format(milliseconds=f"{tick:.0f}")
            yield _text(x, self._rows + 18, label, size=10, anchor="middle")

    def _step(self, place: int, step: DrillStep) -> Iterator[str]:
        x, y = self._x(self._ms(step)), self._rows + 36 + STEP_ROW * place
        yield _line(x, self._top + 10, x, y - 4, MARK, dashed=True)
        text = f"{self._ms(step):+.1f}  {step_sentence(step)}"
        is_right = x > WIDTH * 0.6
        yield _text(x - 4 if is_right else x + 4, y, text, anchor="end" if is_right else "start")


def _ticks(first: float, last: float) -> list[float]:
    """About ten round numbers of milliseconds."""
    width = max(1.0, (last - first) / 10)
    step = next(
        one
        for one in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 1e9)
        if one >= width
    )
    begin = int(first // step) * step
    count = int((last - begin) // step) + 1
    return [begin + step * number for number in range(count) if begin + step * number >= first]


def _folded(text: str, width: int) -> Iterator[str]:
    line = ""
    for word in text.split(" "):
        if line and len(line) + len(word) >= width:
            yield line
            line = ""
        line = f"{line} {word}" if line else word
    yield line


def _text(x: float, y: float, text: str, *, size: int = 11, anchor: str = "start") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{INK}" '
        f"text-anchor={quoteattr(anchor)}>{escape(_printable(text))}</text>"
    )


def _printable(text: str) -> str:
    return "".join(one if one.isprintable() else "\ufffd" for one in text)


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, *, dashed: bool = False) -> str:
    dashes = ' stroke-dasharray="4 3"' if dashed else ""
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"{dashes}/>'
    )


def _cross(x: float, y: float) -> str:
    return (
        f'<path d="M{x - 3:.1f} {y - 3:.1f}l6 6m0 -6l-6 6" stroke="{BAD}" '
        f'stroke-width="1.5" fill="none"/>'
    )
