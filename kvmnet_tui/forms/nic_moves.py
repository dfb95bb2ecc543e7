"""Several guests' NICs moved to one bridge: what is usually wanted once the bridge is there."""

from dataclasses import dataclass

from kvmnet_tui.forms.form import FieldKind, Finding, FormField, Option, Step, Values
from kvmnet_tui.i18n import _
from kvmnet_tui.model.joins import natural_key
from kvmnet_tui.model.state import HostState
from kvmnet_tui.model.virt import Guest, Nic
from kvmnet_tui.present.table import Cell, Section, Severity
from kvmnet_tui.requests import Request
from kvmnet_tui.requests.nics import NicName

_MOVABLE = frozenset({"network", "bridge", "direct"})


@dataclass(frozen=True, slots=True)
class MoveNics(Request):
    """These NICs, to this bridge, now and at their guests' next start."""

    nics: tuple[NicName, ...]
    bridge: str

    @property
    def title(self) -> str:
        """What it does."""
        return _("Move guests' NICs to {bridge}").format(bridge=self.bridge)


class MoveNicsForm:
    """Chooses among all guests' NICs that are plugged in elsewhere."""

    def __init__(self, bridge: str) -> None:
        self._bridge = bridge

    @property
    def title(self) -> str:
        """What it does."""
        return MoveNics((), self._bridge).title

    def initial(self, _state: HostState) -> Values:
        """None."""
        return {"nics": ()}

    def steps(self, state: HostState, _values: Values) -> tuple[Step, ...]:
        """Which ones."""
        options = tuple(
            Option(_key(guest, nic), f"{guest.name}  {nic.mac}", f"{nic.type} {nic.source}")
            for guest, nic in self._elsewhere(state)
        )
        intro = _(
            "Each keeps its MAC; a running guest keeps its card too and may need a new lease."
        )
        field = FormField("nics", _("NICs"), FieldKind.MANY, options, hint=_("Space marks"))
        return (Step(_("NICs"), intro, (field,)),)

    def changed(self, _state: HostState, values: Values, _name: str) -> Values:
        """Nothing follows from anything."""
        return values

    def findings(self, state: HostState, values: Values) -> tuple[Finding, ...]:
        """At least one."""
        if state.link_named(self._bridge) is None:
            told = _("There is no link called {name}.").format(name=self._bridge)
            return (Finding(Severity.ERROR, told),)
        if not values["nics"]:
            return (Finding(Severity.ERROR, _("Choose at least one."), "nics"),)
        return ()

    def preview(self, state: HostState, values: Values) -> tuple[Section, ...]:
        """From where to where."""
        rows = tuple(
            (Cell(guest.name), Cell(nic.mac), Cell(nic.source), Cell(self._bridge))
            for guest, nic in self._elsewhere(state)
            if _key(guest, nic) in values["nics"]
        )
        header = (_("Guest"), "MAC", _("From"), _("To"))
        return (Section(_("What would be moved"), header=header, rows=rows),)

    def request(self, state: HostState, values: Values) -> Request:
        """Move them."""
        chosen = (
            NicName(guest.uuid, guest.name, nic.mac, nic.slot)
            for guest, nic in self._elsewhere(state)
            if _key(guest, nic) in values["nics"]
        )
        return MoveNics(tuple(chosen), self._bridge)

    def _elsewhere(self, state: HostState) -> list[tuple[Guest, Nic]]:
        guests = sorted(state.guests.values(), key=lambda guest: natural_key(guest.name))
        return [
            (guest, nic)
            for guest in guests
            for nic in guest.nics
            if nic.type in _MOVABLE and nic.source != self._bridge
        ]


def _key(guest: Guest, nic: Nic) -> str:
    return f"{guest.uuid} {nic.mac} {nic.slot}"
