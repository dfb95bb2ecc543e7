"""A form on the terminal: its steps one after the other, what is wrong with them, the preview."""

import asyncio
from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.console import Group
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import Screen
from textual.widgets import Input, Static, TextArea

from kvmnet_tui.forms.form import Finding, Form, FormField, Step, Values, errors_of
from kvmnet_tui.i18n import _
from kvmnet_tui.model.state import HostState
from kvmnet_tui.present.cells import marked
from kvmnet_tui.present.table import Severity
from kvmnet_tui.present.text import clean
from kvmnet_tui.requests import Request
from kvmnet_tui.screens.dialogs import Question, QuestionDialog
from kvmnet_tui.screens.fields import FieldBox
from kvmnet_tui.screens.frame import key_items
from kvmnet_tui.widgets import palette
from kvmnet_tui.widgets.bar import Bar, Item
from kvmnet_tui.widgets.detail import DetailPane

DOCKED_FROM = 120  # terminal columns


class FormScreen(Screen[Request | None]):
    """Asks step by step; returns the request, or None when the user gave up.

    With `answers` of an earlier time it begins at the preview of those.
    """

    ESCAPE_TO_MINIMIZE = False
    AUTO_FOCUS = ""
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (DOCKED_FROM, "-wide")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        # Before the field sees them: keys that follow in a burst belong to the next field already.
        Binding("enter", "enter", show=False, priority=True),
        Binding("tab", "go(1)", show=False, priority=True),
        Binding("shift+tab", "go(-1)", show=False, priority=True),
        Binding("down", "leave_line(1)", show=False, priority=True),
        Binding("up", "leave_line(-1)", show=False, priority=True),
        Binding("escape", "back", show=False, priority=True),
        Binding("ctrl+e", "edit", show=False, priority=True),
        Binding("ctrl+n", "next", show=False),
    ]

    def __init__(self, form: Form, state: HostState, answers: Values | None = None) -> None:
        super().__init__()
        self._form = form
        self._state = state
        self._initial = dict(form.initial(state))
        self._values = dict(self._initial if answers is None else answers)
        self._number = 0 if answers is None else len(self._steps) - 1
        self._boxes: dict[str, FieldBox] = {}
        self._touched: set[str] = set()
        self._seen: tuple[object, ...] = ()
        self._syncing = asyncio.Lock()
        self._preview = DetailPane(id="preview")
        self._fields = VerticalScroll(id="fields", can_focus=False)

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield Bar(id="title")
        yield Static(id="intro")
        with Horizontal(id="form"):
            yield self._fields
            yield self._preview
        yield Static(id="findings")
        yield Static(id="hint")
        yield Bar(id="keys")

    async def on_mount(self) -> None:
        """Show the first step."""
        await self._show_step()

    def show(self, state: HostState, _notices: tuple[str, ...]) -> None:
        """Another picture: what was right may be wrong now."""
        self._state = state
        seen = (state.links, state.networks, state.guests, state.bonds)
        if self.is_mounted and list(map(id, seen)) != list(map(id, self._seen)):
            self._seen = seen
            self.call_later(self._sync)

    @property
    def answers(self) -> Values:
        """What was answered so far."""
        return self._values

    # What is shown.

    @property
    def _steps(self) -> tuple[Step, ...]:
        last = Step(_("Preview"), _("This is what would be done. Enter does it."))
        return (*self._form.steps(self._state, self._values), last)

    @property
    def _is_preview(self) -> bool:
        return self._number == len(self._steps) - 1

    async def _show_step(self) -> None:
        self._number = min(self._number, len(self._steps) - 1)
        self.set_class(self._is_preview, "-preview")
        await self._sync()
        self._focus_first()

    def _focus_first(self) -> None:
        if self._is_preview:
            self._preview.focus()
            return
        box = next(iter(self._boxes.values()), None)
        if box is not None:
            box.take_focus()

    async def _sync(self) -> None:
        """Bring everything on the screen up to date with the answers, one call at a time.

        Keys are seen to by the app's own task, answers by the screen's.
        """
        async with self._syncing:
            await self._sync_now()

    async def _sync_now(self) -> None:
        steps = self._steps
        self._number = min(self._number, len(steps) - 1)
        step = steps[self._number]
        self.query_one("#title", Bar).show(self._title_items(steps))
        self.query_one("#intro", Static).update(Text(step.intro, palette.PLAIN))
        await self._sync_fields(step.fields)
        findings = self._form.findings(self._state, self._values)
        self._show_preview(findings)
        self._show_findings(step, findings)
        self._show_keys()

    def _title_items(self, steps: Sequence[Step]) -> tuple[Item, ...]:
        place = _("step {number} of {count}: {title}").format(
            number=self._number + 1, count=len(steps), title=steps[self._number].title
        )
        return (Item(f" {self._form.title} ", palette.BANNER), Item(f"  {place}"))

    async def _sync_fields(self, fields: Sequence[FormField]) -> None:
        names = {field.name for field in fields}
        for name in [name for name in self._boxes if name not in names]:
            await self._boxes.pop(name).remove()
        width = FieldBox.label_width(fields)
        ordered: dict[str, FieldBox] = {}
        for place, field in enumerate(fields):
            box = self._boxes.get(field.name)
            if box is None:
                box = FieldBox(field, self._values[field.name])
                await self._fields.mount(box, before=place if place < len(self._boxes) else None)
                self._boxes = {**self._boxes, field.name: box}
            else:
                await box.become(field, self._values[field.name])
            box.align(width)
            ordered[field.name] = box
        self._boxes = ordered

    def _show_findings(self, step: Step, findings: Sequence[Finding]) -> None:
        for name, box in self._boxes.items():
            own = [one for one in findings if one.field == name]
            if name not in self._touched:
                own = [one for one in own if one.severity is not Severity.ERROR]
            box.tell(own)
        said = self._preview.text if self._is_preview else ""
        shown = [one for one in findings if not (one.field and step.fields)]
        shown = [one for one in shown if one.text not in said]
        self.query_one("#findings", Static).update(Group(*map(_finding_text, shown)))
        self.query_one("#findings").display = bool(shown)

    def _show_preview(self, findings: tuple[Finding, ...]) -> None:
        if not (self._is_preview or self.size.width >= DOCKED_FROM):
            return
        sections = self._form.preview(self._state, self._values)
        title = _("Not complete yet") if errors_of(findings) else _("What would be done")
        self._preview.show(title, sections, is_other=False)

    def _show_keys(self) -> None:
        forward = _("do it") if self._is_preview else _("next")
        back = _("back") if self._number else _("give up")
        box = self._focused_box
        takes_lines = box is not None and box.takes_lines
        next_key = "Ctrl+N" if takes_lines else "Enter"
        keys = [(next_key, forward, "screen.next"), ("Esc", back, "screen.back")]
        if self._is_preview and self._edits:
            keys.append(("Ctrl+E", _("edit"), "screen.edit"))
        if not self._is_preview:
            keys.append(("Tab", _("next field"), "app.focus_next"))
            keys.append(("Enter", _("new line"), "") if takes_lines else (_("Space"), _("mark"), ""))
        self.query_one("#keys", Bar).show(key_items(*keys))

    @property
    def _edits(self) -> bool:
        return hasattr(self._form, "check_text")

    # What the user does.

    @property
    def _focused_box(self) -> FieldBox | None:
        return next((box for box in self._boxes.values() if box.has_focus_within), None)

    def on_descendant_focus(self) -> None:
        """Say what the field with the cursor is about, and what the keys do in it."""
        box = self._focused_box
        self.query_one("#hint", Static).update(Text(box.hint if box else "", palette.DIM))
        self._show_keys()

    def on_options_moved(self) -> None:
        """Say what the option under the cursor is about."""
        self.on_descendant_focus()

    async def on_field_box_answered(self, event: FieldBox.Answered) -> None:
        """Take an answer over, as it stands by now."""
        box = self._boxes.get(event.name)
        if box is not None:
            await self._take_over(event.name, box)

    async def _take_over(self, name: str, box: FieldBox) -> None:
        """An answer that is new, with what the form proposes after it."""
        if self._values.get(name) == box.value:
            return
        self._touched.add(name)
        answered = {**self._values, name: box.value}
        self._values = dict(self._form.changed(self._state, answered, name))
        proposed = {key: value for key, value in self._values.items() if value != answered[key]}
        await self._sync()
        # Only what the form changed itself: more may have been typed than was told so far.
        for changed, proposal in proposed.items():
            if changed in self._boxes:
                self._boxes[changed].answer(proposal)

    async def _settle(self) -> None:
        """Let what was typed before this key arrive: over a slow link keys come in bursts."""
        field = self.focused
        if field is None:
            return
        has_arrived = asyncio.Event()
        if field.call_later(has_arrived.set):
            await has_arrived.wait()
        for name, box in tuple(self._boxes.items()):
            if box.has_focus_within:
                await self._take_over(name, box)
        async with self._syncing:  # until the fields that follow from it are there
            pass

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Enter begins a new line where lines are typed; up and down leave a single line."""
        if action == "enter":
            return not isinstance(self.focused, TextArea)
        if action == "leave_line":
            return isinstance(self.focused, Input)
        return super().check_action(action, parameters)

    async def action_go(self, way: int) -> None:
        """To the next field, or the one before."""
        await self._settle()
        # Not Textual's order, by place: a field that has just come to be has no place yet.
        boxes = tuple(self._boxes.values())
        here = next((at for at, box in enumerate(boxes) if box.has_focus_within), len(boxes))
        stops: list[Callable[[], object]] = [box.take_focus for box in boxes]
        if self._preview.display or not boxes:
            stops.append(self._preview.focus)
        stops[(here + way) % len(stops)]()

    async def action_leave_line(self, way: int) -> None:
        """The same, from a field where up and down mean nothing else."""
        await self.action_go(way)

    async def action_enter(self) -> None:
        """On to the next step."""
        await self.action_next()

    async def action_next(self) -> None:
        """Go on to the next step; from the preview: done. Errors come first."""
        await self._settle()
        steps = self._steps
        findings = errors_of(self._form.findings(self._state, self._values))
        step = steps[self._number]
        here = {field.name for field in step.fields}
        self._touched |= here
        if any(one.field in here for one in findings):
            await self._sync()
            self._boxes[next(one.field for one in findings if one.field in here)].take_focus()
        elif not self._is_preview:
            self._number += 1
            await self._show_step()
        elif findings:
            await self._go_to(findings[0], steps)
        else:
            self.dismiss(self._form.request(self._state, self._values))

    async def _go_to(self, finding: Finding, steps: Sequence[Step]) -> None:
        """Back to the step whose answer must be mended."""
        places = (
            place
            for place, step in enumerate(steps)
            if any(field.name == finding.field for field in step.fields)
        )
        place = next(places, None)
        if place is None:
            return
        self._number = place
        self._touched.add(finding.field)
        await self._show_step()
        self.call_after_refresh(self._boxes[finding.field].take_focus)

    async def action_back(self) -> None:
        """One step back; from the first: give up, after a question when something was typed."""
        if self._number:
            self._number -= 1
            await self._show_step()
        elif self._values == self._initial:
            self.dismiss(None)
        else:
            question = Question(_("Give up what you answered so far?"), yes=_("give up"))
            self.app.push_screen(QuestionDialog(question), self._given_up)

    def _given_up(self, is_sure: bool | None) -> None:
        if is_sure:
            self.dismiss(None)

    def action_edit(self) -> None:
        """Edit the text that the preview shows, where the form can read it back."""
        if not (self._is_preview and self._edits):
            return
        from kvmnet_tui.screens.editor import EditScreen  # noqa: PLC0415 - seldom used

        text = self._form.text(self._state, self._values)  # type: ignore[attr-defined]
        check = self._form.check_text  # type: ignore[attr-defined]
        self.app.push_screen(EditScreen(self._form.title, text, check), self._edited)

    async def _edited(self, text: str | None) -> None:
        if text is None:
            return
        self._values = dict(self._form.edited(self._state, self._values, text))  # type: ignore[attr-defined]
        await self._sync()


def _finding_text(finding: Finding) -> Text:
    said = marked(finding.text, finding.severity)
    return Text(clean(said.text), palette.BY_SEVERITY[said.severity])
