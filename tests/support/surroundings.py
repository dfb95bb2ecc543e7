"""The same surroundings for every golden: time zone, language and signs."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from kvmnet_tui.i18n import use_language
from kvmnet_tui.present.glyphs import UNICODE, Glyphs, use_glyphs

VARIABLES = ("TZ", "LANGUAGE")


@contextmanager
def surroundings(
    zone: str = "UTC", language: str = "en", signs: Glyphs | None = UNICODE
) -> Iterator[None]:
    """Time zone, language and signs for the length of the `with`."""
    before = {name: os.environ.get(name) for name in VARIABLES}
    os.environ["TZ"] = zone
    time.tzset()
    use_language(language)
    use_glyphs(signs)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        time.tzset()
        use_language()
        use_glyphs(None)
