"""Small windows over a screen: a question, a choice, a report."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen, Screen
from textual.widgets import Input, Static

from kvmnet_tui.forms.form import Option
from kvmnet_tui.i18n import _
from kvmnet_tui.present.cells import marked
from kvmnet_tui.present.table import Section, Severity
from kvmnet_tui.present.text import clean
from kvmnet_tui.screens.frame import key_items
from kvmnet_tui.widgets import palette
from kvmnet_tui.widgets.bar import Bar
from kvmnet_tui.widgets.detail import DetailPane
from kvmnet_tui.widgets.options import Options


@dataclass(frozen=True, slots=True)
class Question:
    """A yes-or-no question, all texts translated.

    `lines` name what would be hit. With `danger` Enter alone is no answer; with
    `type_to_confirm` that text must be typed.
    """

    title: str
    lines: tuple[str, ...] = ()
    yes: str = ""
    danger: bool = False
    type_to_confirm: str = ""


class QuestionDialog(ModalScreen[bool]):
    """Asks, and returns whether the answer was yes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "answer(False)", show=False, priority=True),
        Binding("enter", "enter", show=False, priority=True),
        Binding("y", "yes", show=False),
        Binding("n", "answer(False)", show=False),
    ]

    def __init__(self, question: Question) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        """The question, what it is about, and the keys."""
        question = self._question
        with Vertical(classes="dialog"):
            yield Static(Text(clean(question.title), palette.STRONG))
            if question.lines:
                with VerticalScroll(id="about"):
                    yield Static(Text("\n".join(map(clean, question.lines))))
            if question.type_to_confirm:
                told = _("Type {word} to go on:").format(word=question.type_to_confirm)
                yield Static(Text(told, palette.KEY))
                yield Input(compact=True)
                yield Static(id="refusal")
            yield Bar(id="dialog-keys")

    def on_mount(self) -> None:
        """Name the keys, once it is known whether all lines are in sight."""
        self.call_after_refresh(self._show_keys)
        for field in self.query(Input):
            field.cursor_blink = False
            field.focus()

    def _show_keys(self) -> None:
        word = self._question.yes or _("yes")
        key = "y" if self._question.danger and not self._question.type_to_confirm else "Enter"
        keys = [(key, word, "screen.enter"), ("Esc", _("no"), "screen.answer(False)")]
        if any(about.max_scroll_y > 0 for about in self.query("#about")):
            keys.append((_("Up Down"), _("more lines"), ""))
        self.query_one(Bar).show(key_items(*keys))

    def action_answer(self, answer: bool) -> None:
        """Answer and close."""
        self.dismiss(answer)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Enter after a typed word comes from where it is typed, so that it comes after it."""
        if action == "enter" and isinstance(self.focused, Input):
            return False
        return super().check_action(action, parameters)

    def on_input_submitted(self) -> None:
        """The word is typed."""
        self.action_enter()

    def action_yes(self) -> None:
        """Say yes by its letter."""
        if not self._question.type_to_confirm:
            self.dismiss(True)

    def action_enter(self) -> None:
        """Say yes by Enter, where that is enough."""
        word = self._question.type_to_confirm
        if word:
            typed = self.query_one(Input).value.strip()
            if typed == word:
                self.dismiss(True)
            else:
                told = marked(_("This is not {word}.").format(word=word), Severity.ERROR)
                style = palette.BY_SEVERITY[told.severity]
                self.query_one("#refusal", Static).update(Text(told.text, style))
        elif not self._question.danger:
            self.dismiss(True)


class ChoiceDialog(ModalScreen[str | None]):
    """Lets one of several be chosen; returns its value, or None."""

    AUTO_FOCUS = "Options"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "give_up", show=False, priority=True),
    ]

    def __init__(self, title: str, options: Sequence[Option], *, by_letter: bool = False) -> None:
        super().__init__()
        self._title = title
        self._options = tuple(options)
        self._by_letter = by_letter

    def compose(self) -> ComposeResult:
        """The title, the options and the keys."""
        with Vertical(classes="dialog"):
            yield Static(Text(clean(self._title), palette.STRONG))
            yield Menu(self._options)
            yield Bar(id="dialog-keys")

    def on_mount(self) -> None:
        """Name the keys."""
        keys = (("Enter", _("choose"), "screen.choose"), ("Esc", _("close"), "screen.give_up"))
        self.query_one(Bar).show(key_items(*keys))

    def on_key(self, event: object) -> None:
        """A letter is the value of what it chooses, where the values are letters."""
        letter = getattr(event, "character", None)
        if self._by_letter and letter:
            self._choose(letter)

    def on_options_submitted(self) -> None:
        """Choose what is under the cursor."""
        self.action_choose()

    def action_choose(self) -> None:
        """Choose what is under the cursor."""
        option = self.query_one(Options).under_cursor
        if option is not None:
            self._choose(option.value)

    def _choose(self, value: str) -> None:
        if any(one.value == value and not one.why_not for one in self._options):
            self.dismiss(value)

    def action_give_up(self) -> None:
        """Choose nothing."""
        self.dismiss(None)


class Menu(Options):
    """Options of which the one under the cursor is meant; nothing is marked."""

    def __init__(self, options: Sequence[Option]) -> None:
        super().__init__(options, (), many=False)

    def _mark(self, _option: Option) -> str:
        return " "

    def action_move(self, rows: int) -> None:
        """Move the cursor, from one end to the other."""
        self.move_to((self._cursor + rows) % max(1, len(self._options)))

    def action_mark(self) -> None:
        """Space chooses too."""
        self.action_submit()


class ReportScreen(Screen[None]):
    """A page to read, scroll and copy."""

    AUTO_FOCUS = "DetailPane"
    ESCAPE_TO_MINIMIZE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "close", show=False),
        Binding("y", "copy", show=False),
    ]

    def __init__(self, title: str, sections: Sequence[Section]) -> None:
        super().__init__()
        self._title = title
        self._sections = tuple(sections)

    def compose(self) -> ComposeResult:
        """The page and its keys."""
        yield DetailPane(id="report")
        yield Bar(id="keys")

    def on_mount(self) -> None:
        """Fill the page."""
        self.query_one(DetailPane).show(self._title, self._sections, is_other=True)
        keys = (("Esc", _("close"), "screen.close"), ("y", _("copy"), "screen.copy"))
        self.query_one(Bar).show(key_items(*keys))

    def action_open(self) -> None:
        """Enter closes too."""
        self.action_close()

    def action_close(self) -> None:
        """Close the page."""
        self.dismiss(None)

    def action_copy(self) -> None:
        """Copy the whole page to the terminal's clipboard."""
        self.app.copy_to_clipboard(self.query_one(DetailPane).text)
        self.query_one(Bar).show(key_items(("Esc", _("close"), "screen.close"), ("", _("Copied."), "")))
