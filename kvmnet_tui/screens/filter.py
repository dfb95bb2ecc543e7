"""The line in which the filter is typed; imported when it is first asked for."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from kvmnet_tui.i18n import _
from kvmnet_tui.widgets import palette
from kvmnet_tui.widgets.bar import Bar, Item


class FilterLine(Container):
    """Says what is typed letter by letter, and when the user is done or gives up."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "clear", show=False, priority=True),
        Binding("enter,down,up,tab", "done", show=False, priority=True),
    ]

    class Typed(Message):
        """The text to look for now."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Done(Message):
        """The user goes back to the rows."""

    def __init__(self, text: str, back_to: Widget) -> None:
        super().__init__(id="filter")
        self._text = text
        self._back_to = back_to

    def compose(self) -> ComposeResult:
        """The sign of the key that opens it, and the text."""
        yield Bar(id="slash")
        yield Input(
            self._text,
            placeholder=_("any text in a row; Enter keeps the filter, Esc ends it"),
            compact=True,
            select_on_focus=False,
        )

    def on_mount(self) -> None:
        """Show the sign; a blinking cursor would write to the terminal for ever."""
        self.query_one("#slash", Bar).show((Item("/ ", palette.KEY),))
        self.query_one(Input).cursor_blink = False

    def take_focus(self) -> None:
        """Type here, from the very next key on: a slow line delivers several at once."""
        self.screen.set_focus(self.query_one(Input))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Tell what is typed."""
        event.stop()
        self.post_message(self.Typed(event.value))

    def action_done(self) -> None:
        """Keep the filter."""
        self.screen.set_focus(self._back_to)
        self.post_message(self.Done())

    def action_clear(self) -> None:
        """End the filter."""
        self.post_message(self.Typed(""))
        self.action_done()
