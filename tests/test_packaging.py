"""What a wheel holds, and that the checkout's signposts point into the package."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.checkouts import ROOT, copy_checkout

PACKAGE = ROOT / "kvmnet_tui"


@pytest.fixture(scope="module")
def wheel_files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("wheel")
    checkout = copy_checkout(folder / "checkout", package=True)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    done = subprocess.run(
        [*build, "--wheel-dir", folder, checkout], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        return wheel.namelist()


@pytest.mark.parametrize("name", ["screens", "styles"])
def test_a_signpost_points_into_the_package(name: str) -> None:
    signpost = ROOT / name
    assert signpost.is_symlink()
    assert signpost.resolve() == PACKAGE / name
    assert not signpost.readlink().is_absolute()


def test_a_wheel_brings_one_package_and_no_module_called_screens(wheel_files: list[str]) -> None:
    tops = {Path(name).parts[0] for name in wheel_files}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"kvmnet_tui"}


def test_a_wheel_holds_every_module_style_and_script(wheel_files: list[str]) -> None:
    files = (path for path in PACKAGE.rglob("*") if path.is_file() and path.suffix != ".pyc")
    names = {str(path.relative_to(ROOT)) for path in files}
    assert not names - set(wheel_files)
    assert "kvmnet_tui/screens/__init__.py" in names
    assert "kvmnet_tui/styles/app.tcss" in names


def test_a_wheel_holds_each_language_compiled(wheel_files: list[str]) -> None:
    sources = [path.relative_to(ROOT) for path in PACKAGE.glob("locale/*/LC_MESSAGES/*.po")]
    assert sources
    assert {str(source.with_suffix(".mo")) for source in sources} <= set(wheel_files)


def test_a_wheel_starts_the_program_by_its_name(wheel_files: list[str]) -> None:
    assert any(name.endswith(".dist-info/entry_points.txt") for name in wheel_files)
    assert any(name.endswith("LICENSE") for name in wheel_files)
