"""The form of a failover drill."""

from dataclasses import dataclass

from kvmnet_tui.drill.plan import make_plan, refusals, targets_of
from kvmnet_tui.drill.surroundings import Surroundings
from kvmnet_tui.forms.form import FieldKind, Finding, FormField, Option, Step, Values
from kvmnet_tui.i18n import _
from kvmnet_tui.model.bond_health import usable_members
from kvmnet_tui.model.bond_reports import bond_of
from kvmnet_tui.model.bonds import Bond, Member
from kvmnet_tui.model.drill import How
from kvmnet_tui.model.state import HostState
from kvmnet_tui.present.bond_modes import role
from kvmnet_tui.present.drill_plan import plan_section
from kvmnet_tui.present.table import Section, Severity
from kvmnet_tui.requests.bonds import RunDrill


@dataclass(frozen=True, slots=True)
class DrillForm:
    """Asks which member of `bond` is taken away, how, and what is probed; ends in RunDrill."""

    bond: str
    around: Surroundings
    member: str = ""

    @property
    def title(self) -> str:
        """What it is for."""
        return _("Failover drill of {bond}").format(bond=self.bond)

    def initial(self, state: HostState) -> Values:
        """The active member, set down, and the gateway alone."""
        bond = bond_of(state, self.bond)
        member = self.member
        if not member and bond is not None:
            usable = [one.name for one in usable_members(bond)]
            member = bond.active_member or next(iter(usable), "")
        return {
            "member": member,
            "how": How.DOWN.value,
            "targets": "",
            "interval": "10",
            "back": True,
        }

    def steps(self, state: HostState, values: Values) -> tuple[Step, ...]:
        """What is taken away, then what is measured."""
        bond = bond_of(state, self.bond)
        members = tuple(_member_option(bond, one) for one in bond.members) if bond else ()
        how = (
            Option(How.DOWN.value, _("set the link down"), _("it is brought up again for sure")),
            Option(How.PULL.value, _("pull the cable"), _("you do, when you are told to")),
        )
        back = FormField(
            "back",
            _("Move back"),
            FieldKind.TOGGLE,
            hint=_("Make the member active again afterwards, where no primary does so by itself."),
        )
        return (
            Step(
                _("Member"),
                _("One member is taken away for a few seconds, to see the others take over."),
                (
                    FormField("member", _("Member"), FieldKind.CHOICE, members),
                    FormField("how", _("How"), FieldKind.CHOICE, how),
                    *((back,) if bond and bond.mode == "active-backup" else ()),
                ),
            ),
            Step(
                _("Probes"),
                self._gateway_sentence(state, bond, values),
                (
                    FormField(
                        "targets",
                        _("Addresses"),
                        placeholder="192.168.200.1 192.168.200.9",
                        hint=_("Addresses beyond the bond, with spaces between them."),
                    ),
                    FormField(
                        "interval",
                        _("Every ms"),
                        hint=_("The time between two probes: the finer, the more exact."),
                    ),
                ),
            ),
        )

    def _gateway_sentence(self, state: HostState, bond: Bond | None, values: Values) -> str:
        found = targets_of(state, self.around, self._made(values), bond) if bond else ()
        gateways = [target.address for target in found if target.label == "gateway"]
        if not gateways:
            return _("There is no gateway behind the bond: name at least one address to probe.")
        told = _("The gateway {address} is probed; name more addresses if you like.")
        return told.format(address=gateways[0])

    def _made(self, values: Values) -> RunDrill:
        interval = str(values["interval"]).strip()
        return RunDrill(
            self.bond,
            values["member"],
            tuple(str(values["targets"]).replace(",", " ").split()),
            How(values["how"]),
            bool(values["back"]),
            int(interval) if interval.isdecimal() else 0,
        )

    def changed(self, _state: HostState, values: Values, _name: str) -> Values:
        """No answer proposes another."""
        return values

    def findings(self, state: HostState, values: Values) -> tuple[Finding, ...]:
        """Why the drill would be refused."""
        reasons = refusals(state, self.around, self._made(values))
        return tuple(Finding(Severity.ERROR, reason) for reason in reasons)

    def preview(self, state: HostState, values: Values) -> tuple[Section, ...]:
        """What would be done, sentence by sentence."""
        request = self._made(values)
        if refusals(state, self.around, request):
            return ()
        return (plan_section(make_plan(state, self.around, request)),)

    def request(self, _state: HostState, values: Values) -> RunDrill:
        """The drill."""
        return self._made(values)


def _member_option(bond: Bond, member: Member) -> Option:
    is_usable = member in usable_members(bond)
    why_not = "" if is_usable else _("{member} is down already.").format(member=member.name)
    return Option(member.name, member.name, role(bond, member).text, why_not)
