"""The one table: rows by key, painted line by line, repainting only the cells that changed."""

import time
from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from kvmnet_tui.i18n import _
from kvmnet_tui.model.state import HostState
from kvmnet_tui.present.table import View
from kvmnet_tui.present.text import clean
from kvmnet_tui.widgets import palette
from kvmnet_tui.widgets.columns import GAP, Layout, lay_out
from kvmnet_tui.widgets.ordering import (
    Arrangement,
    Tree,
    Wish,
    arrange,
    nearest,
    with_branch,
    without_branch,
)
from kvmnet_tui.widgets.painting import Row, changed_regions, header_strip, more_columns, row_strip
from kvmnet_tui.widgets.text import fit, wrap
from kvmnet_tui.widgets.window import Window

if TYPE_CHECKING:
    from textual.timer import Timer

REARRANGE_SECONDS = 1.0
DEAR_SECONDS = 0.01
PAUSES_PER_ARRANGING = 4  # a dear order is made anew at most one fifth of the time
WHEEL_ROWS = 3
HEADER_ROWS = 1


class LiveTable(Widget, can_focus=True):
    """A view's rows. `update` costs the visible rows, and all of them when the topology changed.

    The cursor stays on its row, and the row stays on its line, whatever comes and goes around it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", show=False),
        Binding("up,k", "move(-1)", show=False),
        Binding("pagedown,ctrl+f", "page(1)", show=False),
        Binding("pageup,ctrl+b", "page(-1)", show=False),
        Binding("ctrl+d", "page(0.5)", show=False),
        Binding("ctrl+u", "page(-0.5)", show=False),
        Binding("home,g", "go_to(0)", show=False),
        Binding("end,G,shift+g", "go_to(-1)", show=False),
        Binding("right,l", "scroll_columns(1)", show=False),
        Binding("left,h", "scroll_columns(-1)", show=False),
        Binding("enter", "open", show=False),
        Binding("s", "sort_next", show=False),
        Binding("S,shift+s", "sort_reverse", show=False),
        Binding("space", "fold", show=False),
        Binding("minus", "fold_all", show=False),
        Binding("plus", "unfold_all", show=False),
    ]

    class Changed(Message):
        """The cursor's row, the rows, their order or the columns are others than before."""

        def can_replace(self, message: Message) -> bool:
            """One is enough to look again."""
            return isinstance(message, LiveTable.Changed)

    class Opened(Message):
        """The user asked for the cursor row's detail."""

    def __init__(self, view: View, *, follows_tail: bool = False) -> None:
        super().__init__()
        self.view: Final = view
        self._follows_tail = follows_tail
        self._state = HostState()
        self._wish = Wish()
        self._arrangement = Arrangement()
        self._depended_on: object = None
        self._arranged_at = 0.0
        self._arranging_took = 0.0
        self._later: Timer | None = None
        self._window = Window()
        self._touched = False
        self._skipped = 0
        self._placing = Layout()
        self._painted: list[Row | None] = []
        self._apology: list[str] = []

    @property
    def cursor_key(self) -> Hashable | None:
        """The key of the row under the cursor, None when there are no rows."""
        keys = self._arrangement.keys
        return keys[self._window.cursor] if keys else None

    @property
    def needle(self) -> str:
        """What the rows are filtered by."""
        return self._wish.needle

    @property
    def position(self) -> str:
        """Where the cursor is, or how many rows match the filter, in words."""
        now = self._arrangement
        where = ""
        if self._wish.needle:
            where = _("{matches} of {total}").format(matches=now.matches, total=now.total)
        elif now.keys:
            row = self._window.cursor + 1
            where = _("row {row} of {total}").format(row=row, total=len(now.keys))
        return where + more_columns(self._placing, self._skipped)

    @property
    def short_position(self) -> str:
        """The same where there is no room for words."""
        now = self._arrangement
        where = ""
        if self._wish.needle:
            where = f"{now.matches}/{now.total}"
        elif now.keys:
            where = f"{self._window.cursor + 1}/{len(now.keys)}"
        return where + more_columns(self._placing, self._skipped)

    def cursor_text(self) -> str:
        """The cursor row's cells, tab-separated."""
        key = self.cursor_key
        if key is None:
            return ""
        return "\t".join(clean(cell.text) for cell in self.view.cells(self._state, key))

    @property
    def cursor_title(self) -> str:
        """The cursor row's first cell without branch signs."""
        key = self.cursor_key
        if key is None:
            return ""
        return without_branch(clean(self.view.cells(self._state, key)[0].text))

    def update(self, state: HostState) -> None:
        """Show another picture."""
        self._state = state
        depends_on = self.view.depends_on(state)
        if depends_on != self._depended_on:
            self._depended_on = depends_on
            self._arrange_after(0.0)
        elif self._order_is_live():
            self._arrange_after(REARRANGE_SECONDS)
        self._sync()

    def filter(self, needle: str) -> None:
        """Show only the rows that contain `needle`; all of them when it is empty."""
        if needle != self._wish.needle:
            self._wished(replace(self._wish, needle=needle))

    def sort_by(self, column: str, *, reverse: bool = False) -> None:
        """Sort by a column's key; the natural order when it is empty."""
        self._wished(replace(self._wish, column=column, reverse=reverse))
        self.refresh(Region(0, 0, self.size.width, HEADER_ROWS))

    # The order of the rows.

    def _wished(self, wish: Wish) -> None:
        self._wish = wish
        self._arrange()
        self._sync()

    def _order_is_live(self) -> bool:
        live = {column.key for column in self.view.columns if column.live}
        return bool(self._wish.needle and live) or self._wish.column in live

    def _arrange_after(self, pause: float) -> None:
        """Arrange now, or once it is so many seconds since the last time; longer when it is dear.

        Until then a row that is gone shows empty cells.
        """
        if self._arranging_took > DEAR_SECONDS:
            pause = max(pause, PAUSES_PER_ARRANGING * self._arranging_took)
        due = self._arranged_at + pause - time.monotonic()
        if due <= 0:
            self._arrange()
        elif self._later is None:
            self._later = self.set_timer(due, self._arrange_late)

    def _arrange_late(self) -> None:
        self._later = None
        self._arrange()
        self._sync()

    def _arrange(self) -> None:
        started = time.thread_time()
        before, self._arrangement = self._arrangement, arrange(self.view, self._state, self._wish)
        if self._arrangement.keys != before.keys:
            self._follow_keys(before.keys)
        if self._arrangement != before:
            self.post_message(self.Changed())
        self._arranged_at = time.monotonic()
        self._arranging_took = time.thread_time() - started

    def _follow_keys(self, before: Sequence[Hashable]) -> None:
        keys = self._arrangement.keys
        cursor = 0
        if self._follows_tail and not self._wish.column and self._window.is_at_end:
            cursor = len(keys) - 1
        elif self._touched:
            positions = {key: position for position, key in enumerate(keys)}
            cursor = nearest(before, self._window.cursor, positions)
        self._window.replace(len(keys), cursor)

    # Painting.

    def _sync(self) -> None:
        """Make the visible rows; have painted again what differs from what is on screen."""
        rows = [self._row(position) for position in self._window.rows]
        rows_and_blanks = rows + [None] * (self._window.height - len(rows))
        painted, self._painted = self._painted, rows_and_blanks
        self._sync_apology()
        if len(painted) != len(rows_and_blanks):
            self.refresh()
            return
        lines = enumerate(zip(painted, rows_and_blanks, strict=True), HEADER_ROWS)
        regions = [
            region
            for y, (old, new) in lines
            for region in changed_regions(y, old, new, self._placing)
        ]
        if regions:
            self.refresh(*regions)

    def _row(self, position: int) -> Row:
        key = self._arrangement.keys[position]
        cells = self.view.cells(self._state, key)
        branch = self._arrangement.branches.get(key)
        folded = self._arrangement.hidden.get(key)
        if branch is not None or folded:
            text = cells[0].text if branch is None else with_branch(cells[0].text, branch)
            text = f"{text} +{folded}" if folded else text
            cells = (replace(cells[0], text=text), *cells[1:])
        return Row(cells, position == self._window.cursor)

    def _sync_apology(self) -> None:
        """The sentence instead of rows; with the first row it goes."""
        reason = ""
        if not self._arrangement.keys:
            reason = self.view.empty_reason(self._state)
        if self._wish.needle and self._arrangement.total and not self._arrangement.keys:
            reason = _('Nothing here contains "{text}".').format(text=self._wish.needle)
        apology = wrap(reason, max(1, self.size.width - 2)) if reason else []
        if apology != self._apology:
            self._apology = apology
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """Paint one line: the header, a row, or a line of the sentence that there are no rows."""
        width = self.size.width
        columns, wish = self.view.columns, self._wish
        if y < HEADER_ROWS:
            return header_strip(columns, self._placing, width, wish.column, wish.reverse)
        line = y - HEADER_ROWS
        row = self._painted[line] if line < len(self._painted) else None
        if row is not None:
            cursor = palette.CURSOR if self.has_focus else palette.RESTING_CURSOR
            return row_strip(row, columns, self._placing, width, cursor)
        if 0 < line <= len(self._apology):
            return Strip([Segment(fit(f" {self._apology[line - 1]}", width))], width)
        return Strip.blank(width)

    # What the terminal says.

    def on_resize(self, _event: events.Resize) -> None:
        """Place the columns and rows anew."""
        self._placing = lay_out(self.view.columns, self.size.width, self._skipped)
        self._window.resize(self.size.height - HEADER_ROWS)
        self._painted = []
        self.post_message(self.Changed())
        self._sync()

    def on_click(self, event: events.Click) -> None:
        """Select a row, open the selected one, or sort by a column's title."""
        position = self._window.top + event.y - HEADER_ROWS
        if event.y < HEADER_ROWS:
            self._sort_by_title_at(event.x)
        elif position < self._window.count:
            is_again = event.chain > 1 or (position == self._window.cursor and self._touched)
            self._move_to(position)
            if is_again:
                self.action_open()

    def _sort_by_title_at(self, x: int) -> None:
        for placed in self._placing.placed:
            if placed.x <= x < placed.x + placed.width + GAP:
                key = self.view.columns[placed.index].key
                is_again = key == self._wish.column
                self.sort_by(key, reverse=is_again and not self._wish.reverse)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll by the wheel."""
        event.stop()
        self._window.scroll(WHEEL_ROWS)
        self._moved()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll by the wheel."""
        event.stop()
        self._window.scroll(-WHEEL_ROWS)
        self._moved()

    def _move_to(self, position: int) -> None:
        self._window.move_to(position)
        self._moved()

    def _moved(self) -> None:
        self._touched = True
        self.post_message(self.Changed())
        self._sync()

    # What the keys do.

    def action_move(self, rows: int) -> None:
        """Move the cursor."""
        self._move_to(self._window.cursor + rows)

    def action_page(self, pages: float) -> None:
        """Move the cursor and the window by pages."""
        self._window.page(pages)
        self._moved()

    def action_go_to(self, position: int) -> None:
        """Move to a row; -1 is the last."""
        self._move_to(position % max(1, self._window.count))

    def action_scroll_columns(self, columns: int) -> None:
        """Show the columns that the terminal is too narrow for."""
        if self._placing.can_scroll if columns > 0 else self._skipped:
            self._skipped += columns
            self._placing = lay_out(self.view.columns, self.size.width, self._skipped)
            self.post_message(self.Changed())
            self.refresh()

    def action_open(self) -> None:
        """Ask for the cursor row's detail."""
        if self._arrangement.keys:
            self._touched = True
            self.post_message(self.Opened())

    def action_sort_next(self) -> None:
        """Sort by the next column, after the last one in the natural order again."""
        keys = ["", *(column.key for column in self.view.columns)]
        self.sort_by(keys[(keys.index(self._wish.column) + 1) % len(keys)])

    def action_sort_reverse(self) -> None:
        """Turn the sorting around."""
        column = self._wish.column or self.view.columns[0].key
        self.sort_by(column, reverse=not self._wish.reverse)

    def action_fold(self) -> None:
        """Fold or unfold the branch that the cursor is on."""
        key = self.cursor_key
        if isinstance(self.view, Tree) and key is not None:
            self._wished(replace(self._wish, folded=self._wish.folded ^ {key}))

    def action_fold_all(self) -> None:
        """Fold every branch."""
        self._wished(replace(self._wish, folded=frozenset(self.view.keys(self._state))))

    def action_unfold_all(self) -> None:
        """Unfold every branch."""
        self._wished(replace(self._wish, folded=frozenset()))
