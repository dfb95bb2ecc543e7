"""Nobody keeps it: the kernel alone, which a reboot empties."""

from collections.abc import Sequence

from kvmnet_tui.change import kernel
from kvmnet_tui.change.backends.wished import layout_of
from kvmnet_tui.change.facts import HostFacts
from kvmnet_tui.change.findings import Finding, Verdict
from kvmnet_tui.change.plan import FileChange, Step
from kvmnet_tui.change.wishes import BackendName, Wish
from kvmnet_tui.i18n import _


class Runtime:
    """Changes that last until the next boot."""

    name = BackendName.RUNTIME

    def dhcp(self, facts: HostFacts) -> None:
        """Nobody's."""

    def is_leased(self, link: str, facts: HostFacts) -> bool:
        """Not for us to know."""
        return False

    def findings(self, wish: Wish, facts: HostFacts) -> tuple[Finding, ...]:
        """Whose lease nobody will renew."""
        told = _("{link} has its address by DHCP: on {taker} it stays until the next boot, and"
                 " nobody renews the lease.")  # fmt: skip
        return tuple(
            Finding(Verdict.WARNING, told.format(link=source, taker=taker), "address")
            for taker, source in layout_of(wish, facts).takers
            if source in facts.links
            and any(one.family == 4 and one.lifetimes for one in facts.links[source].addresses)
        )

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
