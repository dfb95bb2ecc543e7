"""Copies of this checkout to try its commands in, and a PATH that holds only what a test says."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
COMMAND_FILES = ("dev", ".dev-setup.sh", "pyproject.toml", "hatch_build.py", ".ci/run")
PACKAGE_FILES = ("README.md", "LICENSE", "kvmnet_tui")
# What the script itself calls, on every distribution.
TOOLS = ("sh", "cat", "cksum", "date", "env", "flock", "grep", "head", "mkdir", "readlink")
TOOLS += ("rm", "sed", "sleep", "tail", "touch", "tr", "true")


def copy_checkout(target: Path, *, package: bool = False) -> Path:
    """A checkout at `target`: the commands alone, or with the package they install."""
    target.mkdir(parents=True)
    for name in COMMAND_FILES + (PACKAGE_FILES if package else ()):
        source, copy = ROOT / name, target / name
        copy.parent.mkdir(exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
        else:
            shutil.copy2(source, copy)
    return target


def run_dev(
    checkout: Path, *arguments: str, env: dict[str, str] | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """`./dev ARGUMENTS` with no terminal, as from another program."""
    return subprocess.run(
        [checkout / "dev", *arguments],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env=os.environ | (env or {}),
        cwd=cwd,
        timeout=300,
        check=False,
    )


class BareMachine:
    """A folder for PATH: the basic tools, this Python, and programs a test writes itself.

    Programs written here note their arguments in `calls` and do nothing else.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.log = folder / "calls.log"
        for tool in TOOLS:
            self.link(tool)
        # Without site-packages: the distribution's libvirt module is not there.
        self.program("python3", f'exec "{Path(sys.executable).resolve()}" -I -S "$@"')

    def link(self, tool: str) -> None:
        """Give the machine a real tool of this one."""
        found = shutil.which(tool)
        assert found is not None, f"{tool} is not on this machine"
        (self.folder / tool).symlink_to(found)

    def program(self, name: str, body: str) -> None:
        """Give the machine a program: a shell script with `body`."""
        path = self.folder / name
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)

    def recorded(self, name: str, body: str = "exit 1") -> None:
        """Give the machine a program whose calls are noted before it runs `body`."""
        self.program(name, f'echo "{name} $*" >>"{self.log}"\n{body}')

    @property
    def env(self) -> dict[str, str]:
        """Environment with this machine's PATH alone."""
        return {"PATH": str(self.folder)}

    @property
    def calls(self) -> list[str]:
        """The recorded programs' calls so far, one line each."""
        return self.log.read_text().splitlines() if self.log.exists() else []
