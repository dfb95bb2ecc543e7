"""A change on trial: the countdown, what the guard sees, and the three things to do about it."""

import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from kvmnet_tui.change.requests import CancelChange, ConfirmChange, ExtendChange
from kvmnet_tui.i18n import _
from kvmnet_tui.model.change import ChangeState, ChangeStatus
from kvmnet_tui.model.state import HostState
from kvmnet_tui.present.changes import (
    advice,
    change_of,
    paper_sections,
    probe_cell,
    probe_text,
    progress_sections,
    state_cell,
)
from kvmnet_tui.present.glyphs import glyphs
from kvmnet_tui.requests import Request
from kvmnet_tui.screens.bridge_uses import define_network, move_nics
from kvmnet_tui.screens.dialogs import Question
from kvmnet_tui.screens.frame import key_items
from kvmnet_tui.widgets import palette
from kvmnet_tui.widgets.bar import Bar, Item
from kvmnet_tui.widgets.detail import DetailPane

if TYPE_CHECKING:
    from kvmnet_tui.screens.desk import Desk

    GoOn = Callable[[Desk, str], Awaitable[None]]

EXTENSION_SECONDS = 60
BAR_CELLS = 30
TICK_SECONDS = 1.0

_WAITING = frozenset({ChangeState.TRIAL, ChangeState.APPLYING, ChangeState.ARMED})


class TrialScreen(Screen[None]):
    """Shows what the guard does; closing it, or losing it, confirms nothing."""

    AUTO_FOCUS = "DetailPane"
    ESCAPE_TO_MINIMIZE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("k", "keep", show=False, priority=True),
        Binding("e", "extend", show=False, priority=True),
        Binding("b", "take_back", show=False, priority=True),
        Binding("n", "network", show=False, priority=True),
        Binding("m", "move", show=False, priority=True),
        Binding("escape,q", "close", show=False),
        Binding("y", "copy", show=False),
    ]

    def __init__(self, desk: "Desk", change: str, clock: Callable[[], float] = time.time) -> None:
        super().__init__()
        self._desk = desk
        self._change_id = change
        self._clock = clock
        self._was_over = False

    def compose(self) -> ComposeResult:
        """The state, the countdown, the report, the keys."""
        yield Bar(id="title")
        yield Bar(id="countdown")
        yield DetailPane(id="trial")
        yield Bar(id="keys")

    def on_mount(self) -> None:
        """Show it, and count down."""
        self.set_interval(TICK_SECONDS, self._show_time)
        self._show_change()

    @property
    def _change(self) -> ChangeStatus | None:
        return change_of(self._desk.state, self._change_id)

    def show(self, _state: HostState, _notices: tuple[str, ...]) -> None:
        """Another picture."""
        if self.is_mounted:
            self._show_change()

    def _show_change(self) -> None:
        change = self._change
        if change is None:  # not read yet
            self.query_one("#title", Bar).show((Item(f" {_('starting')} ", palette.BANNER),))
            return
        sections = (*advice(change), *progress_sections(change), *paper_sections(change))
        # The end of it is said at the top, wherever the user has scrolled to.
        ends_now = change.is_over and not self._was_over
        self._was_over = change.is_over
        self.query_one(DetailPane).show(_("What the guard sees"), sections, is_other=ends_now)
        self._show_time()
        self._show_keys(change)

    def _show_time(self) -> None:
        change = self._change
        if change is None:
            return
        cell = state_cell(change)
        title = (
            Item(f" {change.title} ", palette.BANNER),
            Item(f"  {cell.text}", palette.BY_SEVERITY[cell.severity]),
        )
        self.query_one("#title", Bar).show(title)
        self.query_one("#countdown", Bar).show(self._countdown(change))

    def _countdown(self, change: ChangeStatus) -> tuple[Item, ...]:
        if change.state not in _WAITING:
            return (Item(""),)
        left = max(0.0, change.deadline - self._clock())
        share = left / change.window_seconds if change.window_seconds else 0.0
        cells = round(BAR_CELLS * min(1.0, share))
        sparks = glyphs().sparks
        bar = sparks[-1] * cells + sparks[0] * (BAR_CELLS - cells)
        told = _("taken back in {seconds} s unless you keep it").format(seconds=round(left))
        return (Item(f" {bar} ", palette.KEY), Item(told, palette.STRONG))

    def _show_keys(self, change: ChangeStatus) -> None:
        keys = []
        if change.state is ChangeState.TRIAL:
            keep = _("keep") if change.new_login else _("keep anyway")
            keys = [
                ("k", keep, "screen.keep"),
                ("e", _("extend by {count} s").format(count=EXTENSION_SECONDS), "screen.extend"),
                ("b", _("take back"), "screen.take_back"),
            ]
        keys.append(("Esc", _("leave; the guard goes on"), "screen.close"))
        if change.is_over:
            keys[-1] = ("Esc", _("close"), "screen.close")
        if self._new_bridge(change):
            keys = [
                ("n", _("define a network on it"), "screen.network"),
                ("m", _("move guests' NICs to it"), "screen.move"),
                *keys,
            ]
        self.query_one("#keys", Bar).show(key_items(*keys))

    def _new_bridge(self, change: ChangeStatus) -> str:
        """The bridge that was made and kept, "" when there is none to go on with."""
        link = self._desk.state.link_named(change.top_device)
        is_kept = change.state is ChangeState.COMMITTED and link is not None
        return change.top_device if is_kept and link and link.kind == "bridge" else ""

    # What the user does.

    def action_network(self) -> None:
        """Define a libvirt network on the bridge that was made."""
        self._go_on(define_network)

    def action_move(self) -> None:
        """Move guests' NICs to the bridge that was made."""
        self._go_on(move_nics)

    def _go_on(self, what: "GoOn") -> None:
        change = self._change
        bridge = self._new_bridge(change) if change is not None else ""
        if bridge:
            self.app.run_worker(what(self._desk, bridge))

    async def action_keep(self) -> None:
        """Keep it after a question; without the proof of a new login the host's name is asked."""
        change = self._change
        if change is not None and not change.is_over:
            self.app.run_worker(self._keep(change))

    async def _keep(self, change: ChangeStatus) -> None:
        question = keep_question(change) if change.new_login else self._question(change)
        if not await self._desk.confirm(question):
            return
        await self._desk.perform(ConfirmChange(change.id, anyway=not change.new_login))

    def _question(self, change: ChangeStatus) -> Question:
        host = self._desk.state.host
        lines = (
            *lost_lines(change),
            _("No new login has been seen since the trial began."),
            _("If new logins are blocked, you may lose this host for good."),
            _("Open a second SSH session first: it is the proof."),
        )
        return Question(_("Keep it without the proof?"), lines, _("keep"), True, host)

    def action_extend(self) -> None:
        """Give it more time."""
        self._ask(ExtendChange(self._change_id, EXTENSION_SECONDS))

    def action_take_back(self) -> None:
        """Take it back now."""
        self._ask(CancelChange(self._change_id))

    def _ask(self, request: Request) -> None:
        """What was read last may be older than the key: whoever performs it looks anew."""
        change = self._change
        if change is None or not change.is_over:
            self.app.run_worker(self._perform(request))

    async def _perform(self, request: Request) -> None:
        await self._desk.perform(request)

    def action_open(self) -> None:
        """Enter does nothing here: what it would do nobody could guess."""

    def action_close(self) -> None:
        """Leave the screen; the guard goes on."""
        self.dismiss(None)

    def action_copy(self) -> None:
        """Copy everything to the terminal's clipboard."""
        self.app.copy_to_clipboard(self.query_one(DetailPane).text)


def keep_question(change: ChangeStatus) -> Question:
    """With the proof: what keeping means. A key that scrolls elsewhere must not do it alone."""
    line = _("From then on every boot brings it up like this.")
    if change.backend == "runtime":
        line = _("Nobody keeps it: a reboot forgets it.")
    lines = (*lost_lines(change), line)
    return Question(_("Keep “{title}”?").format(title=change.title), lines, _("keep"))


def lost_lines(change: ChangeStatus) -> tuple[str, ...]:
    """What worked before the trial and does not now."""
    lost = (one for one in change.probes if one.before and one.now is False)
    return tuple(f"{probe_cell(one).text}: {probe_text(one)}" for one in lost)
