"""One line of items at the left and right edge; items with an action can be clicked."""

from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from kvmnet_tui.present.text import clean
from kvmnet_tui.widgets import palette
from kvmnet_tui.widgets.text import fit, wrap


@dataclass(frozen=True, slots=True)
class Item:
    """A piece of a bar; `action` is a Textual action such as `app.quit`."""

    text: str
    style: Style = palette.PLAIN
    action: str = ""


class Bar(Widget):
    """Shows `left` from the left edge and `right` up to the right one; left gives way."""

    def __init__(self, *, id: str, background: Style = palette.PLAIN) -> None:  # noqa: A002
        super().__init__(id=id)
        self._background: Final = background
        self._left: tuple[Item, ...] = ()
        self._right: tuple[Item, ...] = ()
        self._line: list[tuple[int, Item]] = []

    def show(self, left: tuple[Item, ...], right: tuple[Item, ...] = ()) -> None:
        """Show other items; repaints from the first difference on, and nothing if there is none."""
        if (left, right) == (self._left, self._right):
            return
        self._left, self._right = left, right
        before, self._line = self._line, self._laid_out()
        same = 0
        for old, new in zip(before, self._line, strict=False):
            if old != new:
                break
            same += 1
        x = min(line[same][0] if same < len(line) else 0 for line in (before, self._line))
        self.refresh(Region(x, 0, max(0, self.size.width - x), 1))

    def on_resize(self, _event: events.Resize) -> None:
        """Share out the new width."""
        self._line = self._laid_out()
        self.refresh()

    def _laid_out(self) -> list[tuple[int, Item]]:
        """Each item with its first cell, the gap in the middle among them."""
        width = self.size.width
        right_width = min(width, sum(_cells(item) for item in self._right))
        line: list[tuple[int, Item]] = []
        x = self._add(line, 0, width - right_width, self._left)
        if x < width - right_width:
            line.append((x, Item(" " * (width - right_width - x), self._background)))
        self._add(line, width - right_width, width, self._right)
        return line

    @staticmethod
    def _add(line: list[tuple[int, Item]], x: int, end: int, items: tuple[Item, ...]) -> int:
        for number, item in enumerate(items):
            room = min(_cells(item), end - x)
            if room <= 0 or _halved(items[number : number + 2], end - x):
                break
            line.append((x, Item(fit(item.text, room), item.style, item.action)))
            x += room
        return x

    def render_line(self, _y: int) -> Strip:
        """Paint the line."""
        segments = [Segment(item.text, item.style) for _x, item in self._line]
        return Strip(segments, self.size.width)

    async def on_click(self, event: events.Click) -> None:
        """Do what the clicked item stands for."""
        for x, item in reversed(self._line):
            if x <= event.x:
                if item.action:
                    await self.run_action(item.action)
                return


def _halved(pair: tuple[Item, ...], room: int) -> bool:
    """Whether a key and what it does, which share their action, would be cut: better not shown."""
    is_pair = len(pair) == 2 and bool(pair[0].action) and pair[0].action == pair[1].action
    return is_pair and sum(map(_cells, pair)) > room


def _cells(item: Item) -> int:
    return cell_len(clean(item.text))


class Notices(Widget):
    """Sentences that stay until what they say is over; they take as many lines as they need."""

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._notices: tuple[Item, ...] = ()
        self._lines: list[Item] = []

    def show(self, notices: tuple[Item, ...]) -> None:
        """Show these, and take no room when there are none."""
        if notices != self._notices:
            self._notices = notices
            self._wrap()

    def _wrap(self) -> None:
        width = max(1, self.app.size.width - 2)
        self._lines = [
            Item(line, notice.style)
            for notice in self._notices
            for line in wrap(notice.text, width)
        ]
        self.styles.height = len(self._lines)
        self.refresh(layout=True)

    def on_resize(self, _event: events.Resize) -> None:
        """Wrap for the new width."""
        if self._notices:
            self._wrap()

    def render_line(self, y: int) -> Strip:
        """Paint one line."""
        width = self.size.width
        if y >= len(self._lines):
            return Strip.blank(width)
        line = self._lines[y]
        return Strip([Segment(fit(f" {line.text}", width), line.style)], width)
