"""The Textual App: one state, one controller worker, and the screens that show the state."""

import asyncio
import signal
import socket
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from rich.console import RenderableType
from textual.app import App
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import var
from textual.screen import Screen

from kvmnet_tui.alerts import Alerts, ringing
from kvmnet_tui.i18n import _
from kvmnet_tui.model.interest import Interest
from kvmnet_tui.model.state import HostState
from kvmnet_tui.requests import Outcome, Request, RequestError
from kvmnet_tui.screens.actions import Action
from kvmnet_tui.screens.frame import AppSettings
from kvmnet_tui.screens.host import HostScreen
from kvmnet_tui.screens.tabs import TABS, Tab
from kvmnet_tui.widgets.tight import Painter

if TYPE_CHECKING:  # the controller and what it folds are imported by `make_controller`
    from kvmnet_tui.controller import Controller, Publish

__all__ = ["AppSettings", "KvmnetApp", "MakeController", "StateChanged"]

Answer = TypeVar("Answer")
MakeController = Callable[["Publish"], "Controller"]

END_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
END_SECONDS = 5  # for a clean end when the terminal is gone and takes nothing any more


class StateChanged(Message):
    """Another picture of the host; an older one still waiting is not worth showing."""

    def __init__(self, state: HostState) -> None:
        super().__init__()
        self.state = state

    def can_replace(self, message: Message) -> bool:
        """A newer picture replaces an older one."""
        return isinstance(message, StateChanged)


class KvmnetApp(App[None]):
    """Shows what the controller publishes. `make_controller` runs after the first frame."""

    CSS_PATH = "styles/app.tcss"
    TITLE = "kvmnet-tui"
    DEFAULT_MODE = TABS[0].name
    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            # With priority: what is typed right after the number is for the screen it shows.
            Binding(str(number), f"show_tab({number})", show=False, priority=True)
            for number in range(1, len(TABS) + 1)
        ),
        Binding("question_mark", "help", show=False),
        Binding("r", "redraw", show=False),
        Binding("T", "trial", show=False),
        Binding("q", "quit", show=False),
        Binding("ctrl+c,ctrl+q", "quit", show=False, priority=True),
    ]

    # Every picture differs from the one before: comparing them would cost more than showing them.
    state = var(HostState(), always_update=True, init=False)

    def __init__(self, make_controller: MakeController, settings: AppSettings) -> None:
        super().__init__(ansi_color=True)
        self._make_controller = make_controller
        self._settings = settings
        self._controller: Controller | None = None
        self._interest = Interest()
        self._trouble: tuple[str, ...] = ()
        self._painter = Painter()
        self._alerts = Alerts() if settings.bell else None
        self._is_suspended = False
        self.set_reactive(KvmnetApp.state, HostState(host=socket.gethostname()))
        for tab in TABS:
            self.add_mode(tab.name, partial(self._make_screen, tab))

    def _make_screen(self, tab: Tab) -> HostScreen:
        """A tab's screen, made when it is first shown and kept with its cursor and filter."""
        screen = HostScreen(tab, self._settings)
        screen.show(self.state, self._trouble)
        return screen

    def on_mount(self) -> None:
        """Show a frame first; what the controller imports is not on its way."""
        if not self.is_headless:
            loop = asyncio.get_running_loop()
            for number in END_SIGNALS:
                loop.add_signal_handler(number, self._end_by, number)
        self.app_resume_signal.subscribe(self, lambda _app: self.action_redraw())
        self.call_after_refresh(self._start_controller)

    def _start_controller(self) -> None:
        self.run_worker(self._run_controller(), name="controller", exit_on_error=False)

    async def _run_controller(self) -> None:
        try:
            self._controller = self._make_controller(self._publish)
            self._controller.look_at(self._interest)
            await self._controller.run()
        except Exception as error:  # noqa: BLE001 - a crash becomes a sentence on the screen
            self._controller = None
            self._say(
                _("The picture no longer follows the host: {error}. Quit and start again.").format(
                    error=_innermost(error)
                )
            )

    def _publish(self, state: HostState) -> None:
        self.post_message(StateChanged(state))

    def _say(self, sentence: str) -> None:
        self._trouble = (*self._trouble, sentence)
        self.state = self.state

    def on_state_changed(self, event: StateChanged) -> None:
        """Take over the newest picture."""
        self.state = event.state
        self._ring(event.state)

    def watch_state(self, state: HostState) -> None:
        """Hand it to the screen that is shown; the others get it when they are."""
        show = getattr(self.screen, "show", None)
        if show is not None:
            show(state, self._trouble)

    def on_host_screen_shown(self) -> None:
        """A screen that comes back missed what happened meanwhile."""
        self.watch_state(self.state)
        self.on_host_screen_interest_changed()

    def on_host_screen_interest_changed(self) -> None:
        """Have what is on screen kept fresh."""
        screen = self.screen
        if not isinstance(screen, HostScreen) or screen.interest == self._interest:
            return
        self._interest = screen.interest
        if self._controller is not None:
            self._controller.look_at(self._interest)

    def on_host_screen_chosen(self, event: HostScreen.Chosen) -> None:
        """Start an action, if it can be done."""
        refusal = event.action.refusal(self.state, event.key, read_only=self._settings.read_only)
        if refusal:
            self.flash(refusal)
            return
        self.run_worker(self._act(event.action, event.key), name=f"action {event.action.key}")

    async def _act(self, action: Action, key: Hashable | None) -> None:
        from kvmnet_tui.screens.desk import Desk  # noqa: PLC0415 - with the first action only

        try:
            await action.start(Desk(self, self._settings), key)
        except Exception as error:  # noqa: BLE001 - a bug becomes a sentence on the screen
            self._say(_("This failed unexpectedly: {error}").format(error=_innermost(error)))

    async def show_until_closed(self, screen: Screen[Answer]) -> Answer | None:
        """Show a screen until it is closed; its answer. For workers only."""
        return await self.push_screen_wait(screen)

    async def perform(self, request: Request) -> Outcome:
        """Have a request done; raises RequestError."""
        if self._controller is None:
            raise RequestError(_("The program is still starting: try again in a moment."))
        return await self._controller.perform(request)

    def toggle_bell(self) -> bool:
        """Ring at failovers from now on, or no longer; whether it rings now."""
        self._alerts = None if self._alerts else Alerts()
        return self._alerts is not None

    def _ring(self, state: HostState) -> None:
        """The terminal's bell and a desktop notice at a new failover, where that is wanted."""
        sentence = self._alerts.newest(state) if self._alerts else ""
        if sentence and self._driver is not None and not self._is_suspended:
            self._driver.write(ringing(sentence))

    def flash(self, sentence: str) -> None:
        """Say something for a few seconds, on whatever screen is shown."""
        for screen in reversed(self.screen_stack):
            if isinstance(screen, HostScreen):
                screen.flash(sentence)
                return

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A digit typed in the filter line is a letter, and the help must be closed first."""
        if action == "show_tab":
            return isinstance(self.screen, HostScreen) and not self.screen.is_typing
        return super().check_action(action, parameters)

    async def action_show_tab(self, number: int) -> None:
        """Show a tab."""
        await self.switch_mode(TABS[number - 1].name)

    async def action_help(self) -> None:
        """Show the help."""
        from kvmnet_tui.screens.help import HelpScreen  # noqa: PLC0415 - seldom used

        if isinstance(self.screen, HostScreen):
            await self.push_screen(HelpScreen(self.screen.actions))

    def action_trial(self) -> None:
        """Show the change that is on trial."""
        change = self.state.change_under_way
        if change is None or not isinstance(self.screen, HostScreen):
            self.flash(_("No change is on trial."))
            return
        from kvmnet_tui.screens.desk import Desk  # noqa: PLC0415 - seldom used
        from kvmnet_tui.screens.trial import TrialScreen  # noqa: PLC0415

        self.push_screen(TrialScreen(Desk(self, self._settings), change.id))

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        """Textual's own painting, narrowed to what differs from what is on the terminal."""
        if not self._is_suspended:  # another program has the terminal
            super()._display(screen, self._painter.narrowed(renderable, self.size))

    @contextmanager
    def suspend(self) -> Iterator[None]:
        """Leave the terminal to another program; the picture goes on following the host."""
        with super().suspend():
            self._is_suspended = True
            try:
                yield
            finally:
                self._is_suspended = False

    def action_redraw(self) -> None:
        """Paint everything again, should something else have written on the terminal."""
        self._painter.forget()
        self.screen.refresh()

    def _end_by(self, number: int) -> None:
        """End cleanly when the system says so, and surely when the terminal has gone."""
        signal.alarm(END_SECONDS)
        self.exit(return_code=128 + number)


def _innermost(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}"
