"""Write a change into /etc/network/interfaces and the files it takes in, in their places."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from kvmnet_tui.change.backends import interfaces_file as words
from kvmnet_tui.change.backends.interfaces_file import Piece
from kvmnet_tui.change.backends.layout import (
    Addresses,
    CannotConfigure,
    FileEdit,
    Files,
    Freed,
    Joined,
    Kind,
    Layout,
    Made,
    Method,
    edits_between,
)
from kvmnet_tui.i18n import _
from kvmnet_tui.sources.managers.interfaces import INTERFACES

_BLANK: Final = Piece(("\n",))
# Options of a stanza that speak of the NIC itself and stay with it when its addresses go.
_OF_THE_NIC: Final = re.compile(
    r"hwaddress|vlan_raw_device|ethernet_\w+|link_\w+|hardware_\w+|offload_\w+|wpa_\w+|wireless_\w+"
)
_OF_AN_ADDRESS: Final = re.compile(
    r"address|netmask|network|broadcast|gateway|pointopoint|scope|client|hostname|leasehours"
    r"|leasetime|vendor|metric"
)
_COMMANDS: Final = ("up", "pre_up", "post_up", "down", "pre_down", "post_down")
_OF_A_BRIDGE: Final = re.compile(r"bridge_\w+")
_OF_A_BOND: Final = re.compile(r"bond_\w+|slaves")
_LISTS: Final = {Kind.BRIDGE: ("bridge_ports",), Kind.BOND: ("bond_slaves", "slaves")}
_ALL_LISTS: Final = {name for names in _LISTS.values() for name in names}


@dataclass
class _Place:
    """Where a stanza is: the file and its number in it."""

    path: str
    number: int


def edits(layout: Layout, files: Files) -> tuple[FileEdit, ...]:
    """The files that change; the one that gives the host its address is written last."""
    return _Book(layout, files).edits()


class _Book:
    """All files, cut into stanzas, while the change is written into them."""

    def __init__(self, layout: Layout, files: Files) -> None:
        self._layout = layout
        self._before = files
        self._files = {path: list(words.pieces(text)) for path, text in files.items()}
        self._files.setdefault(INTERFACES, [])
        self._last = ""  # the file that moves the addresses

    def edits(self) -> tuple[FileEdit, ...]:
        # What takes addresses over stands where they stood; what it stands on comes before it.
        for made in sorted(self._layout.made, key=lambda one: not one.addresses.source):
            self._make(made)
        for freed in self._layout.freed:
            self._free(freed)
        for joined in self._layout.joined:
            self._join(joined)
        for name in self._layout.removed:
            self._drop(name)
        order = sorted(self._files, key=lambda path: path == self._last)
        return edits_between(
            self._before, {path: words.joined(self._files[path]) for path in order}
        )

    # --- links that are made -------------------------------------------------------------

    def _make(self, made: Made) -> None:
        options = self._options(made)
        if made.addresses.source and self._places(made.addresses.source):
            self._take_over(made.addresses, made.name, options)
            return
        new = _addressed(made.name, made.addresses, options)
        self._insert(self._anchor(), [Piece((f"auto {made.name}\n",)), *new])

    def _options(self, made: Made) -> list[tuple[str, str]]:
        below = " ".join(self._layout.members_of(made.name))
        mtu = [("mtu", str(made.mtu))] if made.mtu else []
        match made.kind:
            case Kind.BRIDGE:
                filtering = [("bridge_vlan_aware", "yes")] if made.vlan_filtering else []
                return [
                    ("bridge_ports", below or "none"),
                    ("bridge_stp", "on" if made.stp else "off"),
                    ("bridge_fd", str(made.delay)),
                    ("bridge_maxwait", "0"),
                    *([("bridge_hw", made.mac)] if made.mac else []),
                    *filtering,
                    *mtu,
                ]
            case Kind.BOND:
                drivers = [
                    (f"bond-{name.replace('_', '-')}", value) for name, value in made.options
                ]
                mac = [("hwaddress", made.mac)] if made.mac else []
                return [("bond-slaves", below or "none"), *drivers, *mac, *mtu]
            case Kind.VLAN:
                return [("vlan-raw-device", made.parent), *mtu]

    def _take_over(
        self, addresses: Addresses, link: str, options: Sequence[tuple[str, str]]
    ) -> None:
        """The stanzas of the source become the new link's, in their place."""
        source = addresses.source
        places = self._places(source)
        first = self._at(places[0])
        self._last = places[0].path
        stays = words.without_options(first, lambda *option: not _stays(source, *option))
        stays = Piece((f"iface {source} {first.family} manual\n", *_said(stays)))
        for place in places:
            self._set(place, self._handed_over(self._at(place), addresses, link))
        taken = words.with_options(self._at(places[0]), options)
        for place in reversed(places[1:]):
            is_six = self._at(place).family == "inet6"
            if (is_six and not addresses.ipv6) or (
                not is_six and addresses.method is not Method.INHERIT
            ):
                self._delete(place)
        begin = [stays, _BLANK] if source not in self._layout.removed else []
        self._files[places[0].path][places[0].number : places[0].number + 1] = [
            *begin,
            Piece((f"auto {link}\n",)),
            taken,
        ]

    def _handed_over(self, piece: Piece, addresses: Addresses, link: str) -> Piece:
        """A stanza of the source, for the link that takes its addresses over."""
        source = addresses.source
        moved = words.without_options(words.renamed(piece, link), lambda *one: _stays(source, *one))
        moved = words.without_options(moved, lambda *one: bool(_OF_A_BRIDGE.fullmatch(one[0])))
        moved = Piece((moved.lines[0], *(_speaks_of(line, source, link) for line in moved.options)))
        if addresses.method is Method.INHERIT or piece.family != "inet":
            return moved
        moved = words.without_options(moved, lambda *one: bool(_OF_AN_ADDRESS.fullmatch(one[0])))
        if addresses.method is Method.DHCP:
            return words.with_method(moved, "dhcp")
        return words.with_options(
            words.with_method(moved, "static"), _said_of(addresses, four=True)
        )

    # --- links that are there -------------------------------------------------------------

    def _join(self, joined: Joined) -> None:
        self._list_in(joined)
        if joined.link in self._layout.moved:
            return
        for place in self._places(joined.link):
            piece = self._at(place)
            kept = words.without_options(piece, lambda *one: not _stays(joined.link, *one))
            self._set(place, Piece((f"iface {joined.link} {piece.family} manual\n", *_said(kept))))
        if not self._places(joined.link):
            self._insert(
                self._before_controller(joined), [words.stanza(joined.link, "inet", "manual")]
            )

    def _list_in(self, joined: Joined) -> None:
        """Name the link among the ports or members of a controller that was there before."""
        if any(made.name == joined.controller for made in self._layout.made):
            return
        place, name, listed = self._list_of(joined.controller, joined.controller_kind)
        now = [one for one in listed if one != "none"]
        self._set(
            place, words.with_options(self._at(place), [(name, " ".join([*now, joined.link]))])
        )

    def _free(self, freed: Freed) -> None:
        if freed.controller not in self._layout.removed:
            self._strike_out(freed)
        source = freed.addresses.source
        if source and self._places(source):
            kept = [line for place in self._places(freed.link) for line in _said(self._at(place))]
            for place in reversed(self._places(freed.link)):
                self._delete(place)
            self._give_back(freed, kept)
        elif freed.addresses.method is not Method.NONE:
            for place in reversed(self._places(freed.link)):
                self._delete(place)
            self._insert(self._anchor(), list(_addressed(freed.link, freed.addresses, ())))

    def _give_back(self, freed: Freed, kept: Sequence[str]) -> None:
        """The controller's stanzas become the link's, with the options it had kept to itself."""
        source = freed.addresses.source
        for place in self._places(source):
            self._last = self._last or place.path
            piece = words.without_options(self._at(place), _of_a_controller)
            given = words.ended(self._handed_over(piece, freed.addresses, freed.link))
            self._set(place, Piece((*given.lines, *kept)))
            kept = ()
        for pieces in self._files.values():
            started = any(
                freed.link in part.words[1:] for part in pieces if part.keyword != "iface"
            )
            pieces[:] = (
                words.without_start(pieces, source)
                if started
                else [words.start_renamed(part, source, freed.link) for part in pieces]
            )

    def _strike_out(self, freed: Freed) -> None:
        for kind in Kind.BRIDGE, Kind.BOND:
            if not any(self._listing(place, kind) for place in self._places(freed.controller)):
                continue
            place, name, listed = self._list_of(freed.controller, kind)
            left = [one for one in listed if one != freed.link] or ["none"]
            self._set(place, words.with_options(self._at(place), [(name, " ".join(left))]))

    def _drop(self, name: str) -> None:
        for place in reversed(self._places(name)):
            self._delete(place)
        for path, pieces in self._files.items():
            kept = (self._without_port(piece, name) for piece in words.without_start(pieces, name))
            self._files[path] = list(kept)

    def _without_port(self, piece: Piece, name: str) -> Piece:
        """A stanza that lists the link among its ports or members, without it."""
        for line in piece.options if piece.iface else ():
            option, value = words.option(line)
            if option in _ALL_LISTS and name in value.split():
                left = [one for one in value.split() if one != name] or ["none"]
                return words.with_options(piece, [(option, " ".join(left))])
        return piece

    # --- where things are -----------------------------------------------------------------

    def _places(self, link: str) -> list[_Place]:
        return [
            _Place(path, number)
            for path, pieces in self._files.items()
            for number, piece in enumerate(pieces)
            if piece.iface == link
        ]

    def _at(self, place: _Place) -> Piece:
        return self._files[place.path][place.number]

    def _set(self, place: _Place, piece: Piece) -> None:
        self._files[place.path][place.number] = piece

    def _delete(self, place: _Place) -> None:
        """Take a stanza out, with the blank lines behind it."""
        pieces = self._files[place.path]
        behind = pieces[place.number + 1 : place.number + 2]
        empty = bool(behind) and not behind[0].text.strip()
        del pieces[place.number : place.number + (2 if empty else 1)]

    def _anchor(self) -> _Place:
        """Where new stanzas go: before those whose addresses move, else at the end."""
        for names in self._layout.takers:
            for link in names:
                if places := self._places(link):
                    return self._with_start(places[0])
        return _Place(INTERFACES, len(self._files[INTERFACES]))

    def _before_controller(self, joined: Joined) -> _Place:
        places = self._places(joined.controller)
        return self._with_start(places[0]) if places else self._anchor()

    def _with_start(self, place: _Place) -> _Place:
        """The stanza's place, or that of the `auto` line right before it."""
        number = place.number
        if number and self._files[place.path][number - 1].keyword in ("auto", "allow-hotplug"):
            number -= 1
        return _Place(place.path, number)

    def _insert(self, place: _Place, new: Sequence[Piece]) -> None:
        pieces = self._files[place.path]
        if place.number >= len(pieces):
            before = [words.ended(pieces[-1])] if pieces else []
            gap = [_BLANK] if before and before[0].text.strip() else []
            pieces[-1:] = [*before, *gap, *new]
        else:
            pieces[place.number : place.number] = [*new, _BLANK]

    def _listing(self, place: _Place, kind: Kind) -> tuple[str, str] | None:
        options = (words.option(line) for line in self._at(place).options)
        return next((one for one in options if one[0] in _LISTS[kind]), None)

    def _list_of(self, controller: str, kind: Kind) -> tuple[_Place, str, list[str]]:
        for place in self._places(controller):
            if found := self._listing(place, kind):
                return place, found[0], found[1].split()
        raise CannotConfigure(
            _("{name} has no list of its ports or members in {path}.").format(
                name=controller, path=INTERFACES
            )
        )


def _addressed(link: str, addresses: Addresses, options: Sequence[tuple[str, str]]) -> list[Piece]:
    """New stanzas for a link: one for each family it has addresses of."""
    match addresses.method:
        case Method.DHCP:
            return [words.stanza(link, "inet", "dhcp", options)]
        case Method.NONE:
            return [words.stanza(link, "inet", "manual", options)]
        case _:
            four = _static(link, "inet", addresses, True, options)
            six = _static(link, "inet6", addresses, False, () if four else options)
            return [*four, *six] or [words.stanza(link, "inet", "manual", options)]


def _static(
    link: str, family: str, addresses: Addresses, four: bool, options: Sequence[tuple[str, str]]
) -> list[Piece]:
    """The stanzas of one family: only the first has the gateway, the options and the names."""
    cidrs = [one for one in addresses.cidrs if (":" not in one) is four]
    first = [*_said_of(addresses, four=four), *options]
    return [
        words.stanza(link, family, "static", [("address", cidr)] if number else first)
        for number, cidr in enumerate(cidrs)
    ]


def _said_of(addresses: Addresses, *, four: bool) -> list[tuple[str, str]]:
    """The options of a family's first address."""
    cidrs = [one for one in addresses.cidrs if (":" not in one) is four]
    gateways = [one for one in addresses.gateways if (":" not in one) is four]
    said = [("address", one) for one in cidrs[:1]] + [("gateway", one) for one in gateways[:1]]
    names = " ".join(addresses.dns)
    return [*said, ("dns-nameservers", names)] if names and four else said


def _stays(link: str, name: str, value: str) -> bool:
    """Whether an option speaks of the NIC or bond itself: it stays when the addresses go."""
    if name in _COMMANDS:
        return "ethtool" in value or bool(
            re.search(rf"\bip link set (dev )?{re.escape(link)}\b", value)
        )
    return any(one.fullmatch(name) for one in (_OF_THE_NIC, _OF_A_BOND))


def _of_a_controller(name: str, value: str) -> bool:  # noqa: ARG001 - the shape of a filter
    return bool(_OF_A_BRIDGE.fullmatch(name) or _OF_A_BOND.fullmatch(name))


def _speaks_of(line: str, source: str, link: str) -> str:
    """A line that names the source as its device, naming the link instead."""
    return re.sub(rf"(\bdev\s+){re.escape(source)}(?!\S)", rf"\g<1>{link}", line)


def _said(piece: Piece) -> Iterable[str]:
    """The options without the comments among them."""
    return (line for line in piece.options if line.strip() and not words.is_comment(line))
