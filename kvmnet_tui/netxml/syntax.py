"""XML as it was written: a tree that gives back every byte it was not told to change. Pure.

A DOM would lose what a reader of the file cares for: libvirt writes single quotes, but double ones
inside <metadata>, and an administrator writes whatever pleases. So each element keeps its tags as
they stand in the text, and text, comments and CDATA between them stay text.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import escape, unescape

from kvmnet_tui.i18n import _
from kvmnet_tui.netxml.reading import XmlProblem

INDENT = "  "
_ENTITIES = {"&quot;": '"', "&apos;": "'"}


class Element:
    """An element: its attributes, and its children: elements, and all else as the text it is."""

    def __init__(self, tag: str, attributes: Mapping[str, str] | None = None) -> None:
        self.tag = tag
        self.attributes = dict(attributes or {})
        self.children: list[Element | str] = []
        self.margin = ""  # what its line begins with
        self._start = ""  # the start tag as it was written; "" when it is to be written anew
        self._end = ""

    def __str__(self) -> str:
        if not self._start:
            self._start = self._written()
        return self._start + "".join(map(str, self.children)) + self._end

    def get(self, name: str, default: str = "") -> str:
        """An attribute's value."""
        return self.attributes.get(name, default)

    def set(self, name: str, value: str) -> None:
        """Set an attribute, or remove it with an empty value."""
        if self.get(name) == value:
            return
        if value:
            self.attributes[name] = value
        else:
            self.attributes.pop(name, None)
        self._start = ""

    @property
    def elements(self) -> Iterator["Element"]:
        """The children that are elements."""
        return (child for child in self.children if isinstance(child, Element))

    def all(self, tag: str) -> list["Element"]:
        """The children of that name."""
        return [child for child in self.elements if child.tag == tag]

    def first(self, *path: str) -> "Element | None":
        """The first child of that name, or deeper along `path`."""
        found: Element | None = self
        for tag in path:
            found = next(iter(found.all(tag)), None) if found else None
        return found

    def value(self, *path: str) -> str:
        """An attribute of a descendant: `value("bridge", "name")`; "" when there is none."""
        found = self.first(*path[:-1])
        return found.get(path[-1]) if found else ""

    @property
    def text(self) -> str:
        """The text inside, without markup."""
        raw = "".join(child for child in self.children if isinstance(child, str))
        return unescape(raw, _ENTITIES)

    @text.setter
    def text(self, text: str) -> None:
        self._open()
        self.children = [escape(text)]

    def place(self, child: "Element", order: Sequence[str] = ()) -> None:
        """Put `child` where `order` (the tags' usual order) says; at the end when it does not.

        The new element stands on a line of its own, indented as its siblings are.
        """
        self._open()
        at = self._position(child.tag, order)
        inner = self._inner_indent()
        if at < 0:  # before all others
            self.children[:0] = [f"\n{inner}", child]
            if len(self.children) == 2:
                self.children.append(f"\n{self.margin}")
        else:
            self.children[at + 1 : at + 1] = [f"\n{inner}", child]
        indent(child, inner)

    def remove(self, child: "Element") -> None:
        """Take a child out, with the line it stood on."""
        at = next(at for at, one in enumerate(self.children) if one is child)
        del self.children[at]
        before = self.children[at - 1] if at else None
        if isinstance(before, str):
            self.children[at - 1] = _without_margin(before)
        if all(isinstance(one, str) and not one.strip() for one in self.children):
            self._close()

    def _position(self, tag: str, order: Sequence[str]) -> int:
        """The index of the child to stand after; -1 when none."""
        rank = {name: number for number, name in enumerate(order)}
        last = len(order)
        mine = rank.get(tag, last)
        position = -1
        for at, child in enumerate(self.children):
            if isinstance(child, Element) and rank.get(child.tag, last) <= mine:
                position = at
        return position

    def _inner_indent(self) -> str:
        sibling = next(self.elements, None)
        return sibling.margin if sibling else self.margin + INDENT

    def _open(self) -> None:
        """From `<x/>` to `<x></x>`."""
        if self._end:
            return
        if self._start:
            self._start = self._start.removesuffix("/>").rstrip() + ">"
        self._end = f"</{self.tag}>"

    def _close(self) -> None:
        """From `<x></x>` to `<x/>`."""
        self.children, self._end = [], ""
        if self._start:
            self._start = self._start.removesuffix(">").rstrip() + "/>"

    def _written(self) -> str:
        said = "".join(f" {name}={_quoted(value)}" for name, value in self.attributes.items())
        return f"<{self.tag}{said}{'>' if self._end else '/>'}"


@dataclass(slots=True)
class Document:
    """A document: its root element, and what stands before and after it."""

    root: Element
    before: str = ""
    after: str = ""

    def __str__(self) -> str:
        return f"{self.before}{self.root}{self.after}"


def parse(text: str, tag: str) -> Document:
    """Read a document whose root is <tag>; raises XmlProblem, with the line."""
    reader = _Reader(text.encode("utf-8", "surrogatepass"))
    document = reader.document()
    if document.root.tag != tag:
        message = _("The XML describes <{found}> where <{expected}> belongs.")
        raise XmlProblem(message.format(found=document.root.tag, expected=tag))
    return document


def make(
    tag: str,
    attributes: Mapping[str, str] | None = None,
    children: Iterable[Element] = (),
    text: str = "",
) -> Element:
    """A new element; attributes without a value are left out."""
    told = {name: value for name, value in (attributes or {}).items() if value}
    element = Element(tag, told)
    for child in children:
        element.place(child)
    if text:
        element.text = text
    return element


def indent(element: Element, margin: str) -> None:
    """Indent what `place` has laid out from the left margin."""
    element.margin, inner = margin, margin + INDENT
    last = len(element.children) - 1
    for at, child in enumerate(element.children):
        if isinstance(child, Element):
            indent(child, inner)
        elif child.startswith("\n") and not child.strip():
            element.children[at] = f"\n{margin if at == last else inner}"


def _margin_after(text: Element | str) -> str:
    margin = text.rpartition("\n")[2] if isinstance(text, str) else ""
    return "" if margin.strip() else margin


def _without_margin(text: str) -> str:
    """The text without the beginning of its last line, when that is nothing but a margin."""
    rest, newline, margin = text.rpartition("\n")
    return rest if newline and not margin.strip() else text


def problem_at(line: int, reason: str) -> XmlProblem:
    """A problem whose line is known."""
    problem = XmlProblem(_("Line {line}: {reason}.").format(line=line, reason=reason))
    problem.line, problem.reason = line, reason
    return problem


def _quoted(value: str) -> str:
    """An attribute's value as libvirt writes it (virBufferEscapeString)."""
    more = {"'": "&apos;", '"': "&quot;", "\n": "&#10;", "\t": "&#9;", "\r": "&#13;"}
    return f"'{escape(value, more)}'"


@dataclass(slots=True)
class _Reader:
    """Follows expat, which says where each piece of markup begins."""

    data: bytes
    at: int = 0
    root: Element | None = None
    before: str = ""
    opened: list[Element] = field(default_factory=list)
    unfinished: Element | None = None  # its start tag ends where the next piece begins

    def document(self) -> Document:
        """Read it all."""
        parser: Any = expat.ParserCreate("utf-8")
        parser.ordered_attributes = True
        parser.StartElementHandler = lambda tag, said: self._began(
            parser.CurrentByteIndex, tag, said
        )
        parser.EndElementHandler = lambda _tag: self._ended(parser.CurrentByteIndex)
        parser.DefaultHandler = lambda _data: self._finish_start(parser.CurrentByteIndex)
        parser.StartDoctypeDeclHandler = self._refuse
        try:
            parser.Parse(self.data, True)
        except expat.ExpatError as error:
            raise problem_at(error.lineno, expat.ErrorString(error.code)) from error
        if self.root is None:  # expat refuses a document without an element
            raise XmlProblem(_("The XML is empty."))
        return Document(self.root, self.before, self._raw(len(self.data)))

    def _refuse(self, *_about: object) -> None:
        raise XmlProblem(_("A document type declaration has no place in libvirt's XML."))

    def _raw(self, end: int) -> str:
        raw, self.at = self.data[self.at : end], end
        return raw.decode("utf-8", "surrogatepass")

    def _finish_start(self, position: int) -> None:
        element, self.unfinished = self.unfinished, None
        if element is not None:
            element._start = self._raw(position)

    def _keep_text(self, position: int) -> None:
        text = self._raw(position)
        if self.opened and text:
            self.opened[-1].children.append(text)
        elif not self.opened:
            self.before += text

    def _began(self, position: int, tag: str, said: Sequence[str]) -> None:
        self._finish_start(position)
        self._keep_text(position)
        element = Element(tag, dict(zip(said[::2], said[1::2], strict=True)))
        if self.opened:
            before = self.opened[-1].children[-1:]
            self.opened[-1].children.append(element)
            element.margin = _margin_after(before[0]) if before else ""
        else:
            self.root = element
        self.opened.append(element)
        self.unfinished = element

    def _ended(self, position: int) -> None:
        self._finish_start(position)
        element = self.opened[-1]
        if not element._start.endswith("/>"):
            self._keep_text(position)
            element._end = self._raw(self.data.index(b">", position) + 1)
        self.opened.pop()
