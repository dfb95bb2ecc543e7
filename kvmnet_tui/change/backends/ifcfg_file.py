"""Edit the Red Hat family's ifcfg files: settings are set or taken out, all else stays as it is."""

import re
import shlex
from collections.abc import Mapping
from typing import Final

from kvmnet_tui.sources.managers.files import unquoted

_SETTING: Final = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)")
_PLAIN: Final = re.compile(r"[A-Za-z0-9_./:%+,@-]*")

# What moves with the addresses when another link takes them over: sysconfig.txt of initscripts.
_ADDRESSING: Final = re.compile(
    r"BOOTPROTO|IPADDR\d*|NETMASK\d*|PREFIX\d*|NETWORK\d*|BROADCAST\d*|GATEWAY\d*|GATEWAYDEV|DNS\d+"
    r"|DOMAIN|SEARCH|RES_OPTIONS|DEFROUTE|PEERDNS|PEERROUTES|PEERNTP|METRIC|SRCADDR|ARPCHECK"
    r"|ARPUPDATE|IPV4_\w+|IPV6\w*|DHCP\w*|PERSISTENT_DHCLIENT|DHCLIENT\w*|ZONE"
)
IDENTITY: Final = ("DEVICE", "TYPE", "NAME", "UUID", "HWADDR", "ONBOOT")


def read(text: str) -> dict[str, str]:
    """The settings as a shell sees them: the last of several counts."""
    return {
        found[1]: unquoted(found[2].strip())
        for line in text.splitlines()
        if (found := _SETTING.match(line))
    }


def is_addressing(key: str) -> bool:
    """Whether the setting says something about addresses, routes or name servers."""
    return _ADDRESSING.fullmatch(key) is not None


def addressing(text: str) -> dict[str, str]:
    """The settings that move with the addresses, in the file's order."""
    return {key: value for key, value in read(text).items() if is_addressing(key)}


def changed(text: str, settings: Mapping[str, str | None]) -> str:
    """The text with settings set, or taken out where the value is None."""
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    for key, value in settings.items():
        places = [place for place, line in enumerate(lines) if _key(line) == key]
        if value is None:
            lines = [line for place, line in enumerate(lines) if place not in places]
        elif not places:
            lines.append(f"{key}={quoted(value)}\n")
        elif read("".join(lines))[key] != value:
            lines[places[-1]] = _with_value(lines[places[-1]], value)
    return "".join(lines)


def written(settings: Mapping[str, str]) -> str:
    """A new file."""
    return "".join(f"{key}={quoted(value)}\n" for key, value in settings.items())


def quoted(value: str) -> str:
    """The value as a shell reads it back; quotes only where it needs them."""
    if _PLAIN.fullmatch(value):
        return value
    return shlex.quote(value) if re.search(r'["\\$`]', value) else f'"{value}"'


def _key(line: str) -> str:
    found = _SETTING.match(line)
    return found[1] if found else ""


def _with_value(line: str, value: str) -> str:
    """The line with another value; a comment behind it stays."""
    head, _, rest = line.partition("=")
    comment = re.search(r"""\s+#[^"']*$""", rest.rstrip("\n"))
    return f"{head}={quoted(value)}{comment[0] if comment else ''}\n"
