"""A text edited in place, or in the user's own $EDITOR; refused text is kept and its line shown."""

import asyncio
import os
import shlex
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Static, TextArea

from kvmnet_tui.i18n import _
from kvmnet_tui.present.glyphs import glyphs
from kvmnet_tui.present.table import Severity
from kvmnet_tui.present.text import clean
from kvmnet_tui.screens.dialogs import Question, QuestionDialog
from kvmnet_tui.screens.frame import key_items
from kvmnet_tui.sources.threads import call_in_thread
from kvmnet_tui.widgets import palette
from kvmnet_tui.widgets.bar import Bar, Item

# What is wrong with a text, as one sentence, and the line it is in (from 1, 0 when not known).
Fault = tuple[str, int]
Check = Callable[[str], Fault | None]


class EditScreen(Screen[str | None]):
    """Returns the text once `check` finds nothing wrong with it, or None when the user gave up."""

    AUTO_FOCUS = "TextArea"
    ESCAPE_TO_MINIMIZE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "accept", show=False, priority=True),
        Binding("ctrl+e", "editor", show=False, priority=True),
        Binding("escape", "give_up", show=False, priority=True),
    ]

    def __init__(self, title: str, text: str, check: Check) -> None:
        super().__init__()
        self._title = title
        self._text = text
        self._check = check

    def compose(self) -> ComposeResult:
        """The title, the text, what is wrong with it, the keys."""
        yield Bar(id="title")
        yield TextArea(self._text, show_line_numbers=True, compact=True, soft_wrap=False)
        yield Static(id="fault")
        yield Bar(id="keys")

    def on_mount(self) -> None:
        """Name the text and the keys."""
        self.query_one("#title", Bar).show((Item(f" {self._title} ", palette.BANNER),))
        keys = (
            ("Ctrl+S", _("take it"), "screen.accept"),
            ("Ctrl+E", _("in $EDITOR"), "screen.editor"),
            ("Esc", _("give up"), "screen.give_up"),
        )
        self.query_one("#keys", Bar).show(key_items(*keys))
        self._area.cursor_blink = False

    @property
    def _area(self) -> TextArea:
        return self.query_one(TextArea)

    async def action_accept(self) -> None:
        """Take the text, or say what is wrong with it and where."""
        text = self._area.text
        fault = await call_in_thread("check", lambda: self._check(text))
        if fault is None:
            self.dismiss(text)
            return
        sentence, line = fault
        if line:
            self._area.move_cursor((min(line, self._area.document.line_count) - 1, 0))
            sentence = _("Line {line}: {fault}").format(line=line, fault=sentence)
        told = Text(f"{glyphs().warning} {clean(sentence)}", palette.BY_SEVERITY[Severity.ERROR])
        self.query_one("#fault", Static).update(told)

    def action_give_up(self) -> None:
        """Close, after a question when the text is another than before."""
        if self._area.text == self._text:
            self.dismiss(None)
            return
        question = Question(_("Give up what you changed?"), yes=_("give up"))
        self.app.push_screen(QuestionDialog(question), self._given_up)

    def _given_up(self, is_sure: bool | None) -> None:
        if is_sure:
            self.dismiss(None)

    def action_editor(self) -> None:
        """Edit it in $EDITOR, then check what comes back."""
        self.run_worker(self._edit_outside(), exclusive=True)

    async def _edit_outside(self) -> None:
        with tempfile.TemporaryDirectory(prefix="kvmnet-tui-") as folder:
            path = Path(folder) / "edit.xml"
            path.write_text(self._area.text, encoding="utf-8")
            with self.app.suspend():
                await asyncio.to_thread(_run_editor, path)
            self._area.text = path.read_text(encoding="utf-8", errors="replace")
        await self.action_accept()


def _run_editor(path: Path) -> None:
    command = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    subprocess.run([*shlex.split(command), str(path)], check=False)
