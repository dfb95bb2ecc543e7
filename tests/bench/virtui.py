"""The nearest peer on this stack, virtui-manager, in a virtual environment of its own."""

import json
import shutil
import subprocess
from pathlib import Path

from tests.bench.programs import LIBVIRT, ROOT, Program, shows

FOLDER = ROOT / ".dev" / "virtui"
SYSTEM_PYTHON = "/usr/bin/python3"
# What it imports. It also asks for PyGObject, taken from the distribution because building it
# needs cairo's headers, and for netifaces, which it never imports.
PACKAGES = ("libvirt-python", "textual", "PyYAML", "markdown-it-py", "packaging", "requests")
INSTALL_LIMIT = 240.0  # seconds


class UnavailableError(Exception):
    """Why the peer cannot be measured here, in a sentence."""


def virtui_manager(home: Path) -> Program:
    """The peer, installed where that is possible; in `home` it opens the libvirt that ours does."""
    program = FOLDER / "bin" / "virtui-manager"
    if not program.exists():
        _install()
    config = home / ".config" / "virtui-manager" / "config.yaml"
    config.parent.mkdir(parents=True, exist_ok=True)
    server = {"name": "Test", "uri": LIBVIRT, "autoconnect": True}
    config.write_text(json.dumps({"servers": [server]}))  # JSON is YAML
    return Program(
        "virtui-manager",
        [str(program)],
        shows("VirtUI Manager", "About", "Quit"),
        filled=shows("VirtUI Manager", "About", "Quit", "VCPU"),
    )


def _install() -> None:
    has_gi = subprocess.run([SYSTEM_PYTHON, "-c", "import gi"], capture_output=True, check=False)
    if has_gi.returncode != 0:
        raise UnavailableError("virtui-manager needs the distribution's python3-gi")
    pip = str(FOLDER / "bin" / "pip")
    steps = (
        [SYSTEM_PYTHON, "-m", "venv", "--system-site-packages", str(FOLDER)],
        [pip, "install", "--quiet", *PACKAGES],
        [pip, "install", "--quiet", "--no-deps", "virtui-manager"],
    )
    try:
        for step in steps:
            subprocess.run(step, check=True, capture_output=True, timeout=INSTALL_LIMIT)
    except (OSError, subprocess.SubprocessError) as error:
        shutil.rmtree(FOLDER, ignore_errors=True)
        raise UnavailableError(f"virtui-manager could not be installed: {_words(error)}") from error


def _words(error: Exception) -> str:
    said = getattr(error, "stderr", None) or str(error).encode()
    return said.decode(errors="replace").strip().splitlines()[-1][:120]
