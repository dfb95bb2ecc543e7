"""ifupdown: tried in the kernel; then /etc/network/interfaces."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from kvmnet_tui.change.backends.dhcp import ByIfup, Client, Dhclient, ifupdown_step
from kvmnet_tui.change.backends.interfaces_edit import edits
from kvmnet_tui.change.backends.interfaces_file import pieces
from kvmnet_tui.change.backends.layout import (
    CannotConfigure,
    FileEdit,
    Kind,
    Layout,
    TrialInKernel,
)
from kvmnet_tui.change.backends.together import at_once, in_words
from kvmnet_tui.change.backends.wished import layout_of
from kvmnet_tui.change.facts import HostFacts
from kvmnet_tui.change.findings import Finding, Verdict
from kvmnet_tui.change.plan import FileChange, Step
from kvmnet_tui.change.wishes import BackendName, Wish
from kvmnet_tui.i18n import _
from kvmnet_tui.sources.managers.interfaces import read_paths

# The hooks that a stanza with a bridge or bond needs at boot, and Debian's packages of them.
_HELPERS: Final = {Kind.BRIDGE: ("bridge", "bridge-utils"), Kind.BOND: ("ifenslave", "ifenslave")}
_IFUPDOWN2: Final = "ifreload"  # needs none of them
_DHCLIENT: Final = Dhclient("/run/dhclient.{link}.pid", "/var/lib/dhcp/dhclient.{link}.leases")


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

    def dhcp(self, facts: HostFacts) -> Client:
        """The one that ifupdown prefers."""
        return _DHCLIENT if "dhclient" in facts.programs else ByIfup()

    def is_leased(self, link: str, facts: HostFacts) -> bool:
        """Whether one of its stanzas says dhcp."""
        return any(
            piece.iface == link and piece.words[2:4] == ("inet", "dhcp")
            for text in _files(facts).values()
            for piece in pieces(text)
        )

    def trial(self, wish: Wish, facts: HostFacts) -> tuple[Step, ...]:
        """The kernel alone."""
        return self.in_kernel(wish, facts)

    def commit(self, wish: Wish, facts: HostFacts) -> tuple[Step, ...]:
        """Replace the files at once."""
        return at_once(_edits(wish, facts), "networking.service" if facts.has_systemd else "")

    def settle(self, there: Sequence[str], gone: Sequence[str]) -> tuple[Step, ...]:
        """Its list of links that are up, without which `ifdown` would not touch them."""
        up = (ifupdown_step("ifup", link, "manual", may_fail=True) for link in there)
        down = (ifupdown_step("ifdown", link, "manual", may_fail=True) for link in gone)
        return (*up, *down)

    def rollback(self, wish: Wish, facts: HostFacts) -> tuple[Step, ...]:  # noqa: ARG002
        """The kernel's part is all there is."""
        return ()

    def by_hand(self, wish: Wish, facts: HostFacts) -> tuple[str, ...]:
        """How to undo a committed change."""
        return (*in_words(_edits(wish, facts)), "systemctl restart networking")


def _edits(wish: Wish, facts: HostFacts) -> tuple[FileEdit, ...]:
    return edits(layout_of(wish, facts), _files(facts))


def _files(facts: HostFacts) -> dict[str, str]:
    """Those that ifupdown reads, and no other that lies beside them."""
    paths = read_paths(_Texts(facts.files))
    return {path: facts.files[path] for path in paths if path in facts.files}


class _Texts:
    """The files that were read of the host."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts

    def text(self, path: str) -> str:
        return self._texts.get(path, "")

    def matching(self, pattern: str) -> list[str]:
        return sorted(path for path in self._texts if PurePosixPath(path).match(pattern))


def _lacking(layout: Layout, facts: HostFacts) -> list[tuple[str, str]]:
    if _IFUPDOWN2 in facts.programs:
        return []
    needed = ((one.name, *_HELPERS[one.kind]) for one in layout.made if one.kind in _HELPERS)
    return [(name, package) for name, hook, package in needed if hook not in facts.hooks]
