"""A screen of the host: one view's table, the detail of a row, and the frame around them."""

import time
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.message import Message
from textual.screen import Screen

from kvmnet_tui.forms.form import Option
from kvmnet_tui.i18n import _
from kvmnet_tui.model.interest import Interest
from kvmnet_tui.model.state import HostState
from kvmnet_tui.present.table import Section
from kvmnet_tui.screens import frame
from kvmnet_tui.screens.actions import Action, actions_of
from kvmnet_tui.screens.frame import AppSettings
from kvmnet_tui.screens.tabs import TABS, Tab, bridges_in_detail
from kvmnet_tui.widgets.bar import Bar, Item, Notices
from kvmnet_tui.widgets.detail import DetailPane
from kvmnet_tui.widgets.table import LiveTable

if TYPE_CHECKING:
    from collections.abc import Hashable

    from textual.timer import Timer

    from kvmnet_tui.screens.filter import FilterLine

FLASH_SECONDS = 4.0
DOCKED_FROM = 120  # terminal columns


class HostScreen(Screen[None]):
    """Shows whatever `show` was last given; does no input or output of its own."""

    AUTO_FOCUS = "LiveTable"
    ESCAPE_TO_MINIMIZE = False
    # Textual's own annotation of these two is not understood by mypy, hence none here.
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (DOCKED_FROM, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (8, "-tall")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", show=False, priority=True),
        Binding("escape", "back", show=False),
        Binding("y", "copy", show=False),
        Binding("p", "pause", show=False),
        Binding("a", "menu", show=False),
    ]

    class Shown(Message):
        """The screen is on the terminal again, or for the first time."""

    class Chosen(Message):
        """The user wants something done with the row under the cursor."""

        def __init__(self, action: Action, key: "Hashable | None") -> None:
            super().__init__()
            self.action = action
            self.key = key

    class InterestChanged(Message):
        """What is on screen needs other things kept fresh than before."""

    def __init__(self, tab: Tab, settings: AppSettings) -> None:
        super().__init__()
        self.tab = tab
        self.actions = actions_of(tab.name)
        self._settings = settings
        self._state = HostState()
        self._notices: tuple[str, ...] = ()
        self._table = LiveTable(tab.make_view(), follows_tail=tab.follows_tail)
        self._detail = DetailPane(id="detail")
        self._detail_key: Hashable | None = None
        self._detail_title = ""
        self._filter: FilterLine | None = None
        self._is_paused = False
        self._flash: Timer | None = None

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield Bar(id="title")
        if self._settings.lab:
            yield Bar(id="lab")
        if self._settings.replay:
            yield Bar(id="replay")
        yield Bar(id="tabs")
        yield Notices(id="notices")
        with Container(id="body"):
            yield self._table
            yield self._detail
        yield Bar(id="keys")

    def show(self, state: HostState, notices: tuple[str, ...]) -> None:
        """Show another picture; the rows wait while the screen is paused."""
        self._state = state
        self._notices = notices
        if not self.is_mounted:
            return
        self._show_frame()
        if not self._is_paused:
            self._table.update(state)
            self._show_detail()

    @property
    def interest(self) -> Interest:
        """What must be kept fresh for what is on screen."""
        if self._detail_key is None:
            return self.tab.interest
        return replace(self.tab.interest, forwarding=bridges_in_detail(self._detail_key))

    @property
    def is_typing(self) -> bool:
        """Whether keys are letters of the filter."""
        return self._filter is not None and self._filter.has_focus_within

    def on_mount(self) -> None:
        """Show what is known already, and take keys from now on."""
        self.set_focus(self._table)
        self.set_interval(1.0, self._count_down)
        if self._settings.lab:
            self.query_one("#lab", Bar).show(frame.lab_items(self._settings))
        self._show_keys()
        self.show(self._state, self._notices)

    def on_screen_resume(self) -> None:
        """Ask for the newest picture."""
        self.post_message(self.Shown())

    def on_resize(self, _event: events.Resize) -> None:
        """Share out the new size; what is no longer shown cannot have the keys."""
        self._show_frame()
        self._focus_what_is_shown()
        self._show_keys()

    # What is shown.

    def _show_frame(self) -> None:
        title = frame.title_items(self._state, self._settings)
        room = self.size.width - sum(cell_len(item.text) for item in title)
        if self._settings.replay:
            self.query_one("#replay", Bar).show(frame.replay_items(self._state))
        self.query_one("#title", Bar).show(title, frame.source_items(self._state, room))
        notices = self._notices if self._settings.lab else (*self._notices, self._settings.notice)
        change = frame.change_notice(self._state, time.time())
        said = (*change, *frame.running_tasks(self._state), *notices)
        self.query_one(Notices).show(frame.notice_items(self._state, said))
        self._show_position()

    def _count_down(self) -> None:
        if self._state.change_under_way is not None:
            self._show_frame()

    def _show_position(self) -> None:
        positions = (self._table.position, self._table.short_position)
        paused = (_("paused"),) if self._is_paused else ()
        texts = [f" {'  '.join((*paused, position))} " for position in positions]
        rooms = [self.size.width - cell_len(text) for text in texts]
        at = 0 if frame.tab_width() <= rooms[0] else 1
        tabs = frame.tab_items(self.tab.name, rooms[at])
        self.query_one("#tabs", Bar).show(tabs, (Item(texts[at]),))

    def _show_keys(self) -> None:
        general = frame.key_items(("?", _("help"), "app.help"), ("q", _("quit"), "app.quit"))
        self.query_one("#keys", Bar).show(frame.key_items(*self._keys()), general)

    def _keys(self) -> list[tuple[str, str, str]]:
        if self._has_detail:
            back = ("Esc", _("close"), "screen.back")
            copy = ("y", _("copy"), "screen.copy")
            wider = ("Enter", _("whole width"), "screen.open")
            other = ("Tab", _("other pane"), "app.focus_next")
            doing = [("a", _("actions"), "screen.menu")] if self.actions else []
            return [back, *doing, wider, other, copy] if self._is_docked else [back, *doing, copy]
        pause = [("p", _("pause"), "screen.pause")] if self.tab.follows_tail else []
        return [
            ("Enter", _("detail"), "screen.open"),
            *self._action_keys(),
            ("/", _("filter"), "screen.filter"),
            ("s", _("sort"), "screen.sort"),
            *pause,
            ("y", _("copy"), "screen.copy"),
            (f"1-{len(TABS)}", _("screens"), ""),
        ]

    def _action_keys(self) -> list[tuple[str, str, str]]:
        shown = [action for action in self.actions if action.in_footer]
        keys = [(one.key, _(one.label), f"screen.act({one.key!r})") for one in shown]
        return [*keys, ("a", _("actions"), "screen.menu")] if self.actions else []

    def _show_detail(self) -> None:
        """The detail of the cursor's row when docked, of the opened row when it is all there is."""
        if not self._has_detail:
            return
        follows = self._detail_key is None or self._is_docked
        key = self._table.cursor_key if follows else self._detail_key
        is_other = key != self._detail_key
        if is_other:
            self._detail_key = key
            self._detail_title = self._table.cursor_title
            self.post_message(self.InterestChanged())
        sections = () if key is None else self._table.view.detail(self._state, key)
        gone = (Section(_("This is no longer there.")),)
        self._detail.show(self._detail_title, sections or gone, is_other=is_other)

    @property
    def _has_detail(self) -> bool:
        return self.has_class("-detail")

    @property
    def _is_docked(self) -> bool:
        return self.size.width >= DOCKED_FROM and not self.has_class("-full")

    def _focus_what_is_shown(self) -> None:
        if self._has_detail and not self._is_docked:
            self._detail.focus()
        elif self.focused is self._detail and not self._has_detail:
            self._table.focus()

    # What the user does.

    def on_key(self, event: events.Key) -> None:
        """A key of an action, once the keys before it have moved the cursor where they will."""
        if event.character and not self.is_typing:
            self.app.call_later(self.action_act, event.character)

    def action_act(self, key: str) -> None:
        """Have the action with this key started."""
        for action in self.actions:
            if action.key == key:
                self.post_message(self.Chosen(action, self._table.cursor_key))

    def action_menu(self) -> None:
        """Show all that can be done with the row, and why some of it cannot."""
        from kvmnet_tui.screens.dialogs import ChoiceDialog  # noqa: PLC0415 - seldom used

        if not self.actions:
            self.flash(_("There is nothing to do on this screen."))
            return
        row, read_only = self._table.cursor_key, self._settings.read_only
        options = [
            Option(
                one.key,
                f"{one.key}  {_(one.label)}",
                why_not=one.refusal(self._state, row, read_only=read_only),
            )
            for one in self.actions
        ]
        title = self._table.cursor_title or _(self.tab.title)
        self.app.push_screen(ChoiceDialog(title, options, by_letter=True), self._menu_closed)

    def _menu_closed(self, key: str | None) -> None:
        if key:
            self.action_act(key)

    def on_live_table_changed(self) -> None:
        """The cursor moved, or the rows are others."""
        self._show_position()
        self._show_detail()

    def on_live_table_opened(self) -> None:
        """Open the detail of the cursor's row; when it is docked, give it the whole width."""
        self.set_class(self._has_detail, "-full")
        self.add_class("-detail")
        self._show_detail()
        self._focus_what_is_shown()
        self._show_keys()

    def action_open(self) -> None:
        """Open the detail."""
        self._table.action_open()

    def action_sort(self) -> None:
        """Sort by the next column."""
        self._table.action_sort_next()

    def action_back(self) -> None:
        """Close the detail, or dock it again; without one, end the filter."""
        if self.has_class("-full") and self.size.width >= DOCKED_FROM:
            self.remove_class("-full")
            self._table.focus()
            self._show_keys()
        elif self._has_detail:
            self.remove_class("-detail", "-full")
            self._table.focus()
            self._detail_key = None
            self.post_message(self.InterestChanged())
            self._show_keys()
        elif self._table.needle:
            self._table.filter("")

    def action_copy(self) -> None:
        """Copy the row, or the detail that has the focus, to the terminal's clipboard."""
        is_detail = self.focused is self._detail
        text = self._detail.text if is_detail else self._table.cursor_text()
        if not text:
            return
        self.app.copy_to_clipboard(text)
        self.flash(_("Detail copied.") if is_detail else _("Row copied."))

    def action_pause(self) -> None:
        """Hold the rows still, or let them follow what happens again."""
        if not self.tab.follows_tail:
            return
        self._is_paused = not self._is_paused
        self.show(self._state, self._notices)

    def flash(self, text: str) -> None:
        """Say something in place of the keys for a few seconds."""
        if self._flash is not None:
            self._flash.stop()
        self.query_one("#keys", Bar).show((Item(f" {text}"),))
        self._flash = self.set_timer(FLASH_SECONDS, self._show_keys)

    # The filter.

    async def action_filter(self) -> None:
        """Open the filter line."""
        from kvmnet_tui.screens.filter import FilterLine  # noqa: PLC0415 - dear, seldom used

        if self._filter is None:
            self._filter = FilterLine(self._table.needle, self._table)
            await self.mount(self._filter, before="#keys")
        self._filter.take_focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A `/` typed in the filter line is a letter; without rows in sight nothing is filtered."""
        if action == "filter":
            return not self.is_typing and (self._is_docked or not self._has_detail)
        return super().check_action(action, parameters)

    def on_filter_line_typed(self, event: "FilterLine.Typed") -> None:
        """Filter while the text is typed."""
        self._table.filter(event.text)

    async def on_filter_line_done(self) -> None:
        """Back to the rows."""
        if self._filter is not None:
            await self._filter.remove()
            self._filter = None
