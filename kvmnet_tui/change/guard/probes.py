"""What worked before and must work afterwards, and whether somebody has logged in anew."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

from .host import Data, ip_json, link_named
from .packets import arp_answers, dns_answers, ping6_answers

PROBE_TIMEOUT = 0.5


def holds(what: str, link: str) -> bool:
    """Whether a link has a carrier or an address, forwards, is up in its bond, or is absent."""
    if what == "addressed":
        found = ip_json("address", "show", "dev", link, "scope", "global")
        return any(one.get("addr_info") for one in found)
    one = link_named(link)
    if what == "absent" or one is None:
        return one is None and what == "absent"
    own = one.get("linkinfo", {}).get("info_slave_data", {})
    if what == "forwarding":
        return bool(own.get("state") == "forwarding")
    if what == "mii":
        return str(own.get("mii_status", "")).lower() == "up"
    return "LOWER_UP" in one.get("flags", ())


def passes(probe: Data, *, applied: bool) -> bool:
    """Whether a probe passes now; once the change is applied another link may be asked."""
    kind, target = probe["kind"], probe["target"]
    link = (probe["link_after"] or probe["link"]) if applied else probe["link"]
    if kind in ("forwarding", "mii") and not applied:
        return True  # it only comes to be with the change
    if kind in ASK:
        return ASK[kind](target, link)
    return holds(kind, link)


def gateway_answers(target: str, link: str) -> bool:
    ask6 = ":" in target
    return (ping6_answers if ask6 else _arp_answered)(target, link, PROBE_TIMEOUT)


def _arp_answered(target: str, link: str, timeout: float) -> bool:
    return arp_answers(link, target, timeout)


ASK: dict[str, Callable[[str, str], bool]] = {
    "gateway": gateway_answers,
    "session": lambda target, link: any(
        not link or one.get("dev") == link for one in ip_json("route", "get", target)
    ),
    "dns": lambda target, _link: dns_answers(target, PROBE_TIMEOUT),
    "plugged": lambda target, link: (link_named(link) or {}).get("master", "") == target,
}


def logins_since(began: float) -> bool:
    """Whether somebody has logged in over SSH since `began` (seconds since boot)."""
    ticks = os.sysconf("SC_CLK_TCK")
    here = Path("/proc/self/ns/net").readlink()
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            if (folder / "ns/net").readlink() != here:  # another host's, in a namespace
                continue
            title = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            # After authentication OpenSSH names the session in its process: `sshd: root@pts/0`.
            if not re.match(r"sshd(-session)?: \S+@", title):
                continue
            started = int((folder / "stat").read_text().rpartition(")")[2].split()[19]) / ticks
        except (OSError, ValueError, IndexError):
            continue
        if started > began:
            return True
    return False
