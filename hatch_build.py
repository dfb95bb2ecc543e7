"""Build hook: compile the translations, for wheels and for editable installs alike."""

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompileTranslations(BuildHookInterface):  # type: ignore[type-arg]
    """Writes a `.mo` beside every `.po`."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        for source in Path(self.root, "kvmnet_tui", "locale").glob("*/LC_MESSAGES/*.po"):
            with source.open("rb") as po_file:
                catalogue = read_po(po_file)
            with source.with_suffix(".mo").open("wb") as mo_file:
                write_mo(mo_file, catalogue)
