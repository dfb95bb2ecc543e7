"""What can be asked for about bonds."""

from dataclasses import dataclass

from kvmnet_tui.i18n import _
from kvmnet_tui.model.drill import How
from kvmnet_tui.requests import Request


@dataclass(frozen=True, slots=True)
class RunDrill(Request):
    """A failover drill. `member` "" is the active one; `targets` are addresses beside the gateway.

    `give_back` has the traffic moved back to the member where no primary brings it back itself.
    It is measured for `baseline_seconds` before, and for `settle_seconds` after each change.
    """

    bond: str
    member: str = ""
    targets: tuple[str, ...] = ()
    how: How = How.DOWN
    give_back: bool = True
    interval_ms: int = 10
    baseline_seconds: float = 2.0
    settle_seconds: float = 1.5

    @property
    def title(self) -> str:
        """What it does."""
        return _("Failover drill of {bond}").format(bond=self.bond)
