"""What an action works with: the picture, dialogs to ask the user, and requests to be done."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

from kvmnet_tui.forms.form import Form, Option, Values
from kvmnet_tui.model.state import HostState
from kvmnet_tui.present.table import Cell, Section, Severity
from kvmnet_tui.requests import Outcome, Request, RequestError
from kvmnet_tui.screens.dialogs import ChoiceDialog, Question, QuestionDialog, ReportScreen
from kvmnet_tui.screens.editor import Check, EditScreen
from kvmnet_tui.screens.form import FormScreen
from kvmnet_tui.screens.frame import AppSettings

if TYPE_CHECKING:
    from textual.screen import Screen

Answer = TypeVar("Answer")


class Face(Protocol):
    """What the app is to a desk."""

    @property
    def state(self) -> HostState:
        """The newest picture."""

    async def show_until_closed(self, screen: "Screen[Answer]") -> Answer | None:
        """Show a screen until it is closed; its answer."""

    async def perform(self, request: Request) -> Outcome:
        """Have a request done; raises RequestError."""

    def flash(self, sentence: str) -> None:
        """Say something for a few seconds."""

    def toggle_bell(self) -> bool:
        """Ring at failovers from now on, or no longer; whether it rings now."""


class Desk:
    """One for each action that was started; its coroutines belong in a worker of the app."""

    def __init__(self, app: Face, settings: AppSettings) -> None:
        self._app = app
        self.settings = settings

    @property
    def state(self) -> HostState:
        """The newest picture."""
        return self._app.state

    async def push(self, screen: "Screen[Answer]") -> Answer | None:
        """Show a screen until it is closed; its answer."""
        return await self._app.show_until_closed(screen)

    async def form(self, form: Form) -> Request | None:
        """Have a form filled in; None when the user gave up."""
        return await self.push(FormScreen(form, self.state))

    async def confirm(self, question: Question) -> bool:
        """Whether the user says yes."""
        answer = await self.push(QuestionDialog(question))
        return answer is True

    async def choose(self, title: str, options: Sequence[Option]) -> str | None:
        """The value of the option that is chosen, None for none."""
        return await self.push(ChoiceDialog(title, options))

    async def edit_text(self, title: str, text: str, check: Check) -> str | None:
        """The text as edited, once `check` accepts it; None when the user gave up."""
        return await self.push(EditScreen(title, text, check))

    async def show_text(self, title: str, sections: Sequence[Section]) -> None:
        """Show a page until it is closed."""
        await self.push(ReportScreen(title, sections))

    async def perform(self, request: Request, *, quietly: bool = False) -> Outcome | None:
        """Have a request done and tell what became of it; None when it was refused.

        `quietly` tells of refusals only.
        """
        try:
            outcome = await self._app.perform(request)
        except RequestError as error:
            await self._tell(request.title, Cell(error.sentence, Severity.ERROR), error.details)
            return None
        if quietly:
            return outcome
        if outcome.details:
            await self._tell(request.title, Cell(outcome.sentence, Severity.OK), outcome.details)
        else:
            self.flash(outcome.sentence)
        return outcome

    async def run_form(
        self,
        form: Form,
        *,
        quietly: bool = False,
        again: bool = False,
        look_again: Callable[[], Awaitable[None]] | None = None,
    ) -> Outcome | None:
        """Have a form filled in and done.

        With `again` a refused request brings the form back, with all that was answered, after
        `look_again` has brought the form up to date.
        """
        answers: Values | None = None
        while True:
            screen = FormScreen(form, self.state, answers)
            request = await self.push(screen)
            if request is None:
                return None
            outcome = await self.perform(request, quietly=quietly)
            if outcome is not None or not again:
                return outcome
            answers = screen.answers
            if look_again is not None:
                await look_again()

    def flash(self, sentence: str) -> None:
        """Say something for a few seconds."""
        self._app.flash(sentence)

    def toggle_bell(self) -> bool:
        """Ring at failovers from now on, or no longer; whether it rings now."""
        return self._app.toggle_bell()

    async def _tell(self, title: str, sentence: Cell, details: Sequence[str]) -> None:
        rows = (sentence, *map(Cell, details))
        await self.show_text(title, (Section("", rows=tuple((row,) for row in rows)),))
