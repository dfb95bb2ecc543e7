"""`kvmnet-tui show`: one complete picture as a table, a detail or JSON, without a screen."""

import asyncio
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Hashable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from kvmnet_tui.complaint import complain
from kvmnet_tui.controller import Controller, Publish
from kvmnet_tui.i18n import _, encoding_is_utf8
from kvmnet_tui.model.interest import Interest
from kvmnet_tui.model.state import HostState, Phase, SourceName
from kvmnet_tui.present.bonds import BondRow, BondsView
from kvmnet_tui.present.bridge_tree import Line, Role
from kvmnet_tui.present.bridges import BridgesView
from kvmnet_tui.present.guests import GuestRow, GuestsView
from kvmnet_tui.present.links import LinksView
from kvmnet_tui.present.listing import painted, section_lines, table_lines, unpainted
from kvmnet_tui.present.networks import NetworksView
from kvmnet_tui.present.sentences import not_there_sentence
from kvmnet_tui.present.table import View
from kvmnet_tui.present.text import clean
from kvmnet_tui.records import RECORDS, Record, named

MakeController = Callable[[Publish], Controller]

NEEDED_SECONDS = 15.0
HELPFUL_SECONDS = 4.0
LATE_SECONDS = 1.5
# Rates need two readings; a table printed once has none.
_RATE_COLUMNS = frozenset({"rx", "tx", "spark"})


@dataclass(frozen=True, slots=True)
class Thing:
    """What can be shown: its view, the source it is nothing without, and those that add to it."""

    make_view: Callable[[], View]
    needs: SourceName
    helped_by: tuple[SourceName, ...]


THINGS: Mapping[str, Thing] = {
    "networks": Thing(NetworksView, SourceName.LIBVIRT, ()),
    "bridges": Thing(BridgesView, SourceName.KERNEL, (SourceName.LIBVIRT, SourceName.BONDING)),
    "bonds": Thing(BondsView, SourceName.KERNEL, (SourceName.BONDING,)),
    "guests": Thing(GuestsView, SourceName.LIBVIRT, (SourceName.KERNEL,)),
    "links": Thing(LinksView, SourceName.KERNEL, (SourceName.LIBVIRT, SourceName.MANAGERS)),
}


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for: a key of THINGS, one NAME of it ("" for all), and the form."""

    thing: str
    name: str = ""
    as_json: bool = False


class ShowError(Exception):
    """Why there is no answer, in one translated sentence."""


def show(make_controller: MakeController, request: Request) -> int:
    """Read the host once and print the answer; the exit status. Raises ShowError."""
    state = asyncio.run(_read(make_controller, request))
    thing = THINGS[request.thing]
    status = state.source(thing.needs)
    if status.phase is not Phase.LIVE:
        raise ShowError(not_there_sentence(thing.needs, status))
    lines = list(_answer(state, request))
    _tell_what_is_missing(state, thing)
    sys.stdout.writelines(f"{line}\n" for line in lines)
    sys.stdout.flush()
    return 0


def _answer(state: HostState, request: Request) -> Iterable[str]:
    key = _key_named(state, request.thing, request.name) if request.name else None
    if request.name and key is None:
        raise ShowError(_unknown(request))
    if request.as_json:
        records = RECORDS[request.thing](state)
        return [json_text(named(records, request.name) if request.name else records)]
    view = THINGS[request.thing].make_view()
    paint = painted if _has_colours() else unpainted
    if key is not None:
        view.keys(state)
        return section_lines(view.detail(state, key), paint)
    return _table(view, state)


def _table(view: View, state: HostState) -> Iterable[str]:
    keys = view.keys(state)
    if not keys:
        complain(view.empty_reason(state))
        return ()
    shown = [at for at, column in enumerate(view.columns) if column.key not in _RATE_COLUMNS]
    rows = [view.cells(state, key) for key in keys]
    return table_lines(
        [view.columns[at] for at in shown],
        [[row[at] for at in shown] for row in rows],
        width=shutil.get_terminal_size().columns if sys.stdout.isatty() else None,
        paint=painted if _has_colours() else unpainted,
    )


def json_text(records: list[Record] | Record, indent: int | None = 2) -> str:
    """JSON whose strings print as they read, except for what a terminal would obey or not show."""
    text = json.dumps(records, indent=indent, ensure_ascii=not encoding_is_utf8())
    return "\n".join(line if line.isprintable() else _escaped(line) for line in text.split("\n"))


def _escaped(line: str) -> str:
    return "".join(one if one.isprintable() else json.dumps(one)[1:-1] for one in line)


def _has_colours() -> bool:
    wants_none = os.environ.get("NO_COLOR") or os.environ.get("TERM", "dumb") == "dumb"
    return sys.stdout.isatty() and not wants_none


def _tell_what_is_missing(state: HostState, thing: Thing) -> None:
    for name in thing.helped_by:
        status = state.source(name)
        if status.phase in {Phase.STARTING, Phase.LOST}:
            complain(not_there_sentence(name, status))


def _unknown(request: Request) -> str:
    sentences = {
        "networks": _("There is no network called {name}."),
        "bridges": _("There is no bridge called {name}."),
        "bonds": _("There is no bond called {name}."),
        "guests": _("There is no guest called {name}."),
        "links": _("There is no link called {name}."),
    }
    return sentences[request.thing].format(name=clean(request.name))


def _key_named(state: HostState, thing: str, name: str) -> Hashable | None:
    """The row of the thing with this name (or UUID)."""
    if thing == "networks":
        found = (one.uuid for one in state.networks.values() if name in (one.name, one.uuid))
        return next(found, None)
    if thing == "guests":
        uuids = (one.uuid for one in state.guests.values() if name in (one.name, one.uuid))
        uuid = next(uuids, None)
        return GuestRow(uuid) if uuid else None
    if thing == "bonds":
        row = BondRow(name)
        return row if row in BondsView().keys(state) else None
    link = state.link_named(name)
    if link is None or thing == "links":
        return link.index if link else None
    return Line(Role.BRIDGE, (link.index,)) if link.kind == "bridge" else None


# Reading once.


async def _read(make_controller: MakeController, request: Request) -> HostState:
    changed = asyncio.Event()
    controller = make_controller(lambda _state: changed.set())
    run = asyncio.create_task(controller.run())
    try:
        await _Reader(controller, changed, run).read(request)
        return controller.state
    finally:
        run.cancel()
        with suppress(asyncio.CancelledError):
            await run


class _Reader:
    """Waits for a controller's picture to be as complete as it will be."""

    def __init__(
        self, controller: Controller, changed: asyncio.Event, run: asyncio.Task[None]
    ) -> None:
        self._controller = controller
        self._changed = changed
        self._run = run
        self._began = time.monotonic()

    async def read(self, request: Request) -> None:
        """Wait for the sources, then for what comes late: agents' answers, a MAC table."""
        thing = THINGS[request.thing]
        await self._until(lambda state: _spoke(state, (thing.needs,)), NEEDED_SECONDS)
        await self._until(lambda state: _spoke(state, thing.helped_by), HELPFUL_SECONDS)
        late = time.monotonic() - self._began + LATE_SECONDS
        if request.thing in {"guests", "bridges"}:
            await self._until(_agents_answered, late)
        bridge = self._controller.state.link_named(request.name)
        if request.thing == "bridges" and bridge is not None:
            self._controller.look_at(Interest(forwarding=frozenset({bridge.index})))
            await self._until(lambda state: bridge.index in state.forwarding, late)

    async def _until(self, condition: Callable[[HostState], bool], seconds: float) -> None:
        """Wait until the picture satisfies `condition`, at most until so long after the start."""
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, self._began + seconds - time.monotonic())):
                while not condition(self._controller.state):
                    if self._run.done():
                        await self._run
                    self._changed.clear()
                    await self._changed.wait()


def _spoke(state: HostState, names: Iterable[SourceName]) -> bool:
    return all(state.source(name).phase is not Phase.STARTING for name in names)


def _agents_answered(state: HostState) -> bool:
    return all(
        guest.agent_addresses or not guest.agent_connected for guest in state.guests.values()
    )
