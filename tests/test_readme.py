"""The README shows and names what there is."""

import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from rich.segment import Segment
from rich.style import Style

from kvmnet_tui.arguments import THINGS
from tests.support.terminal_drawing import CELL_WIDTH, FONTS, MARGIN, draw

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PICTURES = sorted((ROOT / ".pictures").glob("*.svg"))
LARGEST_PICTURE = 150_000  # bytes


def test_every_file_the_readme_points_to_is_there() -> None:
    targets = re.findall(r"\]\(([^)#]+)\)", README)
    assert [target for target in targets if not (ROOT / target).is_file()] == []


def test_the_readme_shows_every_picture_and_no_other() -> None:
    shown = set(re.findall(r"\]\((\.pictures/[^)]+)\)", README))
    assert shown == {f".pictures/{path.name}" for path in PICTURES}


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.stem)
def test_a_picture_is_small_and_asks_no_other_host(path: Path) -> None:
    drawing = path.read_text(encoding="utf-8")
    assert len(drawing.encode()) < LARGEST_PICTURE
    assert set(re.findall(r"https?://[^\"' )]+", drawing)) == {"http://www.w3.org/2000/svg"}
    ET.fromstring(drawing)


def test_every_option_and_command_is_in_the_readme() -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "kvmnet_tui", "--lang", "en", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    options = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", answer.stdout))
    assert options >= {"--connect", "--lab", "-r"}
    assert [option for option in sorted(options) if f"`{option}" not in README] == []
    assert f"kvmnet-tui show {'|'.join(THINGS)} [NAME] [--json]" in README


def test_a_drawing_gives_wide_characters_two_cells() -> None:
    drawing = draw([[Segment("网桥 br0")]], 10, "a & b")
    texts = ET.fromstring(drawing).findall(".//{*}text")
    assert [(text.text, text.get("x"), text.get("textLength")) for text in texts] == [
        ("网桥", "0.0", f"{4 * CELL_WIDTH:.1f}"),
        ("br0", f"{5 * CELL_WIDTH:.1f}", f"{3 * CELL_WIDTH:.1f}"),
    ]
    assert FONTS in drawing
    assert f'width="{10 * CELL_WIDTH + 2 * MARGIN:.1f}"' in drawing


def test_a_drawing_has_one_background_for_neighbours_that_share_it() -> None:
    cursor = Style(reverse=True)
    drawing = draw([[Segment("a b", cursor), Segment("c", cursor), Segment("d")]], 5, "rows")
    backgrounds = ET.fromstring(drawing).findall(".//{*}g/{*}rect")
    assert [one.get("width") for one in backgrounds] == [f"{4 * CELL_WIDTH:.1f}"]
