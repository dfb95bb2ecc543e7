"""ifupdown: tried in the kernel, with DHCP by `ifup -i FILE`; then /etc/network/interfaces."""

from dataclasses import dataclass
from typing import Final

from kvmnet_tui.change.backends.interfaces_edit import edits
from kvmnet_tui.change.backends.layout import (
    CannotConfigure,
    FileEdit,
    Kind,
    Layout,
    Method,
    TrialInKernel,
)
from kvmnet_tui.change.backends.together import at_once, in_words
from kvmnet_tui.change.backends.wished import layout_of
from kvmnet_tui.change.facts import HostFacts
from kvmnet_tui.change.findings import Finding, Verdict
from kvmnet_tui.change.plan import FileChange, Step, run_step, write_step
from kvmnet_tui.change.wishes import BackendName, Wish
from kvmnet_tui.i18n import _

FOLDER: Final = "/etc/network"
# The programs that a stanza with a bridge or bond needs at boot, and Debian's packages of them.
_HELPERS: Final = {Kind.BRIDGE: ("brctl", "bridge-utils"), Kind.BOND: ("ifenslave", "ifenslave")}
_IFUPDOWN2: Final = "ifreload"  # needs none of them
_DHCP_SECONDS: Final = 60


@dataclass(frozen=True)
class Ifupdown:
    """Debian's own way."""

    in_kernel: TrialInKernel
    name = BackendName.IFUPDOWN

    def findings(self, wish: Wish, facts: HostFacts) -> tuple[Finding, ...]:
        """Why it cannot be done this way, or what to know before."""
        layout = layout_of(wish, facts)
        try:
            _edits(wish, facts)
        except CannotConfigure as error:
            return (Finding(Verdict.BLOCKED, str(error)),)
        said = _("Without the package {package}, {name} would not come up at the next boot.")
        return tuple(
            Finding(Verdict.BLOCKED, said.format(package=package, name=name))
            for name, package in _lacking(layout, facts)
        )

    def files(self, wish: Wish, facts: HostFacts) -> tuple[FileChange, ...]:
        """The files as they will be."""
        return tuple(FileChange(one.path, one.before, one.after) for one in _edits(wish, facts))

    def trial(self, wish: Wish, facts: HostFacts) -> tuple[Step, ...]:
        """The kernel; who asks for an address by DHCP is asked to do so on the new link."""
        return (*self.in_kernel(wish, facts), *_dhcp(layout_of(wish, facts)))

    def commit(self, wish: Wish, facts: HostFacts) -> tuple[Step, ...]:
        """Replace the files at once."""
        return at_once(_edits(wish, facts), "networking.service")

    def rollback(self, wish: Wish, facts: HostFacts) -> tuple[Step, ...]:
        """End the DHCP client of the trial; the kernel's part comes after it."""
        layout = layout_of(wish, facts)
        return tuple(
            step
            for name in _asking(layout)
            for step in (
                run_step(("ifdown", "--force", "-i", _trial_file(name), name), may_fail=True),
                run_step(("rm", "-f", _trial_file(name))),
            )
        )

    def by_hand(self, wish: Wish, facts: HostFacts) -> tuple[str, ...]:
        """How to undo a committed change."""
        return (*in_words(_edits(wish, facts)), "systemctl restart networking")


def _edits(wish: Wish, facts: HostFacts) -> tuple[FileEdit, ...]:
    read = facts.files.items()
    files = {path: text for path, text in read if path.startswith(f"{FOLDER}/")}
    return edits(layout_of(wish, facts), files)


def _lacking(layout: Layout, facts: HostFacts) -> list[tuple[str, str]]:
    if _IFUPDOWN2 in facts.programs:
        return []
    needed = ((one.name, *_HELPERS[one.kind]) for one in layout.made if one.kind in _HELPERS)
    return [(name, package) for name, program, package in needed if program not in facts.programs]


def _asking(layout: Layout) -> tuple[str, ...]:
    """The new links that ask for their address."""
    return tuple(one.name for one in layout.made if one.addresses.method is Method.DHCP)


def _trial_file(name: str) -> str:
    return f"/run/network/kvmnet-tui-{name}"


def _dhcp(layout: Layout) -> tuple[Step, ...]:
    return tuple(
        step
        for name in _asking(layout)
        for step in (
            write_step(_trial_file(name), f"iface {name} inet dhcp\n", None),
            run_step(
                ("ifup", "--force", "-i", _trial_file(name), name),
                f"ask for an address on {name}",
                seconds=_DHCP_SECONDS,
            ),
        )
    )
