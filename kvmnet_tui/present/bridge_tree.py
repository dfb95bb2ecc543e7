"""The lines of the Bridges tree: bridge, its ports with uplinks first, what uplinks stand on."""

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from kvmnet_tui.model.joins import Topology, natural_key
from kvmnet_tui.model.links import Link
from kvmnet_tui.model.state import HostState
from kvmnet_tui.present.glyphs import glyphs
from kvmnet_tui.present.plugs import loose_taps, ports_of

_STANDS_ON_ANOTHER = frozenset({"vlan", "macvlan", "ipvlan"})


class Role(StrEnum):
    """What a line shows: `lower` is what a VLAN stands on, `loose` the heading of loose taps."""

    BRIDGE = "bridge"
    PORT = "port"
    MEMBER = "member"
    LOWER = "lower"
    LOOSE = "loose"
    TAP = "tap"


class Line(NamedTuple):
    """A line's key: the indexes of the links from the bridge down to the line's own link.

    The heading of loose taps has the path (), its taps (0, index).
    """

    role: Role
    path: tuple[int, ...]

    @property
    def link(self) -> int:
        """The index of the line's own link, 0 for the heading."""
        return self.path[-1] if self.path else 0

    @property
    def bridge(self) -> int:
        """The bridge the line belongs to, 0 for loose taps."""
        return self.path[0] if self.path else 0

    @property
    def parent(self) -> "Line | None":
        """The line above it in the tree."""
        if self.role is Role.TAP:
            return LOOSE
        if len(self.path) < 2:
            return None
        if len(self.path) == 2:
            return Line(Role.BRIDGE, self.path[:1])
        if len(self.path) == 3:
            return Line(Role.PORT, self.path[:2])
        return Line(Role.LOWER, self.path[:-1])


LOOSE = Line(Role.LOOSE, ())


class BridgeTree:
    """The lines in order, each with its branch signs; built again when the topology changes."""

    def __init__(self) -> None:
        self._topology: Topology | None = None
        self._lines: dict[Line, str] = {}

    def lines(self, state: HostState) -> dict[Line, str]:
        """Line to branch signs, in the order of the tree."""
        if self._topology is not state.topology:
            self._topology = state.topology
            self._lines = dict(_all_lines(state))
        return self._lines


def _all_lines(state: HostState) -> Iterator[tuple[Line, str]]:
    links = state.topology.links
    bridges = [link for link in links.values() if link.kind == "bridge"]
    for bridge in sorted(bridges, key=lambda link: natural_key(link.name)):
        top = Line(Role.BRIDGE, (bridge.index,))
        yield top, ""
        ports = [Line(Role.PORT, (bridge.index, port)) for port in ports_of(state, bridge.index)]
        yield from _branches(state, ports, "")
    taps = [Line(Role.TAP, (0, index)) for index in loose_taps(state)]
    if taps:
        yield LOOSE, ""
        yield from _branches(state, taps, "")


def _branches(state: HostState, lines: list[Line], indent: str) -> Iterator[tuple[Line, str]]:
    signs = glyphs()
    for line in lines:
        is_last = line is lines[-1]
        yield line, indent + (signs.tree_last if is_last else signs.tree_next)
        below = _below(state, line)
        if below:
            deeper = indent + (signs.tree_done if is_last else signs.tree_pass)
            yield from _branches(state, below, deeper)


def _below(state: HostState, line: Line) -> list[Line]:
    """A bond's members, or what a VLAN stands on; a guest's tap has nothing below."""
    link = state.topology.links[line.link]
    if link.kind == "bond":
        members = state.topology.slaves.get(link.index, ())
        return [Line(Role.MEMBER, (*line.path, member)) for member in members]
    lower = _lower(state, link)
    if lower and lower not in line.path:
        return [Line(Role.LOWER, (*line.path, lower))]
    return []


def _lower(state: HostState, link: Link) -> int:
    if link.kind not in _STANDS_ON_ANOTHER or link.lower_elsewhere:
        return 0
    return link.lower if link.lower in state.topology.links else 0
