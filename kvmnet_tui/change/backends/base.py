"""What a backend is: pure functions from a wish and the facts to the parts of a plan."""

from collections.abc import Sequence
from typing import Protocol

from kvmnet_tui.change.backends.dhcp import Client
from kvmnet_tui.change.facts import HostFacts
from kvmnet_tui.change.findings import Finding
from kvmnet_tui.change.plan import FileChange, Step
from kvmnet_tui.change.wishes import BackendName, Wish


class Backend(Protocol):
    """One keeper of configuration.

    The trial must leave /etc alone and be forgotten by a reboot. The rollback must be idempotent
    and touch nothing but what the trial made or changed: the planner adds the kernel's part
    (`kernel.rollback`) after it, so a backend that tries in the kernel alone has none of its own.
    The commit's steps stand in an order in which a power cut after any of them leaves a host that
    boots to a reachable state; each may be carried out twice.
    """

    name: BackendName

    def dhcp(self, facts: HostFacts) -> Client | None:
        """Its DHCP client; None where it asks by itself, or where there is no manager."""

    def is_leased(self, link: str, facts: HostFacts) -> bool:
        """Whether a link's configuration says DHCP; asked only where `dhcp` is a client."""

    def findings(self, wish: Wish, facts: HostFacts) -> tuple[Finding, ...]:
        """Why it cannot be done this way, or what to know before."""

    def files(self, wish: Wish, facts: HostFacts) -> tuple[FileChange, ...]:
        """The configuration files as they will be, for the preview's diffs."""

    def trial(self, wish: Wish, facts: HostFacts) -> tuple[Step, ...]:
        """Make it so until a reboot; `kernel.trial(wish, facts)` for those who need no more."""

    def commit(self, wish: Wish, facts: HostFacts) -> tuple[Step, ...]:
        """Keep it over a reboot."""

    def settle(self, there: Sequence[str], gone: Sequence[str]) -> tuple[Step, ...]:
        """Tell the manager which links are there now, and which no longer; part of the commit."""

    def rollback(self, wish: Wish, facts: HostFacts) -> tuple[Step, ...]:
        """Take back what the trial told other services; the kernel is put back after it."""

    def by_hand(self, wish: Wish, facts: HostFacts) -> tuple[str, ...]:
        """How to undo a committed change with the system's own tools, a line each."""
