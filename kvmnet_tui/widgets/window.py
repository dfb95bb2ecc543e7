"""The part of a list that is on screen: which row is first, which one the cursor is on."""

from dataclasses import dataclass


@dataclass(slots=True)
class Window:
    """A window of `height` rows on a list of `count`, which keeps its cursor in view."""

    height: int = 1
    count: int = 0
    top: int = 0
    cursor: int = 0

    @property
    def last_top(self) -> int:
        """The furthest it can be scrolled down."""
        return max(0, self.count - self.height)

    @property
    def is_at_end(self) -> bool:
        """Whether the cursor is on the last row."""
        return self.cursor >= self.count - 1

    @property
    def rows(self) -> range:
        """The positions on screen that have a row."""
        return range(self.top, min(self.top + self.height, self.count))

    def resize(self, height: int) -> None:
        """Fit another terminal."""
        self.height = max(1, height)
        self.move_to(self.cursor)

    def move_to(self, position: int) -> None:
        """Put the cursor on a row and scroll no further than needed."""
        self.cursor = max(0, min(position, self.count - 1))
        self.top = max(self.cursor - self.height + 1, min(self.top, self.cursor))
        self.top = max(0, min(self.top, self.last_top))

    def replace(self, count: int, cursor: int) -> None:
        """Another list: the cursor's row stays on the line it was on, where that is possible."""
        line = self.cursor - self.top
        self.count = count
        self.top = cursor - line
        self.move_to(cursor)

    def scroll(self, rows: int) -> None:
        """Scroll; the cursor comes along when it would leave the window."""
        self.top = max(0, min(self.top + rows, self.last_top))
        self.move_to(max(self.top, min(self.cursor, self.top + self.height - 1)))

    def page(self, pages: float) -> None:
        """Scroll by pages and move the cursor as far."""
        rows = round(pages * self.height)
        self.top = max(0, min(self.top + rows, self.last_top))
        self.move_to(self.cursor + rows)
