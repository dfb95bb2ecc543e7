"""Answers to choose from, a line each: one of them, or any number."""

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from kvmnet_tui.forms.form import Option
from kvmnet_tui.present.glyphs import glyphs
from kvmnet_tui.widgets import palette
from kvmnet_tui.widgets.text import fit

MAX_ROWS = 14
MARK_WIDTH = 4
_WAYS = {"down": 1, "j": 1, "up": -1, "k": -1}


class Options(Widget, can_focus=True):
    """The cursor chooses when `many` is False; Space marks when it is True."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "submit", show=False)]

    class Changed(Message):
        """Another answer."""

        def __init__(self, sender: "Options", chosen: tuple[str, ...]) -> None:
            super().__init__()
            self.sender = sender
            self.chosen = chosen

    class Submitted(Message):
        """The user is done here."""

    class Moved(Message):
        """The cursor is on another option."""

    def __init__(self, options: Sequence[Option], chosen: Sequence[str], *, many: bool) -> None:
        super().__init__()
        self._options = tuple(options)
        self._many = many
        self._chosen = tuple(chosen)
        self._cursor = self._start()
        self._top = 0
        self.styles.height = max(1, min(MAX_ROWS, len(self._options)))

    def _start(self) -> int:
        """The first that is chosen, else the first that can be."""
        chosen = (at for at, one in enumerate(self._options) if one.value in self._chosen)
        free = (at for at, one in enumerate(self._options) if not one.why_not)
        return next(chosen, next(free, 0))

    @property
    def chosen(self) -> tuple[str, ...]:
        """The values of the answers, in the options' order."""
        return self._chosen

    @property
    def under_cursor(self) -> Option | None:
        """The option that Enter or Space is about."""
        return self._options[self._cursor] if self._options else None

    def choose(self, chosen: Sequence[str]) -> None:
        """Show another answer, without a message."""
        if tuple(chosen) != self._chosen:
            self._chosen = tuple(chosen)
            places = (at for at, option in enumerate(self._options) if option.value in chosen)
            self._cursor = next(places, self._cursor)
            self._follow()

    def render_line(self, y: int) -> Strip:
        """Paint one option: mark, label, and why it cannot be chosen or what it means."""
        width = self.size.width
        position = self._top + y
        if position >= len(self._options):
            return Strip.blank(width)
        option = self._options[position]
        at_cursor = position == self._cursor and self.has_focus
        style = palette.CURSOR if at_cursor else palette.DIM if option.why_not else palette.PLAIN
        label = fit(f"{self._mark(option)} {option.label}", min(width, self._label_width))
        more = self._sign_of_more(position)
        left = max(0, width - self._label_width - len(more))
        remark = fit(f"  {option.why_not or option.hint}", left)
        return Strip([Segment(label, style), Segment(f"{remark}{more}", palette.DIM)], width)

    def _sign_of_more(self, position: int) -> str:
        """What stands at the end of the first and last line where more are out of sight."""
        if position == self._top > 0:
            return f" {glyphs().above}"
        last = self._top + self.size.height - 1
        return f" {glyphs().below}" if position == last < len(self._options) - 1 else ""

    @property
    def _label_width(self) -> int:
        longest = max(cell_len(option.label) for option in self._options)
        return longest + MARK_WIDTH

    def _mark(self, option: Option) -> str:
        is_chosen = option.value in self._chosen
        if self._many:
            return "[x]" if is_chosen else "[ ]"
        return f"({glyphs().up})" if is_chosen else "( )"

    def _follow(self) -> None:
        height = max(1, self.size.height)
        self._top = min(max(self._top, self._cursor - height + 1), self._cursor)
        self.refresh()

    def _choose(self, position: int) -> None:
        option = self._options[position]
        if option.why_not:
            return
        chosen = {option.value}
        if self._many:
            chosen = set(self._chosen) ^ chosen
        values = tuple(one.value for one in self._options if one.value in chosen)
        if values != self._chosen:
            self._chosen = values
            self.post_message(self.Changed(self, values))
        self.refresh()

    def on_key(self, event: events.Key) -> None:
        """Move and mark; not by bindings, which a key that comes right after would overtake."""
        if event.key in _WAYS:
            event.stop()
            self.action_move(_WAYS[event.key])
        elif event.key == "space":
            event.stop()
            self.action_mark()

    def action_move(self, rows: int) -> None:
        """Move the cursor; past the ends to the field before or after."""
        position = self._cursor + rows
        if not 0 <= position < len(self._options):
            (self.screen.focus_next if rows > 0 else self.screen.focus_previous)()
            return
        self.move_to(position)
        if not self._many:
            self._choose(position)

    def move_to(self, position: int) -> None:
        """Put the cursor on an option."""
        self._cursor = position
        self._follow()
        self.post_message(self.Moved())

    def action_mark(self) -> None:
        """Choose what is under the cursor, or take it back."""
        if self._options:
            self._choose(self._cursor)

    def action_submit(self) -> None:
        """Say that the user is done here."""
        self.post_message(self.Submitted())

    def on_click(self, event: events.Click) -> None:
        """Choose what is clicked."""
        position = self._top + event.y
        if position < len(self._options):
            self._cursor = position
            self._choose(position)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll by the wheel."""
        self._scroll(1, event)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll by the wheel."""
        self._scroll(-1, event)

    def on_resize(self, _event: events.Resize) -> None:
        """Show as many options as there is room for."""
        self._top = max(0, min(self._top, len(self._options) - self.size.height))
        self._follow()

    def _scroll(self, rows: int, event: events.MouseEvent) -> None:
        top = max(0, min(self._top + rows, len(self._options) - self.size.height))
        if top != self._top:
            event.stop()
            self._top = top
            self.refresh()


class Toggle(Widget, can_focus=True):
    """Yes or no."""

    class Changed(Message):
        """The other answer."""

        def __init__(self, sender: "Toggle", is_on: bool) -> None:
            super().__init__()
            self.sender = sender
            self.is_on = is_on

    def __init__(self, is_on: bool) -> None:
        super().__init__()
        self.is_on = is_on
        self.styles.height = 1

    def render_line(self, _y: int) -> Strip:
        """Paint the mark."""
        style = palette.CURSOR if self.has_focus else palette.PLAIN
        mark = Segment("[x]" if self.is_on else "[ ]", style)
        return Strip([mark]).adjust_cell_length(self.size.width)

    def turn(self, is_on: bool) -> None:
        """Show another answer, without a message."""
        self.is_on = is_on
        self.refresh()

    def on_key(self, event: events.Key) -> None:
        """Change the answer, or leave it for the field before or after."""
        if event.key in _WAYS:
            event.stop()
            (self.screen.focus_next if _WAYS[event.key] > 0 else self.screen.focus_previous)()
        elif event.key == "space":
            event.stop()
            self.action_mark()

    def action_mark(self) -> None:
        """Give the other answer."""
        self.turn(not self.is_on)
        self.post_message(self.Changed(self, self.is_on))

    def on_click(self) -> None:
        """Give the other answer."""
        self.action_mark()
