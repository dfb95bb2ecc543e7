"""The screens: their order, titles, views and what each needs kept fresh."""

# ruff: noqa: PLC0415 - a view is imported when it is first shown, not before the first frame

from collections.abc import Callable, Hashable
from dataclasses import dataclass

from kvmnet_tui.i18n import N_
from kvmnet_tui.model.interest import Interest
from kvmnet_tui.present.table import View


@dataclass(frozen=True, slots=True)
class Tab:
    """One screen."""

    name: str
    title: str
    make_view: Callable[[], View]
    interest: Interest
    follows_tail: bool = False


def _networks() -> View:
    from kvmnet_tui.present.networks import NetworksView

    return NetworksView()


def _bridges() -> View:
    from kvmnet_tui.present.bridges import BridgesView

    return BridgesView()


def _bonds() -> View:
    from kvmnet_tui.present.bonds import BondsView

    return BondsView()


def _guests() -> View:
    from kvmnet_tui.present.guests import GuestsView

    return GuestsView()


def _links() -> View:
    from kvmnet_tui.present.links import LinksView

    return LinksView()


def _events() -> View:
    from kvmnet_tui.present.timeline import EventsView

    return EventsView()


def _nics() -> View:
    from kvmnet_tui.present.nics import NicsView

    return NicsView()


def _changes() -> View:
    from kvmnet_tui.present.changes import ChangesView

    return ChangesView()


TABS = (
    Tab("networks", N_("Networks"), _networks, Interest(guests=True)),
    Tab("bridges", N_("Bridges"), _bridges, Interest(counters=True, guests=True)),
    Tab("bonds", N_("Bonds"), _bonds, Interest(counters=True, bonds=True)),
    Tab("guests", N_("Guests"), _guests, Interest(counters=True, guests=True)),
    Tab("links", N_("Links"), _links, Interest(counters=True)),
    Tab("events", N_("Events"), _events, Interest(), follows_tail=True),
    Tab("nics", N_("NICs"), _nics, Interest(counters=True, guests=True)),
    Tab("changes", N_("Changes"), _changes, Interest()),
)


def bridges_in_detail(key: Hashable | None) -> frozenset[int]:
    """The bridges whose MAC tables the detail of a row shows."""
    from kvmnet_tui.present.bridge_tree import Line

    return frozenset({key.bridge} if isinstance(key, Line) and key.bridge else ())
