"""Debian's ifupdown, unpacked into .dev/ifupdown/ of the checkout: installed it would take part."""

import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.support.labs import is_ci

CACHE = Path(__file__).parents[2] / ".dev" / "ifupdown"
PACKAGES = ("ifupdown", "ifenslave", "bridge-utils")


def unpacked() -> Path:
    """The folder with its programs and hooks; who cannot have it is skipped, or fails in CI."""
    tree = CACHE / "tree"
    if tree.is_dir():
        return tree
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
        made = Path(scratch, "made")
        for package in PACKAGES:
            if not _unpack(package, Path(scratch), made):
                message = f"ifupdown cannot run: apt-get cannot download {package}"
                (pytest.fail if is_ci() else pytest.skip)(message)
        made.rename(tree)
    return tree


def _unpack(package: str, scratch: Path, tree: Path) -> bool:
    command = ["apt-get", "download", "--quiet", package]
    try:
        subprocess.run(command, cwd=scratch, capture_output=True, timeout=300, check=True)
    except (OSError, subprocess.SubprocessError):
        return False
    (file,) = scratch.glob(f"{package}_*.deb")
    subprocess.run(["dpkg-deb", "--extract", file, tree], check=True, capture_output=True)
    return True
