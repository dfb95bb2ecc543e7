"""The guard's texts in the user's language: from a catalogue beside the plan."""

from __future__ import annotations

import gettext
from pathlib import Path

_texts: gettext.NullTranslations = gettext.NullTranslations()


def _(message: str) -> str:
    return _texts.gettext(message)


def N_(message: str) -> str:  # noqa: N802 - gettext's own name
    """Marks a text that `_` translates later."""
    return message


def speak(catalogue: Path) -> None:
    """Say everything from here on in the language of a compiled catalogue."""
    global _texts
    with catalogue.open("rb") as file:
        _texts = gettext.GNUTranslations(file)
