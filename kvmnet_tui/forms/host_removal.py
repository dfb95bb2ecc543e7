"""The wizards that take a bridge or a bond away and give what it has to one of its links."""

from types import MappingProxyType

from kvmnet_tui.change.facts import HostFacts
from kvmnet_tui.change.wishes import BackendName, DeleteBond, DeleteBridge, Wish
from kvmnet_tui.forms.form import FieldKind, FormField, Step, Values
from kvmnet_tui.forms.host_parts import KEEPING_VALUES, WishForm, keeping_step, nic_options
from kvmnet_tui.i18n import N_, _
from kvmnet_tui.model.state import HostState


class RemovalForm(WishForm):
    """Asks who inherits; the first that can does unless another one is chosen."""

    FIELDS = MappingProxyType({"uplink": "heir"})
    TITLE = ""
    INHERITS = ""  # what the heir gets, in a sentence

    def __init__(self, facts: HostFacts, name: str) -> None:
        super().__init__(facts)
        self._name = name
        self._heirs = [link.name for link in facts.ports_of(name) if link.kind != "tun"]

    @property
    def title(self) -> str:
        """What it does."""
        return _(self.TITLE).format(name=self._name)

    def initial(self, _state: HostState) -> Values:
        """The first that is no tap inherits."""
        return {"heir": next(iter(self._heirs), ""), **KEEPING_VALUES}

    def steps(self, _state: HostState, _values: Values) -> tuple[Step, ...]:
        """Who inherits, and keeping."""
        heirs = nic_options(self._facts, self._heirs)
        text = self.INHERITS
        field = FormField("heir", _("Goes to"), FieldKind.CHOICE, heirs)
        first = Step(_("Heir"), _(text), (field,))
        return (*((first,) if heirs else ()), keeping_step())


class DeleteBridgeForm(RemovalForm):
    """Takes a bridge away and gives its address back to one of its ports."""

    TITLE = N_("Remove bridge {name}")
    INHERITS = N_("The bridge's addresses and routes go to the port that you choose.")

    def wish(self, values: Values) -> Wish:
        """What the answers amount to."""
        return DeleteBridge(self._name, values["heir"], BackendName(values["backend"]))


class DeleteBondForm(RemovalForm):
    """Takes a bond away and gives its address, or its place in a bridge, to a member."""

    TITLE = N_("Remove bond {name}")
    INHERITS = N_(
        "The bond's addresses, or its place in a bridge, go to the member that you choose."
    )

    def wish(self, values: Values) -> Wish:
        """What the answers amount to."""
        return DeleteBond(self._name, values["heir"], BackendName(values["backend"]))
