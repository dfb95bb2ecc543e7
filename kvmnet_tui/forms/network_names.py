"""The form that gives a network another name. Pure."""

from kvmnet_tui.forms.form import Finding, FormField, Step, Values
from kvmnet_tui.forms.network_checks import name_findings
from kvmnet_tui.i18n import _
from kvmnet_tui.model.state import HostState
from kvmnet_tui.model.virt import Network
from kvmnet_tui.netxml.network_fields import written
from kvmnet_tui.netxml.network_plan import xml_diff
from kvmnet_tui.present.table import Section, Severity
from kvmnet_tui.requests import Request
from kvmnet_tui.requests.networks import NetworkRef, RenameNetwork


class RenameForm:
    """One question."""

    def __init__(self, network: Network) -> None:
        self._network = network

    @property
    def title(self) -> str:
        """What it changes."""
        return _("Rename network {name}").format(name=self._network.name)

    def initial(self, _state: HostState) -> Values:
        """The name it has."""
        return {"name": self._network.name}

    def steps(self, _state: HostState, _values: Values) -> tuple[Step, ...]:
        """The new name."""
        intro = _("UUID and everything else stay; guests must not refer to it by the old name.")
        return (Step(_("Name"), intro, (FormField("name", _("Name")),)),)

    def changed(self, _state: HostState, values: Values, _name: str) -> Values:
        """Nothing follows from a name."""
        return values

    def findings(self, state: HostState, values: Values) -> tuple[Finding, ...]:
        """As for a new network."""
        if values["name"].strip() == self._network.name:
            return (Finding(Severity.ERROR, _("That is the name it has."), "name"),)
        return tuple(name_findings(state, values["name"].strip()))

    def preview(self, _state: HostState, values: Values) -> tuple[Section, ...]:
        """The difference."""
        old = self._network.persistent_xml
        new = written(old, {"name": values["name"].strip()})
        return (Section("", text=xml_diff(old, new), language="diff"),)

    def request(self, _state: HostState, values: Values) -> Request:
        """What to do."""
        ref = NetworkRef(self._network.uuid, self._network.name)
        return RenameNetwork(ref, values["name"].strip())
