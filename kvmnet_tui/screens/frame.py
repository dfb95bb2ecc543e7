"""What stands around every table: who and where, which sources speak, the tabs, the keys."""

from collections.abc import Iterable
from dataclasses import dataclass

from rich.cells import cell_len

from kvmnet_tui.i18n import N_, _
from kvmnet_tui.model.state import HostState, Phase, SourceName
from kvmnet_tui.model.tasks import TaskPhase
from kvmnet_tui.present.glyphs import glyphs
from kvmnet_tui.present.sentences import problems
from kvmnet_tui.present.table import Severity
from kvmnet_tui.present.units import date_time, time_ms
from kvmnet_tui.screens.tabs import TABS
from kvmnet_tui.widgets import palette
from kvmnet_tui.widgets.bar import Item

_SOURCES = {
    SourceName.KERNEL: N_("kernel"),
    SourceName.LIBVIRT: N_("libvirt"),
    SourceName.BONDING: N_("bonding"),
    SourceName.MANAGERS: N_("managers"),
}
_PHASES = {
    Phase.STARTING: N_("{source}: reading"),
    Phase.LOST: N_("{source}: lost"),
    Phase.ABSENT: N_("{source}: none"),
}
_SEVERITIES = {
    Phase.STARTING: Severity.DIM,
    Phase.LIVE: Severity.OK,
    Phase.LOST: Severity.ERROR,
    Phase.ABSENT: Severity.DIM,
}


@dataclass(frozen=True, slots=True)
class AppSettings:
    """What the command line decided and the screens show. `notice` is a translated sentence."""

    read_only: bool = False
    lab: bool = False
    notice: str = ""
    replay: bool = False
    bell: bool = False


def title_items(state: HostState, settings: AppSettings) -> tuple[Item, ...]:
    """The program, the host, and whether nothing may be changed."""
    items = [Item(" kvmnet-tui ", palette.STRONG), Item(f" {state.host} ")]
    if settings.read_only:
        word = _("read-only")
        items.append(Item(f" {word} ", palette.BY_SEVERITY[Severity.ACCENT]))
    return tuple(items)


def source_items(state: HostState, width: int) -> tuple[Item, ...]:
    """A sign and a word for each source; those that work give way when there is no room."""
    phases = {name: state.source(name).phase for name in SourceName}
    every = tuple(_source_item(name, phase) for name, phase in phases.items())
    if sum(cell_len(item.text) for item in every) <= width:
        return every
    return tuple(
        _source_item(name, phase) for name, phase in phases.items() if phase is not Phase.LIVE
    )


def _source_item(name: SourceName, phase: Phase) -> Item:
    signs = glyphs()
    sign = {Phase.LIVE: signs.up, Phase.LOST: signs.warning}.get(phase, signs.down)
    word = _(_SOURCES[name])
    if phase in _PHASES:
        word = _(_PHASES[phase]).format(source=word)
    return Item(f"{sign} {word}  ", palette.BY_SEVERITY[_SEVERITIES[phase]])


def lab_items(settings: AppSettings) -> tuple[Item, ...]:
    """The banner of the lab."""
    word = _("LAB")
    text = settings.notice or _("a small host of its own: nothing outside it changes")
    return (Item(f" {word} ", palette.BANNER), Item(f" {text} "))


def replay_items(state: HostState) -> tuple[Item, ...]:
    """The banner of a recording: its moment, how fast it goes, and the keys."""
    moment = state.replay
    word = _("REPLAY")
    if moment is None:
        return (Item(f" {word} ", palette.BANNER),)
    place = f"{moment.number}/{moment.count}"
    pace = _("paused") if moment.is_paused else f"x{moment.speed:g}"
    when = f"{date_time(moment.at).partition(' ')[0]} {time_ms(moment.at)}"
    return (
        Item(f" {word} ", palette.BANNER),
        Item(f" {when}  {pace}  {place}  "),
        *key_items(
            ("p", _("pause"), "app.replay_pause"),
            (",.", _("step"), "app.replay_step(1)"),
            ("<>", _("speed"), "app.replay_speed(1)"),
            ("[]", _("event"), "app.replay_jump(1)"),
        ),
    )


def tab_width() -> int:
    """Cells for the titles of all screens, well apart."""
    return sum(map(cell_len, _tab_titles(" ").values()))


def tab_items(current: str, width: int) -> tuple[Item, ...]:
    """The screens with their number keys, the current one marked; closer together where there is
    little room, and at last the current one's title alone.
    """
    titles = _tab_titles(" ")
    if tab_width() > width:
        titles = _tab_titles("")
    if sum(map(cell_len, titles.values())) > width:
        titles = {
            tab.name: titles[tab.name] if tab.name == current else f" {number} "
            for number, tab in enumerate(TABS, 1)
        }
    return tuple(
        Item(
            titles[tab.name],
            palette.BANNER if tab.name == current else palette.PLAIN,
            f"app.show_tab({number})",
        )
        for number, tab in enumerate(TABS, 1)
    )


def _tab_titles(gap: str) -> dict[str, str]:
    return {tab.name: f" {number} {_(tab.title)}{gap}" for number, tab in enumerate(TABS, 1)}


def change_notice(state: HostState, now: float) -> tuple[str, ...]:
    """A line while a change of the host's networking is under way: it must not be forgotten."""
    change = state.change_under_way
    if change is None:
        return ()
    left = max(0, round(change.deadline - now))
    told = _("{title} is on trial, taken back in {seconds} s: press T to keep it or see it.")
    return (told.format(title=change.title, seconds=left),)


def running_tasks(state: HostState) -> tuple[str, ...]:
    """A line for each request under way, with how far it is."""
    return tuple(
        f"{task.title}: {task.told}" if task.told else f"{task.title} ..."
        for task in state.tasks
        if task.phase is TaskPhase.RUNNING
    )


def notice_items(state: HostState, notices: Iterable[str]) -> tuple[Item, ...]:
    """A line for each source that is lost, and for whatever else must be said."""
    sign = glyphs().warning
    said = [
        Item(f"{sign} {text}", palette.BY_SEVERITY[Severity.ACCENT]) for text in notices if text
    ]
    lost = [Item(f"{sign} {text}", palette.BY_SEVERITY[Severity.ERROR]) for text in problems(state)]
    return (*said, *lost)


def key_items(*keys: tuple[str, str, str]) -> tuple[Item, ...]:
    """The footer: (key, what it does, the action a click runs)."""
    items = []
    for key, what, action in keys:
        items.append(Item(f" {key}", palette.KEY, action))
        items.append(Item(f" {what} ", palette.PLAIN, action))
    return tuple(items)
