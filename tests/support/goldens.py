"""Texts kept as files under tests/goldens: `GOLDENS=write ./dev test ...` writes them anew."""

import os
from pathlib import Path

ROOT = Path(__file__).parents[1] / "goldens"


def assert_golden(name: str, text: str) -> None:
    """`text` is what the file says."""
    path = ROOT / name
    if os.environ.get("GOLDENS") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.is_file(), f"no golden {path}: write it with GOLDENS=write and read it"
    assert text == path.read_text(encoding="utf-8"), f"differs from {path} (see GOLDENS=write)"
