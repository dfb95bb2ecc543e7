"""The user's language: gettext with one catalogue a language under `locale/`."""

import gettext as _gettext
import locale
import os
from pathlib import Path

DOMAIN = "kvmnet-tui"
LOCALE_DIR = Path(__file__).with_name("locale")
SOURCE_LANGUAGE = "en"

_catalogue: _gettext.NullTranslations = _gettext.NullTranslations()


def use_language(language: str | None = None) -> str:
    """Choose the catalogue and return its code, such as `zh_CN` or `en`.

    `language` is what a person may write (`zh`, `zh-CN`, `zh_CN.UTF-8`, `C`); None takes the
    locale's word. What nobody translated into is English: see `unknown_language`.
    """
    global _catalogue  # noqa: PLW0603 - the language is the process's, as the locale is
    wishes = _locale_wishes() if language is None else [language]
    chosen = next(filter(None, map(_match, wishes)), SOURCE_LANGUAGE)
    _catalogue = _gettext.translation(DOMAIN, LOCALE_DIR, [chosen], fallback=True)
    # argparse asks the process-wide domain, which asks the environment.
    os.environ["LANGUAGE"] = chosen
    _gettext.bindtextdomain(DOMAIN, str(LOCALE_DIR))
    _gettext.textdomain(DOMAIN)
    return chosen


def catalogue_file() -> Path | None:
    """The compiled catalogue in use, for those who must do without this package; None: English."""
    path = LOCALE_DIR / os.environ.get("LANGUAGE", "") / "LC_MESSAGES" / f"{DOMAIN}.mo"
    return path if path.is_file() else None


def known_languages() -> list[str]:
    """Codes of the languages there are texts in."""
    compiled = LOCALE_DIR.glob(f"*/LC_MESSAGES/{DOMAIN}.mo")
    return [SOURCE_LANGUAGE, *sorted(path.parts[-3] for path in compiled)]


def unknown_language(language: str) -> str | None:
    """A sentence for a `language` there are no texts in, else None."""
    if _match(language) is not None:
        return None
    known = ", ".join(known_languages())
    return _("No texts in the language “{language}”; there are: {known}").format(
        language=language, known=known
    )


def _locale_wishes() -> list[str]:
    """What the environment asks for, best first: gettext's own order of variables."""
    variables = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
    wishes = next(filter(None, map(os.environ.get, variables)), "")
    return wishes.split(":")


def _match(wish: str) -> str | None:
    """The known language that serves a wish: itself, else another of the same tongue."""
    code = wish.partition(".")[0].partition("@")[0].replace("-", "_").lower()
    if code in ("c", "posix"):
        return SOURCE_LANGUAGE
    known = {name.lower(): name for name in known_languages()}
    tongues = {name.partition("_")[0]: name for name in known.values()}
    return known.get(code) or tongues.get(code.partition("_")[0])


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
