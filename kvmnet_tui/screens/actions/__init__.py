"""What can be done on each screen, a module a screen; light to import: the footer names the keys."""

from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from kvmnet_tui.i18n import _
from kvmnet_tui.model.state import HostState

if TYPE_CHECKING:
    from kvmnet_tui.screens.desk import Desk


def _always(_state: HostState, _key: Hashable | None) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do with the row under the cursor, or with none of them.

    `label` is a message to translate when shown. `start` runs in a worker and may await dialogs.
    `why_not` says in one sentence why it cannot be done now, "" when it can; it is asked again
    when the action starts. `changes` is False for what only looks.
    """

    key: str
    label: str
    start: "Callable[[Desk, Hashable | None], Awaitable[None]]"
    why_not: Callable[[HostState, Hashable | None], str] = _always
    changes: bool = True
    in_footer: bool = False

    def refusal(self, state: HostState, key: Hashable | None, *, read_only: bool) -> str:
        """Why it cannot be done now, "" when it can."""
        if self.changes and read_only:
            return _("Started with --read-only: nothing is changed.")
        return self.why_not(state, key)


def actions_of(tab: str) -> tuple[Action, ...]:
    """The actions of a screen, in the order in which its menu shows them: its module's ACTIONS."""
    name = f"{__name__}.{tab}"
    if find_spec(name) is None:
        return ()
    actions: tuple[Action, ...] = import_module(name).ACTIONS
    return actions
