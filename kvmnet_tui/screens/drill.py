"""A failover drill on the terminal: it runs while this is shown, and ends in its report."""

from typing import TYPE_CHECKING, ClassVar, Protocol, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from kvmnet_tui.i18n import _
from kvmnet_tui.model.state import HostState
from kvmnet_tui.present.drill_live import drill_sections, phase_text
from kvmnet_tui.present.table import Cell, Section, Severity
from kvmnet_tui.requests import Outcome, Request, RequestError
from kvmnet_tui.requests.bonds import RunDrill
from kvmnet_tui.screens.dialogs import Question, QuestionDialog
from kvmnet_tui.screens.frame import key_items
from kvmnet_tui.widgets import palette
from kvmnet_tui.widgets.bar import Bar, Item
from kvmnet_tui.widgets.detail import DetailPane

if TYPE_CHECKING:
    from textual.worker import Worker

OTHER_COLUMNS = 44  # cells beside the bars


class _Performs(Protocol):
    async def perform(self, request: Request) -> Outcome: ...


class DrillScreen(Screen[None]):
    """Begins the drill when it is shown; closing it ends the drill and brings the member up."""

    AUTO_FOCUS = "DetailPane"
    ESCAPE_TO_MINIMIZE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "close", show=False),
        Binding("y", "copy", show=False),
    ]

    def __init__(self, request: RunDrill, state: HostState) -> None:
        super().__init__()
        self._request = request
        self._state = state
        self._refusal: RequestError | None = None
        self._kept: tuple[str, ...] = ()
        self._drilling: Worker[None] | None = None
        self._is_over = False

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield Bar(id="title")
        yield DetailPane(id="report")
        yield Bar(id="keys")

    def on_mount(self) -> None:
        """Begin."""
        self._drilling = self.run_worker(self._perform(), name="drill", exit_on_error=False)
        self._show()

    async def _perform(self) -> None:
        app = cast("_Performs", self.app)
        try:
            outcome = await app.perform(self._request)
            self._kept = outcome.details[-1:]
        except RequestError as error:
            self._refusal = error
        self._is_over = True
        self._show()

    def show(self, state: HostState, _notices: tuple[str, ...]) -> None:
        """Another picture."""
        self._state = state
        if self.is_mounted:
            self._show()

    def _show(self) -> None:
        drill = self._state.drill
        place = phase_text(drill) if drill and drill.is_running else ""
        title = (Item(f" {self._request.title} ", palette.BANNER), Item(f"  {place}"))
        self.query_one("#title", Bar).show(title)
        self.query_one(DetailPane).show(self._request.title, self._sections(), is_other=False)
        close = _("close") if self._is_over else _("break off")
        keys = (("Esc", close, "screen.close"), ("y", _("copy"), "screen.copy"))
        self.query_one("#keys", Bar).show(key_items(*keys))

    def _sections(self) -> tuple[Section, ...]:
        if self._refusal is not None:
            return (_refusal_section(self._refusal), *self._drill_sections())
        kept = tuple(Section("", text=line) for line in self._kept)
        return (*self._drill_sections(), *kept)

    def _drill_sections(self) -> tuple[Section, ...]:
        drill = self._state.drill
        if drill is None or drill.bond != self._request.bond:
            return ()
        width = max(10, self.size.width - OTHER_COLUMNS)
        return drill_sections(drill, self._state.now, width)

    async def action_close(self) -> None:
        """Close; a drill under way is broken off first, if that is what is meant."""
        if self._is_over:
            self.dismiss(None)
            return
        question = Question(
            _("Break the drill off?"),
            (_("{member} is brought up again at once.").format(member=self._member),),
            yes=_("break off"),
        )
        self.app.push_screen(QuestionDialog(question), self._answered)

    def _answered(self, answer: bool | None) -> None:
        if answer and self._drilling is not None:
            self._drilling.cancel()
            self.dismiss(None)

    @property
    def _member(self) -> str:
        drill = self._state.drill
        return drill.member if drill else self._request.member

    def action_copy(self) -> None:
        """Copy what is shown to the terminal's clipboard."""
        self.app.copy_to_clipboard(self.query_one(DetailPane).text)

    def action_open(self) -> None:
        """Enter closes a drill that is over."""
        if self._is_over:
            self.dismiss(None)


def _refusal_section(error: RequestError) -> Section:
    lines = (Cell(error.sentence, Severity.ERROR), *map(Cell, error.details))
    return Section(_("The drill did not take place"), rows=tuple((line,) for line in lines))
