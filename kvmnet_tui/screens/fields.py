"""One field of a form: its label, what it is answered with, and what is wrong with the answer."""

from collections.abc import Iterable, Sequence
from typing import Any

from rich.cells import cell_len
from rich.console import Group
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static, TextArea

from kvmnet_tui.forms.form import FieldKind, Finding, FormField
from kvmnet_tui.i18n import _
from kvmnet_tui.present.cells import marked
from kvmnet_tui.present.glyphs import glyphs
from kvmnet_tui.present.table import Severity
from kvmnet_tui.present.text import clean
from kvmnet_tui.widgets import palette
from kvmnet_tui.widgets.options import Options, Toggle

MIN_LABEL, MAX_LABEL = 12, 30
LINES_HEIGHT = 6


class FieldBox(Vertical):
    """A field of the step that is shown."""

    class Answered(Message):
        """Another answer: see `forms.form.Values`."""

        def __init__(self, name: str, value: Any) -> None:
            super().__init__()
            self.name = name
            self.value = value

    def __init__(self, field: FormField, value: Any) -> None:
        super().__init__()
        self.field = field
        self._answer = _widget(field, value)
        self._label = Static(Text(clean(field.label)), classes="label")
        self._remarks = Static(classes="remarks")

    @staticmethod
    def label_width(fields: Iterable[FormField]) -> int:
        """Cells for the labels of a step."""
        longest = max((cell_len(field.label) for field in fields), default=0)
        return max(MIN_LABEL, min(MAX_LABEL, longest + 2))

    def compose(self) -> ComposeResult:
        """Label and answer side by side, remarks below."""
        with Horizontal(classes="answer"):
            yield self._label
            yield self._answer
        yield self._remarks

    def on_mount(self) -> None:
        """A blinking cursor would write to the terminal for ever."""
        if isinstance(self._answer, (Input, TextArea)):
            self._answer.cursor_blink = False
        self._remarks.display = False

    def align(self, width: int) -> None:
        """Give the label as many cells as its neighbours' have."""
        self._label.styles.width = width
        self._remarks.styles.margin = (0, 0, 0, width)

    async def become(self, field: FormField, value: Any) -> None:
        """Take over a field of the same name that may ask otherwise; `value` is its answer."""
        if field == self.field:
            return
        had_focus = self.has_focus_within
        same_widget = (field.kind, field.options) == (self.field.kind, self.field.options)
        self.field = field
        self._label.update(Text(clean(field.label)))
        if not same_widget:
            await self._replace(_widget(field, value), had_focus)

    @property
    def value(self) -> Any:
        """The answer as it stands."""
        return _value_of(self._answer)

    def answer(self, value: Any) -> None:
        """Give the answer that the form proposes."""
        if _value_of(self._answer) != value:
            _set_value(self._answer, value)

    async def _replace(self, answer: Widget, had_focus: bool) -> None:
        old, self._answer = self._answer, answer
        parent = self.query_one(Horizontal)
        await old.remove()
        await parent.mount(answer)
        if had_focus:
            self.take_focus()

    def take_focus(self) -> None:
        """Type here."""
        self.screen.set_focus(self._answer)

    @property
    def takes_lines(self) -> bool:
        """Whether Enter begins a new line here."""
        return self.field.kind is FieldKind.LINES

    @property
    def hint(self) -> str:
        """What the field is about, or the option under its cursor in full."""
        option = self._answer.under_cursor if isinstance(self._answer, Options) else None
        said = (option.why_not or option.hint) if option else ""
        if option is None or not said:
            return self.field.hint
        return _("{option}: {about}").format(option=option.label, about=said)

    def tell(self, findings: Sequence[Finding]) -> None:
        """Say what is wrong with the answer, or worth knowing."""
        self._remarks.display = bool(findings)
        self._remarks.update(Group(*map(_remark, findings)))

    def on_resize(self) -> None:
        """Remarks that came below the answer come into sight too."""
        if self.has_focus_within:
            self.scroll_visible(animate=False)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Tell the answer."""
        event.stop()
        self.post_message(self.Answered(self.field.name, event.value))

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Tell the answer."""
        event.stop()
        self.post_message(self.Answered(self.field.name, event.text_area.text))

    def on_options_changed(self, event: Options.Changed) -> None:
        """Tell the answer."""
        event.stop()
        self.post_message(self.Answered(self.field.name, _value_of(self._answer)))

    def on_toggle_changed(self, event: Toggle.Changed) -> None:
        """Tell the answer."""
        event.stop()
        self.post_message(self.Answered(self.field.name, event.is_on))


class _OneOf(Options):
    """A CHOICE's options."""


def _widget(field: FormField, value: Any) -> Widget:
    if field.kind is FieldKind.TOGGLE:
        return Toggle(bool(value))
    if field.kind is FieldKind.CHOICE:
        return _OneOf(field.options, (value,), many=False)
    if field.kind is FieldKind.MANY:
        return Options(field.options, value, many=True)
    if field.kind is FieldKind.LINES:
        area = TextArea(value, compact=True, tab_behavior="focus")
        area.styles.height = LINES_HEIGHT
        return area
    return Input(value, placeholder=field.placeholder, compact=True, select_on_focus=False)


def _value_of(answer: Widget) -> Any:
    if isinstance(answer, Toggle):
        return answer.is_on
    if isinstance(answer, _OneOf):
        return next(iter(answer.chosen), "")
    if isinstance(answer, Options):
        return answer.chosen
    if isinstance(answer, TextArea):
        return answer.text
    assert isinstance(answer, Input)
    return answer.value


def _set_value(answer: Widget, value: Any) -> None:
    if isinstance(answer, Toggle):
        answer.turn(value)
    elif isinstance(answer, Options):
        answer.choose((value,) if isinstance(answer, _OneOf) else value)
    elif isinstance(answer, TextArea):
        answer.text = value
    else:
        assert isinstance(answer, Input)
        answer.value = value


def _remark(finding: Finding) -> Text:
    said = marked(finding.text, finding.severity)
    return Text(clean(said.text), palette.BY_SEVERITY[said.severity])
