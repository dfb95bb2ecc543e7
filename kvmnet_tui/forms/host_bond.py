"""The wizard for a bond, with a VLAN and a bridge on top if wanted."""

from types import MappingProxyType

from kvmnet_tui.change.checks.bonds import HASHED, HASHES, WITH_PRIMARY
from kvmnet_tui.change.facts import HostFacts
from kvmnet_tui.change.wishes import BackendName, BondSpec, CreateBond, Wish
from kvmnet_tui.forms.form import FieldKind, FormField, Option, Step, Values
from kvmnet_tui.forms.host_parts import (
    ADDRESS_VALUES,
    BRIDGE_VALUES,
    KEEPING_VALUES,
    WishForm,
    address_step,
    addressing_of,
    bridge_fields,
    bridge_of,
    device_fields,
    free_nics,
    keeping_step,
    nic_options,
    no_nics,
    number,
    unused_name,
    with_delay,
)
from kvmnet_tui.i18n import N_, _
from kvmnet_tui.model.state import HostState

_MODES = {
    "active-backup": N_("one member works, the others stand by; any switch"),
    "802.3ad": N_("LACP: the switch must speak it too"),
    "balance-xor": N_("by hash; the switch needs a static channel group"),
    "balance-rr": N_("in turn; the switch needs a static channel group"),
    "broadcast": N_("everything on every member"),
    "balance-tlb": N_("sending is shared out; any switch"),
    "balance-alb": N_("sending and receiving are shared out; not below a bridge"),
}
_MAC_POLICIES = {
    "none": N_("all members take the bond's MAC; usual"),
    "active": N_("the active member's; where NICs cannot change theirs"),
    "follow": N_("a member takes it when it becomes active"),
}
_OWN_FIELDS = ("name", "members", "mode", "primary", "fail_over_mac", "miimon", "updelay",
               "downdelay", "options", "bridge", "vlan")  # fmt: skip


class BondForm(WishForm):
    """A bond of NICs of which one may carry the session this is typed in."""

    NUMBERS = ("miimon", "updelay", "downdelay", "vlan", "delay", "mtu", "window")
    FIELDS = MappingProxyType(
        {name: name for name in (*_OWN_FIELDS, *ADDRESS_VALUES, *BRIDGE_VALUES)}
    )

    def __init__(self, facts: HostFacts, members: tuple[str, ...] = ()) -> None:
        super().__init__(facts)
        kinds = {"", "veth", "dummy"}
        self._nics = [name for name in free_nics(facts) if facts.links[name].kind in kinds]
        self._members = tuple(name for name in members if name in self._nics)

    @property
    def title(self) -> str:
        """What it makes."""
        return _("New bond")

    def initial(self, _state: HostState) -> Values:
        """active-backup with miimon 100, as the course has it."""
        return {
            "name": unused_name(self._facts, "bond", 0),
            "members": self._members,
            "mode": "active-backup",
            "primary": "",
            "miimon": "100",
            "updelay": "0",
            "downdelay": "0",
            "lacp_rate": "slow",
            "hash": "layer2+3",
            "fail_over_mac": "none",
            "options": "",
            "with_vlan": False,
            "vlan": "",
            "with_bridge": False,
            "bridge": unused_name(self._facts, "virbr", 1),
            **BRIDGE_VALUES,
            **ADDRESS_VALUES,
            **KEEPING_VALUES,
        }

    def steps(self, _state: HostState, values: Values) -> tuple[Step, ...]:
        """Members, mode, what stands on top, address, keeping."""
        return (
            self._members_step(),
            self._mode_step(values),
            _top_step(values),
            address_step(values),
            keeping_step(),
        )

    def _members_step(self) -> Step:
        return Step(
            _("Name and members"),
            _("A bond makes one link of several NICs: when a cable or a switch fails, another"
              " member takes over.") if self._nics else no_nics(),
            (
                FormField("name", _("Name"), hint=_("at most 15 characters")),
                FormField(
                    "members",
                    _("Members"),
                    FieldKind.MANY,
                    nic_options(self._facts, self._nics),
                    hint=_("Space marks; two or more. An idle one joins first and is proved."),
                ),
            ),
        )  # fmt: skip

    def _mode_step(self, values: Values) -> Step:
        modes = tuple(Option(mode, mode, _(hint)) for mode, hint in _MODES.items())
        fields = [FormField("mode", _("Mode"), FieldKind.CHOICE, modes)]
        if values["mode"] in WITH_PRIMARY:
            none = Option("", _("none"), _("whoever works stays"))
            own = tuple(Option(name, name) for name in values["members"])
            fields.append(FormField("primary", _("Primary"), FieldKind.CHOICE, (none, *own)))
        if values["mode"] == "802.3ad":
            rates = (Option("slow", _("slow (30 s)")), Option("fast", _("fast (1 s)")))
            fields.append(FormField("lacp_rate", _("LACP rate"), FieldKind.CHOICE, rates))
        if values["mode"] == "active-backup":
            macs = tuple(Option(name, name, _(hint)) for name, hint in _MAC_POLICIES.items())
            fields.append(FormField("fail_over_mac", "fail_over_mac", FieldKind.CHOICE, macs))
        if values["mode"] in HASHED:
            policies = tuple(Option(one, one) for one in HASHES)
            fields.append(FormField("hash", _("Hash policy"), FieldKind.CHOICE, policies))
        fields += [
            FormField("miimon", "miimon", hint=_("ms between looks at the carrier")),
            FormField("updelay", "updelay", hint=_("ms before a member that is back is used")),
            FormField("downdelay", "downdelay", hint=_("ms before a lost member is given up")),
            FormField("options", _("Other options"), placeholder=_("none"),
                      hint=_("of the driver, such as primary_reselect=failure; several with"
                             " spaces")),
        ]  # fmt: skip
        return Step(_("Mode"), _("How the members share the work, and how a failure is noticed."),
                    tuple(fields))  # fmt: skip

    def changed(self, _state: HostState, values: Values, name: str) -> Values:
        """A primary must be a member, and spanning tree comes with a delay."""
        if name == "members" and values["primary"] not in ("", *values["members"]):
            return {**values, "primary": ""}
        return with_delay(values, name)

    def wish(self, values: Values) -> Wish:
        """What the answers amount to."""
        mode = values["mode"]
        options = []
        if mode == "802.3ad":
            options.append(("lacp_rate", values["lacp_rate"]))
        if mode in HASHED:
            options.append(("xmit_hash_policy", values["hash"]))
        if mode == "active-backup" and values["fail_over_mac"] != "none":
            options.append(("fail_over_mac", values["fail_over_mac"]))
        options += [(name, value) for name, _equals, value in
                    (word.partition("=") for word in values["options"].split())]  # fmt: skip
        bond = BondSpec(
            values["name"].strip(),
            values["members"],
            mode,
            miimon=number(values["miimon"]),
            updelay=number(values["updelay"]),
            downdelay=number(values["downdelay"]),
            primary=values["primary"] if mode in WITH_PRIMARY else "",
            options=tuple(options),
            mac="" if values["with_bridge"] else values["mac"].strip().lower(),
            mtu=0 if values["with_bridge"] else number(values["mtu"]),
        )
        return CreateBond(
            bond,
            number(values["vlan"]) if values["with_vlan"] else None,
            bridge_of(values, values["bridge"].strip()) if values["with_bridge"] else None,
            addressing_of(values),
            BackendName(values["backend"]),
        )


def _top_step(values: Values) -> Step:
    fields = [FormField("with_vlan", _("With a VLAN"), FieldKind.TOGGLE)]
    if values["with_vlan"]:
        fields.append(FormField("vlan", _("VLAN ID"), hint=_("1 to 4094")))
    fields.append(
        FormField("with_bridge", _("With a bridge"), FieldKind.TOGGLE, hint=_("for the guests"))
    )
    if values["with_bridge"]:
        fields.append(FormField("bridge", _("Name of the bridge"), hint=_("at most 15 characters")))
    fields += bridge_fields(values) if values["with_bridge"] else device_fields()
    return Step(
        _("On top"),
        _("Bond, VLAN and bridge are made as one change: the address goes to the topmost."),
        tuple(fields),
    )
