"""Elements that come in lists, each as one line of text: how such a list is read and edited. Pure.

Lines are read strictly; an element that no line can express is left alone.
"""

import ipaddress
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass

from kvmnet_tui.netxml.syntax import Element, make

Entry = dict[str, str]  # by attribute's name; "" is no value and is left out


class LineProblem(ValueError):  # noqa: N818 - a finding, told to the user
    """A line that cannot be used; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A kind of element that comes in lists, and its notation.

    `key` tells which element a changed line belongs to, so that what the line does not say of it
    survives. `pattern` shows the notation, to be translated.
    """

    tag: str
    pattern: str
    parse: Callable[[str], Entry]
    format: Callable[[Entry], str]
    read: Callable[[Element], Entry]
    write: Callable[[Element, Entry], None]
    key: Callable[[Entry], Hashable]

    def lines(self, elements: Iterable[Element]) -> list[str]:
        """The lines of those that a line can express."""
        return [self.format(self.read(one)) for one in elements if self.expresses(one)]

    def expresses(self, element: Element) -> bool:
        """Whether a line says all that the listing knows of."""
        entry = self.read(element)
        try:
            return self.parse(self.format(entry)) == entry
        except LineProblem:
            return False

    def entries(self, text: str) -> Iterator[Entry]:
        """The entries of a text of lines; raises LineProblem."""
        for line in text.splitlines():
            if line.strip():
                yield self.parse(line)

    def new(self, entry: Entry) -> Element:
        """An element that says it."""
        element = make(self.tag)
        self.write(element, entry)
        return element


def is_address(text: str) -> bool:
    """Whether this is an IPv4 or IPv6 address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def merge(
    listing: Listing, parent: Element, wanted: Iterable[Entry], order: tuple[str, ...] = ()
) -> None:
    """Make the children of `parent` say `wanted`, touching only those that differ."""
    missing = list(wanted)
    left: list[Element] = []
    for element in parent.all(listing.tag):
        entry = listing.read(element)
        if entry in missing:
            missing.remove(entry)
        elif listing.expresses(element):
            left.append(element)
    for entry in missing:
        key = listing.key(entry)
        same = (each for each in left if listing.key(listing.read(each)) == key)
        element_to_change = next(same, None)
        if element_to_change is None:
            parent.place(listing.new(entry), order)
        else:
            left.remove(element_to_change)
            listing.write(element_to_change, entry)
    for element in left:
        parent.remove(element)
