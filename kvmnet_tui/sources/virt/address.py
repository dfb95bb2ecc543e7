"""What a connection's URI says without connecting (libvirt.org/uri.html). Pure."""

import os
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit, urlunsplit

SYSTEM_NETWORKS = Path("/etc/libvirt/qemu/networks")

# Drivers whose virtual networks are kept by libvirt's own network driver.
_NETWORK_DRIVER_USERS = frozenset({"qemu", "kvm", "lxc", "ch"})


def without_prompts(uri: str) -> str:
    """The URI, told not to let ssh ask for passwords: it would ask on the screen's terminal."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return uri
    if not parts.scheme.endswith("+ssh") or "no_tty" in dict(parse_qsl(parts.query)):
        return uri
    query = f"{parts.query}&no_tty=1" if parts.query else "no_tty=1"
    return urlunsplit(parts._replace(query=query))


def network_folder(uri: str) -> Path | None:
    """Where this host's libvirt stores its networks, or None: another host's, or not in files."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return None
    driver, _, transport = parts.scheme.partition("+")
    if parts.netloc or transport not in {"", "unix"} or driver not in _NETWORK_DRIVER_USERS:
        return None
    if parts.path == "/session":
        home = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
        return Path(home) / "libvirt/qemu/networks"
    return SYSTEM_NETWORKS


def is_local_daemon(uri: str) -> bool:
    """Whether the URI asks for a daemon of this host."""
    return network_folder(uri) is not None
