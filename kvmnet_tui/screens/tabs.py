"""The six screens: their order, titles, views and what each needs kept fresh."""

from collections.abc import Callable
from dataclasses import dataclass

from kvmnet_tui.i18n import N_
from kvmnet_tui.model.interest import Interest
from kvmnet_tui.present.bonds import BondsView
from kvmnet_tui.present.bridges import BridgesView
from kvmnet_tui.present.guests import GuestsView
from kvmnet_tui.present.links import LinksView
from kvmnet_tui.present.networks import NetworksView
from kvmnet_tui.present.table import View
from kvmnet_tui.present.timeline import EventsView


@dataclass(frozen=True, slots=True)
class Tab:
    """One screen."""

    name: str
    title: str
    make_view: Callable[[], View]
    interest: Interest
    follows_tail: bool = False


TABS = (
    Tab("networks", N_("Networks"), NetworksView, Interest(guests=True)),
    Tab("bridges", N_("Bridges"), BridgesView, Interest(counters=True, guests=True)),
    Tab("bonds", N_("Bonds"), BondsView, Interest(counters=True, bonds=True)),
    Tab("guests", N_("Guests"), GuestsView, Interest(counters=True, guests=True)),
    Tab("links", N_("Links"), LinksView, Interest(counters=True)),
    Tab("events", N_("Events"), EventsView, Interest(), follows_tail=True),
)
