"""The help: every key, and what the signs and colours mean."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from kvmnet_tui.i18n import _
from kvmnet_tui.present.cells import bad, flagged, good, marked, quiet
from kvmnet_tui.present.table import Cell, Field, Section, Severity
from kvmnet_tui.screens.actions import Action
from kvmnet_tui.screens.frame import key_items
from kvmnet_tui.widgets.bar import Bar
from kvmnet_tui.widgets.detail import DetailPane


class HelpScreen(Screen[None]):
    """One scrollable page."""

    AUTO_FOCUS = "DetailPane"
    ESCAPE_TO_MINIMIZE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q,enter", "app.pop_screen", show=False),
    ]

    def __init__(self, actions: tuple[Action, ...]) -> None:
        super().__init__()
        self._actions = actions

    def compose(self) -> ComposeResult:
        """The page and the key that closes it."""
        yield DetailPane(id="help")
        yield Bar(id="keys")

    def on_mount(self) -> None:
        """Fill the page."""
        sections = (_screens(), *_here(self._actions), _rows(), _details(), _wizards(), _signs())
        self.query_one(DetailPane).show(_("Help"), sections, is_other=True)
        self.query_one(Bar).show(key_items(("Esc", _("close"), "app.pop_screen")))


def _section(title: str, *keys: tuple[str, str]) -> Section:
    return Section(title, tuple(Field(key, Cell(what)) for key, what in keys))


def _screens() -> Section:
    return _section(
        _("Screens"),
        ("1 - 8", _("one screen each; a click on its name too")),
        ("?", _("this help")),
        ("Esc", _("one step back: close the detail, then end the filter")),
        ("T", _("the change that is on trial: keep it, extend it, take it back")),
        ("r", _("paint the screen again, should something else have written on it")),
        ("q, Ctrl+C, Ctrl+Q", _("quit")),
    )


def _here(actions: tuple[Action, ...]) -> tuple[Section, ...]:
    """What can be done on the screen that the help was called from."""
    if not actions:
        return ()
    keys = [(action.key, _(action.label)) for action in actions]
    return (_section(_("To do on this screen"), ("a", _("menu of all that follows")), *keys),)


def _rows() -> Section:
    return _section(
        _("Rows"),
        (_("Up, Down, k, j"), _("one row up or down; the mouse wheel scrolls")),
        (_("PgUp, PgDn"), _("one page; Ctrl+U and Ctrl+D half a page")),
        (_("Home, End, g, G"), _("first and last row")),
        (_("Left, Right, h, l"), _("columns that the terminal is too narrow for")),
        (
            _("Enter, double click"),
            _("detail of the row; on wide terminals once more: over the whole width"),
        ),
        ("/", _("show only rows that contain a text; in a tree with what they hang under")),
        ("s, S", _("sort by the next column, the other way round; a click on a title too")),
        (_("Space, -, +"), _("in a tree: fold or unfold a branch, fold all, unfold all")),
        ("p", _("in Events: hold the rows still, or let them follow again")),
        ("y", _("copy the row to the terminal's clipboard (OSC 52)")),
    )


def _details() -> Section:
    return _section(
        _("Detail"),
        ("Tab", _("on wide terminals: from the rows to the detail beside them and back")),
        (_("Up, Down, PgUp, PgDn, g, G"), _("scroll")),
        ("y", _("copy the whole detail")),
        ("Esc", _("close")),
    )


def _wizards() -> Section:
    return _section(
        _("Wizards"),
        (_("Tab, Up, Down"), _("next field, or the one before")),
        (_("Space"), _("choose, mark, switch")),
        ("Enter", _("next step; from the preview: do it")),
        ("Ctrl+N", _("next step, also from where Enter begins a new line")),
        ("Ctrl+E", _("edit the preview as text; once more: in $EDITOR")),
        ("Esc", _("one step back; from the first: give up")),
    )


def _signs() -> Section:
    words = (
        (good(_("up")), _("works as it should (green)")),
        (quiet(_("down")), _("off, and no fault (dim)")),
        (bad(_("no carrier")), _("down and should not be (red)")),
        (flagged(_("look here")), _("something that somebody should look at (yellow)")),
        (marked(_("in the way"), Severity.ERROR), _("must be mended first (red)")),
        (Cell("-", Severity.DIM), _("not known, or there is none")),
    )
    return Section(_("Signs and colours"), rows=tuple((sign, Cell(text)) for sign, text in words))
