"""Which real labs this machine can run, and why not.

A test says `pytestmark = requires_lab("libvirtd")` (or the decorator); conftest skips it with the
reason, and fails it instead where CI=true, for there a missing lab is a broken machine.
"""

import functools
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

UML_MODULES = Path("/usr/lib/uml/modules")
CHECKOUT = Path(__file__).parents[2]


def _programs(*names: str) -> str | None:
    missing = [name for name in names if which(name) is None]
    return f"not installed: {', '.join(missing)} (./dev test installs them)" if missing else None


def which(program: str) -> str | None:
    """Full path of a program, also of those only root has on the path."""
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def _namespaces() -> str | None:
    lacking = _programs("unshare", "ip", "nsenter")
    if lacking:
        return lacking
    if os.geteuid() != 0:
        return "needs root to make network namespaces"
    trial = subprocess.run(
        ["unshare", "--net", "--mount", "true"], capture_output=True, text=True, check=False
    )
    return None if trial.returncode == 0 else f"no namespaces here: {trial.stderr.strip()}"


def _libvirtd() -> str | None:
    return _namespaces() or _programs("libvirtd", "virsh", "dnsmasq", "nft")


def _guest() -> str | None:
    return _libvirtd() or _programs("qemu-system-x86_64", "busybox")


def _network_manager() -> str | None:
    return _namespaces() or _programs("NetworkManager", "nmcli", "dbus-daemon")


def _uml() -> str | None:
    if os.geteuid() != 0:
        return "needs root: the kernel under test starts on this very file system"
    if " " in str(CHECKOUT):
        return f"a kernel's command line cannot say {CHECKOUT}: it has a space in it"
    if not UML_MODULES.is_dir():
        return f"no {UML_MODULES} (Debian's package user-mode-linux)"
    return _programs("linux.uml", "modprobe")


def _terminal() -> str | None:
    return _programs("tmux")


def _whole_host() -> str | None:
    if os.geteuid() != 0:
        return "needs root to build the host's disk"
    return _programs(
        "mmdebstrap", "mkfs.ext4", "qemu-system-x86_64", "qemu-img", "ssh", "ssh-keygen"
    )


LABS: dict[str, Callable[[], str | None]] = {
    "namespaces": _namespaces,
    "libvirtd": _libvirtd,
    "guest": _guest,
    "networkmanager": _network_manager,
    "uml": _uml,
    "terminal": _terminal,
    "whole-host": _whole_host,
}


@functools.cache
def why_missing(name: str) -> str | None:
    """Why the lab called `name` cannot run here, or None when it can."""
    return LABS[name]()


def requires_lab(name: str) -> pytest.MarkDecorator:
    """Mark for a test (or `pytestmark`) that needs the lab called `name`."""
    if name not in LABS:
        raise ValueError(f"no lab is called {name}; there are: {', '.join(LABS)}")
    return pytest.mark.lab(name)


def is_ci() -> bool:
    """Whether a missing lab is a failure."""
    return os.environ.get("CI") == "true"
