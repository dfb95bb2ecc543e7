"""Nobody keeps it: the kernel alone, which a reboot empties."""

from collections.abc import Sequence

from kvmnet_tui.change import kernel
from kvmnet_tui.change.facts import HostFacts
from kvmnet_tui.change.findings import Finding
from kvmnet_tui.change.plan import FileChange, Step
from kvmnet_tui.change.wishes import BackendName, Wish
from kvmnet_tui.i18n import _


class Runtime:
    """Changes that last until the next boot."""

    name = BackendName.RUNTIME
    dhcp = None

    def is_leased(self, link: str, facts: HostFacts) -> bool:
        """Not for us to know."""
        return False

    def findings(self, wish: Wish, facts: HostFacts) -> tuple[Finding, ...]:
        """Nothing of its own."""
        return ()

    def files(self, wish: Wish, facts: HostFacts) -> tuple[FileChange, ...]:
        """None."""
        return ()

    def trial(self, wish: Wish, facts: HostFacts) -> tuple[Step, ...]:
        """The kernel's steps."""
        return kernel.trial(wish, facts)

    def commit(self, wish: Wish, facts: HostFacts) -> tuple[Step, ...]:
        """Nothing is kept."""
        return ()

    def settle(self, there: Sequence[str], gone: Sequence[str]) -> tuple[Step, ...]:
        """It sees for itself."""
        return ()

    def rollback(self, wish: Wish, facts: HostFacts) -> tuple[Step, ...]:
        """Nobody else was told."""
        return ()

    def by_hand(self, wish: Wish, facts: HostFacts) -> tuple[str, ...]:
        """A reboot, or the rollback script."""
        return (_("reboot, or run the rollback script"),)
