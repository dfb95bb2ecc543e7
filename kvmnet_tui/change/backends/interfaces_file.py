"""Edit /etc/network/interfaces (interfaces(5)) stanza by stanza, all else byte for byte."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

# Words that begin a stanza of their own; every other line belongs to the `iface` above it.
_STARTS: Final = re.compile(
    r"(iface|auto|allow-\S+|mapping|source|source-directory|template|no-auto-down|no-scripts|rename)"
    r"(?:\s|$)"
)
_INDENT: Final = "    "


@dataclass(frozen=True)
class Piece:
    """A stanza, or lines between stanzas; `lines` keep their ends and joined lines stay joined."""

    lines: tuple[str, ...]

    @property
    def words(self) -> tuple[str, ...]:
        """The words of the first line when it begins a stanza."""
        said = tuple(self.lines[0].replace("\\\n", " ").split()) if self.lines else ()
        return said if said and _STARTS.match(self.lines[0].lstrip()) else ()

    @property
    def keyword(self) -> str:
        """`iface`, `auto`, ...; "" for what is between stanzas."""
        return self.words[0] if self.words else ""

    @property
    def iface(self) -> str:
        """The link that an `iface` stanza is for, else ""."""
        return self.words[1] if self.keyword == "iface" and len(self.words) > 1 else ""

    @property
    def family(self) -> str:
        """inet, inet6, ... of an `iface` stanza."""
        return self.words[2] if self.iface and len(self.words) > 2 else ""

    @property
    def options(self) -> tuple[str, ...]:
        """The option lines of an `iface` stanza, with the comments among them."""
        return self.lines[1:]

    @property
    def indent(self) -> str:
        """The white space before the options, as the file's author likes it."""
        for line in self.options:
            if line.strip() and not is_comment(line):
                return line[: len(line) - len(line.lstrip())] or _INDENT
        return _INDENT

    @property
    def text(self) -> str:
        """The piece as it stands in the file."""
        return "".join(self.lines)


def pieces(text: str) -> tuple[Piece, ...]:
    """The file's text cut into stanzas and what lies between; joined again it is the same text."""
    found: list[list[str]] = []
    for line in _logical_lines(text):
        if not found or _STARTS.match(line.lstrip()):
            found.append([line])
        else:
            found[-1].append(line)
    return tuple(part for lines in found for part in _without_tail(lines))


def _without_tail(lines: list[str]) -> list[Piece]:
    """The stanza, and apart from it the blank lines and comments that follow it."""
    piece = Piece(tuple(lines))
    if not piece.words:
        return [piece]
    end = len(lines)
    while end > 1 and (not lines[end - 1].strip() or _is_loose_comment(lines[end - 1])):
        end -= 1
    parts = [Piece(tuple(lines[:end])), Piece(tuple(lines[end:]))]
    return [part for part in parts if part.lines]


def _logical_lines(text: str) -> list[str]:
    """Lines with their ends; one that a backslash continues comes with its continuation."""
    found: list[str] = []
    for line in text.splitlines(keepends=True):
        if found and found[-1].endswith("\\\n") and not is_comment(found[-1]):
            found[-1] += line
        else:
            found.append(line)
    return found


def is_comment(line: str) -> bool:
    """Whether the line is a comment."""
    return line.lstrip().startswith("#")


def _is_loose_comment(line: str) -> bool:
    """A comment at the margin after a stanza speaks of what follows."""
    return line.startswith("#")


def option(line: str) -> tuple[str, str]:
    """An option line's name, with `_` for `-` as ifupdown reads it, and its value."""
    name, _, value = line.replace("\\\n", " ").strip().partition(" ")
    return name.strip().replace("-", "_"), value.strip()


def joined(parts: Iterable[Piece]) -> str:
    """The text of the pieces."""
    return "".join(part.text for part in parts)


def stanzas_of(parts: Iterable[Piece], link: str) -> tuple[Piece, ...]:
    """The `iface` stanzas of a link, one for each family."""
    return tuple(part for part in parts if part.iface == link)


def with_method(piece: Piece, method: str) -> Piece:
    """The stanza with another method."""
    first = re.sub(r"^(\s*iface\s+\S+\s+\S+\s+)\S+", rf"\g<1>{method}", piece.lines[0], count=1)
    return Piece((first, *piece.options))


def renamed(piece: Piece, link: str) -> Piece:
    """The stanza for another link, its first line otherwise as it stands."""
    first = re.sub(r"^(\s*iface\s+)\S+", rf"\g<1>{link}", piece.lines[0], count=1)
    return Piece((first, *piece.options))


def with_options(piece: Piece, options: Sequence[tuple[str, str]]) -> Piece:
    """The stanza with options set: in their place where they are, else at its end."""
    lines = list(ended(piece).lines)
    for name, value in options:
        place = _place_of(lines, name)
        if place is None:
            lines.append(f"{piece.indent}{name} {value}\n")
        elif option(lines[place])[1] != value:
            lead = re.match(r"\s*\S+\s+", lines[place])
            lines[place] = f"{lead[0] if lead else _INDENT + name + ' '}{value}\n"
    return Piece(tuple(lines))


def without_options(piece: Piece, unwanted: Callable[[str, str], bool]) -> Piece:
    """The stanza without the options that `unwanted` finds by name and value."""
    kept = [line for line in piece.options if _is_text(line) or not unwanted(*option(line))]
    return Piece((piece.lines[0], *kept))


def _is_text(line: str) -> bool:
    return not line.strip() or is_comment(line)


def _place_of(lines: Sequence[str], name: str) -> int | None:
    wanted = name.replace("-", "_")
    for place, line in enumerate(lines):
        if place and not _is_text(line) and option(line)[0] == wanted:
            return place
    return None


def ended(piece: Piece) -> Piece:
    """The piece with an end to its last line."""
    if not piece.lines or piece.lines[-1].endswith("\n"):
        return piece
    return Piece((*piece.lines[:-1], piece.lines[-1] + "\n"))


def stanza(link: str, family: str, method: str, options: Sequence[tuple[str, str]] = ()) -> Piece:
    """A new stanza."""
    return with_options(Piece((f"iface {link} {family} {method}\n",)), options)


def is_auto(parts: Iterable[Piece], link: str) -> bool:
    """Whether a line brings the link up at boot."""
    return any(part.keyword in ("auto", "allow-auto") and link in part.words[1:] for part in parts)


def without_start(parts: Iterable[Piece], link: str) -> tuple[Piece, ...]:
    """The pieces with no `auto` or `allow-*` line that names the link."""
    return tuple(kept for part in parts if (kept := _without_word(part, link)) is not None)


def _without_word(part: Piece, link: str) -> Piece | None:
    if part.keyword != "auto" and not part.keyword.startswith("allow-"):
        return part
    if link not in part.words[1:]:
        return part
    left = [word for word in part.words if word != link]
    return Piece((" ".join(left) + "\n", *part.lines[1:])) if len(left) > 1 else None


def start_renamed(part: Piece, old: str, new: str) -> Piece:
    """An `auto` or `allow-*` line with one link for another."""
    if part.keyword != "auto" and not part.keyword.startswith("allow-"):
        return part
    if old not in part.words[1:]:
        return part
    line = re.sub(rf"(?<!\S){re.escape(old)}(?!\S)", new, part.lines[0])
    return replace(part, lines=(line, *part.lines[1:]))
