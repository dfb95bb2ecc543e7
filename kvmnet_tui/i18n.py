"""The user's language: gettext with one catalogue a language under `locale/`."""

import gettext as _gettext
import locale
import os
from pathlib import Path

DOMAIN = "kvmnet-tui"
LOCALE_DIR = Path(__file__).with_name("locale")

_catalogue: _gettext.NullTranslations = _gettext.NullTranslations()


def use_language(language: str | None = None) -> None:
    """Choose the catalogue: `language` (such as `zh_CN`), or what the locale says when None."""
    global _catalogue  # noqa: PLW0603 - the language is the process's, as the locale is
    if language is not None:
        os.environ["LANGUAGE"] = language
    _catalogue = _gettext.translation(DOMAIN, LOCALE_DIR, fallback=True)
    # argparse translates through the process-wide domain.
    _gettext.bindtextdomain(DOMAIN, LOCALE_DIR)
    _gettext.textdomain(DOMAIN)


def encoding_is_utf8() -> bool:
    """Whether the terminal's locale can show more than ASCII."""
    return locale.getpreferredencoding(False).lower().replace("-", "") == "utf8"


def _(message: str) -> str:
    """Translate one message."""
    return _catalogue.gettext(message)


def ngettext(singular: str, plural: str, count: int) -> str:
    """Translate a message that depends on a number."""
    return _catalogue.ngettext(singular, plural, count)


def N_(message: str) -> str:  # noqa: N802 - gettext's customary name
    """Mark a message for translation where it is only stored, to be translated when shown."""
    return message
