"""A scrollable pane of sections that stays live: only lines that changed are painted again."""

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from kvmnet_tui.present.glyphs import glyphs
from kvmnet_tui.present.table import Section
from kvmnet_tui.widgets import palette
from kvmnet_tui.widgets.sections import Line, lines_of, plain_text
from kvmnet_tui.widgets.text import fit

WHEEL_ROWS = 3
TITLE_ROWS = 1
EDGE = 2  # cells of the line at the left


class DetailPane(Widget, can_focus=True):
    """A title line and the sections of one row, scrolled by lines."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "scroll_lines(1)", show=False),
        Binding("up,k", "scroll_lines(-1)", show=False),
        Binding("pagedown,ctrl+f,space", "scroll_pages(1)", show=False),
        Binding("pageup,ctrl+b", "scroll_pages(-1)", show=False),
        Binding("ctrl+d", "scroll_pages(0.5)", show=False),
        Binding("ctrl+u", "scroll_pages(-0.5)", show=False),
        Binding("enter", "screen.open", show=False),
        Binding("home,g", "scroll_lines(-1000000)", show=False),
        Binding("end,G,shift+g", "scroll_lines(1000000)", show=False),
    ]

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._title = ""
        self._sections: Sequence[Section] = ()
        self._lines: list[Line] = []
        self._top = 0

    @property
    def text(self) -> str:
        """Everything in it, for the clipboard."""
        return plain_text(self._sections)

    def show(self, title: str, sections: Sequence[Section], *, is_other: bool) -> None:
        """Show a row's detail; `is_other` when it is another row's than before."""
        if is_other:
            self._top = 0
        if (title, sections) == (self._title, self._sections):
            return
        self._title, self._sections = title, sections
        self._lay_out()

    def _lay_out(self) -> None:
        before, self._lines = self._visible(), lines_of(self._sections, self._text_width)
        self._top = max(0, min(self._top, self._last_top))
        after = self._visible()
        self.refresh(
            Region(0, 0, self.size.width, TITLE_ROWS),
            *(
                Region(0, y, self.size.width, 1)
                for y, (old, new) in enumerate(zip(before, after, strict=True), TITLE_ROWS)
                if old != new
            ),
        )

    @property
    def _text_width(self) -> int:
        return max(1, self.size.width - EDGE - 1)

    @property
    def _body_height(self) -> int:
        return max(1, self.size.height - TITLE_ROWS)

    @property
    def _last_top(self) -> int:
        return max(0, len(self._lines) - self._body_height)

    def _visible(self) -> list[Line | None]:
        shown: list[Line | None] = list(self._lines[self._top : self._top + self._body_height])
        return shown + [None] * (self._body_height - len(shown))

    def render_line(self, y: int) -> Strip:
        """Paint the title or one line."""
        width = self.size.width
        if y < TITLE_ROWS:
            return self._title_strip(width)
        position = self._top + y - TITLE_ROWS
        line = self._lines[position] if position < len(self._lines) else ()
        segments = [Segment(fit(glyphs().tree_pass, EDGE), palette.DIM)]
        segments += [Segment(text, style) for text, style in line]
        return Strip(segments).adjust_cell_length(width)

    def _title_strip(self, width: int) -> Strip:
        style = palette.CURSOR if self.has_focus else palette.HEADER
        more = ""
        if self._last_top:
            more = f" {round(100 * self._top / self._last_top)}% "
        title = fit(f" {self._title}", max(0, width - len(more)))
        return Strip([Segment(title + more, style)], width)

    def on_resize(self, _event: events.Resize) -> None:
        """Wrap the lines anew."""
        self._lines = lines_of(self._sections, self._text_width)
        self._top = max(0, min(self._top, self._last_top))
        self.refresh()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll by the wheel."""
        event.stop()
        self.action_scroll_lines(WHEEL_ROWS)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll by the wheel."""
        event.stop()
        self.action_scroll_lines(-WHEEL_ROWS)

    def action_scroll_lines(self, lines: int) -> None:
        """Scroll by lines."""
        top = max(0, min(self._top + lines, self._last_top))
        if top != self._top:
            self._top = top
            self.refresh()

    def action_scroll_pages(self, pages: float) -> None:
        """Scroll by pages."""
        self.action_scroll_lines(round(pages * self._body_height))
