"""Update the translations: `.venv/bin/python -m tests.support.catalogue`.

Extracts every text of the package (`_`, `N_`, `ngettext`) and argparse's own words, merges them
into each `kvmnet_tui/locale/*/LC_MESSAGES/kvmnet-tui.po` (translations stay, texts that are gone
go, new ones are empty), compiles the `.mo` files and names what is left to translate.
A new language starts as an empty `.po` at its place.
"""

from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from hatch_build import compile_all
from tests.support import argparse_messages

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "kvmnet_tui"
KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2)}

MessageId = str | tuple[str, ...]


def extract() -> Catalog:
    """Every text a user can see, untranslated."""
    texts = Catalog(charset="utf-8")
    found = extract_from_dir(PACKAGE, [("**.py", "python")], keywords=KEYWORDS)
    for name, _line, message, comments, context in sorted(found, key=lambda entry: entry[:2]):
        texts.add(message, locations=[(f"kvmnet_tui/{name}", 0)], auto_comments=comments)
        assert context is None
    for shown in argparse_messages.SHOWN:
        texts.add(shown, locations=[("argparse.py", 0)])
    return texts


def catalogue_files() -> list[Path]:
    """The catalogues of all languages."""
    return sorted(PACKAGE.glob("locale/*/LC_MESSAGES/*.po"))


def read(path: Path) -> Catalog:
    """A language's catalogue as it is on disk."""
    with path.open("rb") as file:
        return read_po(file, locale=path.parts[-3], abort_invalid=True)


def messages(catalogue: Catalog) -> Iterator[Message]:
    """The catalogue's texts without its header."""
    return (message for message in catalogue if message.id)


def translations(message: Message) -> tuple[str, ...]:
    """What a message is translated into: one text for each plural form, or one."""
    several = isinstance(message.string, (tuple, list))
    return tuple(message.string) if several else (message.string or "",)


def untranslated(catalogue: Catalog) -> list[MessageId]:
    """Texts that are empty or only guessed (fuzzy) in a language."""
    return [
        message.id
        for message in messages(catalogue)
        if message.fuzzy or not all(translations(message))
    ]


def update(path: Path) -> list[MessageId]:
    """Bring one language up to date; what is left to translate."""
    catalogue, texts = read(path), extract()
    texts.creation_date = catalogue.creation_date  # a date is no change
    catalogue.update(texts, no_fuzzy_matching=True, update_header_comment=False)
    with path.open("wb") as file:
        write_po(
            file,
            catalogue,
            width=100,
            include_lineno=False,
            ignore_obsolete=True,
            sort_by_file=True,
        )
    return untranslated(catalogue)


def main() -> None:
    """Update and compile every language."""
    for path in catalogue_files():
        left = update(path)
        print(f"{path.relative_to(ROOT)}: {len(left)} to translate")
        for message in left:
            print(f"    {message!r}")
    compile_all(ROOT)


if __name__ == "__main__":
    main()
