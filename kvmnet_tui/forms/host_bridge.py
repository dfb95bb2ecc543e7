"""The wizard for a bridge on a NIC."""

from types import MappingProxyType

from kvmnet_tui.change.facts import HostFacts
from kvmnet_tui.change.wishes import BackendName, CreateBridge, Wish
from kvmnet_tui.forms.form import FieldKind, FormField, Step, Values
from kvmnet_tui.forms.host_parts import (
    ADDRESS_VALUES,
    BRIDGE_VALUES,
    KEEPING_VALUES,
    WishForm,
    address_step,
    addressing_of,
    bridge_fields,
    bridge_of,
    free_nics,
    keeping_step,
    nic_options,
    no_nics,
    unused_name,
    with_delay,
)
from kvmnet_tui.i18n import _
from kvmnet_tui.model.state import HostState


class BridgeForm(WishForm):
    """A bridge on an uplink that may carry the session this is typed in."""

    NUMBERS = ("delay", "mtu", "window")
    FIELDS = MappingProxyType(
        {name: name for name in ("name", "uplink", *ADDRESS_VALUES, *BRIDGE_VALUES)}
    )

    def __init__(self, facts: HostFacts, uplink: str = "") -> None:
        super().__init__(facts)
        self._nics = free_nics(facts)
        self._uplink = uplink if uplink in self._nics else next(iter(self._nics), "")

    @property
    def title(self) -> str:
        """What it makes."""
        return _("New bridge")

    def initial(self, _state: HostState) -> Values:
        """The course's own name, and the NIC that was under the cursor."""
        name = unused_name(self._facts, "virbr", 1)
        own = {"name": name, "uplink": self._uplink}
        return {**own, **BRIDGE_VALUES, **ADDRESS_VALUES, **KEEPING_VALUES}

    def steps(self, _state: HostState, values: Values) -> tuple[Step, ...]:
        """Name and uplink, address, options, keeping."""
        uplinks = nic_options(self._facts, self._nics)
        first = Step(
            _("Name and uplink"),
            _(
                "A bridge is a switch inside this host. The uplink becomes one of its ports, and"
                " guests plugged into it are on the same network as the host."
            )
            if uplinks
            else no_nics(),
            (
                FormField("name", _("Name"), hint=_("at most 15 characters")),
                FormField("uplink", _("Uplink"), FieldKind.CHOICE, uplinks),
            ),
        )
        options = Step(
            _("Options"),
            _("What stands here suits nearly everybody."),
            bridge_fields(values),
        )
        return (first, address_step(values), options, keeping_step())

    def changed(self, _state: HostState, values: Values, name: str) -> Values:
        """Spanning tree comes with a delay."""
        return with_delay(values, name)

    def wish(self, values: Values) -> Wish:
        """What the answers amount to."""
        return CreateBridge(
            bridge_of(values, values["name"].strip()),
            values["uplink"],
            addressing_of(values),
            BackendName(values["backend"]),
        )
