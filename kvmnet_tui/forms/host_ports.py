"""The wizards that put a link into a bridge or bond, or take one out."""

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

from kvmnet_tui.change.facts import HostFacts
from kvmnet_tui.change.wishes import (
    AddMember,
    AddPort,
    BackendName,
    RemoveMember,
    RemovePort,
    Wish,
)
from kvmnet_tui.forms.form import FieldKind, FormField, Step, Values
from kvmnet_tui.forms.host_parts import (
    KEEPING_VALUES,
    WishForm,
    free_nics,
    keeping_step,
    nic_options,
)
from kvmnet_tui.i18n import N_, _
from kvmnet_tui.model.state import HostState

MakeWish = Callable[[str, str, BackendName], Wish]


@dataclass(frozen=True, slots=True)
class Move:
    """One of the four: its title, what it asks, which links may be chosen, the wish it makes."""

    title: str
    label: str
    intro: str
    wish: MakeWish
    puts_in: bool
    kinds: frozenset[str]


_ANY = frozenset({"", "bond", "vlan", "veth", "dummy", "team"})
_NICS = frozenset({"", "veth", "dummy"})

ADD_PORT = Move(
    N_("Put a port into bridge {name}"),
    N_("Port"),
    N_("The link becomes a port of the bridge; an address that it has stops working there."),
    AddPort,
    True,
    _ANY,
)
REMOVE_PORT = Move(
    N_("Take a port out of bridge {name}"),
    N_("Port"),
    N_("What is behind the port can no longer reach what is behind the others."),
    RemovePort,
    False,
    _ANY,
)
ADD_MEMBER = Move(
    N_("Put a member into bond {name}"),
    N_("Member"),
    N_("The link becomes a member of the bond; an address that it has stops working there."),
    AddMember,
    True,
    _NICS,
)
REMOVE_MEMBER = Move(
    N_("Take a member out of bond {name}"),
    N_("Member"),
    N_("The bond goes on with its other members."),
    RemoveMember,
    False,
    _NICS,
)


class MoveForm(WishForm):
    """Puts a link into a bridge or bond called `master`, or takes one out."""

    FIELDS = MappingProxyType({"uplink": "link", "members": "link"})

    def __init__(self, facts: HostFacts, move: Move, master: str, link: str = "") -> None:
        super().__init__(facts)
        self._move = move
        self._master = master
        if move.puts_in:
            names = [name for name in free_nics(facts) if name != master]
        else:
            names = [port.name for port in facts.ports_of(master)]
        self._names = [name for name in names if facts.links[name].kind in move.kinds]
        self._link = link if link in self._names else next(iter(self._names), "")

    @property
    def title(self) -> str:
        """What it does."""
        return _(self._move.title).format(name=self._master)

    def initial(self, _state: HostState) -> Values:
        """The link under the cursor."""
        return {"link": self._link, **KEEPING_VALUES}

    def steps(self, _state: HostState, _values: Values) -> tuple[Step, ...]:
        """Which one, and keeping."""
        options = nic_options(self._facts, self._names)
        field = FormField("link", _(self._move.label), FieldKind.CHOICE, options)
        intro = _(self._move.intro) if options else self._why_none()
        return (Step(_(self._move.label), intro, (field,)), keeping_step())

    def _why_none(self) -> str:
        if self._move.puts_in:
            return _("There is no link to put in: each is in a bridge or bond already, or is none"
                     " that could be.")  # fmt: skip
        return _("There is nothing in {name} to take out.").format(name=self._master)

    def wish(self, values: Values) -> Wish:
        """What the answers amount to."""
        return self._move.wish(self._master, values["link"], BackendName(values["backend"]))
