"""NetworkManager's keyfiles: sections of KEY=VALUE lines, edited line by line."""

from collections.abc import Mapping
from typing import Final

Sections = Mapping[str, Mapping[str, str]]
_COMMENT: Final = ("#", ";")


def read(text: str) -> dict[str, dict[str, str]]:
    """The sections in their order, each with its keys in theirs; values as they stand."""
    found: dict[str, dict[str, str]] = {}
    section = found.setdefault("", {})
    for line in map(str.strip, text.splitlines()):
        if line.startswith("[") and line.endswith("]"):
            section = found.setdefault(line[1:-1], {})
        elif line and not line.startswith(_COMMENT) and "=" in line:
            key, _, value = line.partition("=")
            section[key.strip()] = value.strip()
    if not found[""]:
        del found[""]
    return found


def written(sections: Sections) -> str:
    """A new file; sections without keys are left out."""
    return "\n".join(
        f"[{name}]\n" + "".join(f"{key}={value}\n" for key, value in keys.items())
        for name, keys in sections.items()
        if keys
    )


def changed(text: str, section: str, key: str, value: str | None) -> str:
    """The text with a key set, or taken out where the value is None; all else as it stands."""
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    begin, end = _bounds(lines, section)
    places = [place for place in range(begin, end) if _key(lines[place]) == key]
    if value is None:
        return "".join(line for place, line in enumerate(lines) if place not in places)
    if places:
        if lines[places[-1]].partition("=")[2].strip() != value:
            lines[places[-1]] = f"{key}={value}\n"
    elif begin == end == len(lines) and f"[{section}]\n" not in lines:
        lines += [*(["\n"] if lines else []), f"[{section}]\n", f"{key}={value}\n"]
    else:
        lines.insert(end, f"{key}={value}\n")
    return "".join(lines)


def _key(line: str) -> str:
    said = line.strip()
    return "" if said.startswith(_COMMENT) else said.partition("=")[0].strip()


def _bounds(lines: list[str], section: str) -> tuple[int, int]:
    """The places of a section's lines, blank ones at its end left out."""
    begin = next(
        (place + 1 for place, line in enumerate(lines) if line.strip() == f"[{section}]"),
        len(lines),
    )
    end = next(
        (place for place in range(begin, len(lines)) if lines[place].lstrip().startswith("[")),
        len(lines),
    )
    while end > begin and not lines[end - 1].strip():
        end -= 1
    return begin, end
