"""Floor of change to pixels: a Line-API table fed by a bare netlink socket, nothing in between."""

import asyncio
import socket

from rich.segment import Segment
from textual.app import App, ComposeResult
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tests.bench.rtnetlink import LinkMessage, link_dump, link_messages, open_listener

STATE_AT, STATE_WIDTH = 18, 6
MTU_AT, MTU_WIDTH = 26, 6


class LinkLines(ScrollView):
    """A line a link: name, up or down, MTU. Only the cell that changed is painted again."""

    def __init__(self) -> None:
        super().__init__()
        self._links: list[LinkMessage] = []
        self._row_of: dict[int, int] = {}

    def on_mount(self) -> None:
        self._listener = open_listener()
        self._links = sorted(link_dump(), key=lambda link: link.index)
        self._row_of = {link.index: row for row, link in enumerate(self._links)}
        self.virtual_size = Size(self.app.size.width, len(self._links))
        asyncio.get_running_loop().add_reader(self._listener, self._receive)

    def _receive(self) -> None:
        try:
            while True:
                for message in link_messages(self._listener.recv(65536, socket.MSG_DONTWAIT)):
                    self._change(message)
        except BlockingIOError:
            return

    def _change(self, new: LinkMessage) -> None:
        row = self._row_of.get(new.index)
        if row is None:
            return
        old, self._links[row] = self._links[row], new
        top = row - self.scroll_offset.y
        if new.up != old.up:
            self.refresh(Region(STATE_AT, top, STATE_WIDTH, 1))
        if new.mtu != old.mtu:
            self.refresh(Region(MTU_AT, top, MTU_WIDTH, 1))

    def render_line(self, y: int) -> Strip:
        row = y + self.scroll_offset.y
        if row >= len(self._links):
            return Strip.blank(self.size.width, self.rich_style)
        link = self._links[row]
        state = "up" if link.up else "down"
        text = f"{link.name:<{STATE_AT}}{state:<{MTU_AT - STATE_AT}}{link.mtu:<{MTU_WIDTH}}"
        return Strip([Segment(text, self.rich_style)]).adjust_cell_length(
            self.size.width, self.rich_style
        )


class LinesApp(App[None]):
    """One Line-API table."""

    def compose(self) -> ComposeResult:
        yield LinkLines()


if __name__ == "__main__":
    LinesApp().run()
