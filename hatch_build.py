"""Compile the translations: as a build hook (wheels, editable installs) and as a command."""

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompileTranslations(BuildHookInterface):  # type: ignore[type-arg]
    """Writes a `.mo` beside every `.po`."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        compile_all(Path(self.root))


def compile_all(root: Path) -> None:
    """Compile every catalogue of the checkout at `root`, each replaced in one step."""
    for source in root.glob("kvmnet_tui/locale/*/LC_MESSAGES/*.po"):
        with source.open("rb") as po_file:
            catalogue = read_po(po_file)
        fresh = source.with_suffix(".mo.new")
        with fresh.open("wb") as mo_file:
            write_mo(mo_file, catalogue)
        fresh.replace(source.with_suffix(".mo"))


if __name__ == "__main__":
    compile_all(Path(__file__).parent)
