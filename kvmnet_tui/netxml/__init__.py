"""libvirt's <network>, <domain> and <interface> documents (libvirt.org/format.html): read, built
and edited. Pure.
"""

from kvmnet_tui.netxml.reading import (
    AGENT_CHANNEL,
    GuestXml,
    NetworkXml,
    XmlProblem,
    parse_guest,
    parse_interface,
    parse_network,
)

__all__ = [
    "AGENT_CHANNEL",
    "GuestXml",
    "NetworkXml",
    "XmlProblem",
    "parse_guest",
    "parse_interface",
    "parse_network",
]
