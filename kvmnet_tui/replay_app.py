"""The App over a recording: the same screens, and keys to pause, step and change the speed."""

from functools import partial
from typing import ClassVar

from textual.binding import Binding, BindingType

from kvmnet_tui.app import KvmnetApp
from kvmnet_tui.recording.player import Recording
from kvmnet_tui.recording.replay import ReplayController
from kvmnet_tui.screens.frame import AppSettings
from kvmnet_tui.screens.host import HostScreen


def show(recording: Recording, *, is_paused: bool) -> int:
    """Show a recording until the user quits; the exit status."""
    settings = AppSettings(read_only=True, notice=recording.trouble, replay=True)
    app = ReplayApp(partial(ReplayController, recording, is_paused=is_paused), settings)
    app.run()
    return app.return_code or 0


_ACTIONS = {"replay_pause", "replay_step", "replay_speed", "replay_jump"}


class ReplayApp(KvmnetApp):
    """Made with what makes a ReplayController."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "replay_pause", show=False, priority=True),
        Binding("full_stop", "replay_step(1)", show=False, priority=True),
        Binding("comma", "replay_step(-1)", show=False, priority=True),
        Binding("greater_than_sign", "replay_speed(1)", show=False, priority=True),
        Binding("less_than_sign", "replay_speed(-1)", show=False, priority=True),
        Binding("right_square_bracket", "replay_jump(1)", show=False, priority=True),
        Binding("left_square_bracket", "replay_jump(-1)", show=False, priority=True),
    ]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Letters typed in the filter line are letters."""
        if action in _ACTIONS:
            return isinstance(self.screen, HostScreen) and not self.screen.is_typing
        return super().check_action(action, parameters)

    @property
    def _player(self) -> ReplayController | None:
        return self._controller if isinstance(self._controller, ReplayController) else None

    def action_replay_pause(self) -> None:
        """Stop, or go on."""
        if self._player:
            self._player.pause()

    def action_replay_step(self, pictures: int) -> None:
        """One picture on, or back."""
        if self._player:
            self._player.step(pictures)

    def action_replay_speed(self, steps: int) -> None:
        """Faster, or slower."""
        if self._player:
            self._player.faster(steps)

    def action_replay_jump(self, direction: int) -> None:
        """To the next event, or back to the last."""
        if self._player:
            self._player.jump(direction)
