"""The arguments of `kvmnet-tui nic`, and the wizard's answers that they stand for."""

import argparse
from typing import Any

from kvmnet_tui.forms.nic_answers import MACVTAP_MODES
from kvmnet_tui.i18n import _
from kvmnet_tui.requests.nics import When

NOTHING = "none"  # takes a limit, a filter, a VLAN away

_PLUGS = {
    "network": "network",
    "bridge": "bridge",
    "direct": "device",
    "function": "function",
    "ovs": "ovs",
}
_TEXTS = ("model", "mac", "mtu", "queues", "boot_order", "vlans", "inbound", "outbound", "filter")
_SWITCHES = ("isolated", "trusts_guest")


def guest(parser: argparse.ArgumentParser) -> None:
    """Which guest."""
    parser.add_argument("guest", metavar=_("GUEST"), help=_("its name or UUID"))


def maybe_guest(parser: argparse.ArgumentParser) -> None:
    """Perhaps which guest."""
    parser.add_argument("guest", nargs="?", metavar=_("GUEST"), help=_("only this one's NICs"))


def nic(parser: argparse.ArgumentParser) -> None:
    """Which NIC."""
    parser.add_argument("nic", metavar=_("NIC"), help=_("its MAC, its tap or its number"))


def maybe_nic(parser: argparse.ArgumentParser) -> None:
    """Perhaps which NIC."""
    text = _("its MAC, its tap or its number; not needed where there is one only")
    parser.add_argument("nic", nargs="?", default="", metavar=_("NIC"), help=text)


def source(parser: argparse.ArgumentParser) -> None:
    """What to plug it into."""
    group = parser.add_argument_group(_("what to plug it into"))
    plug = group.add_mutually_exclusive_group()
    name = _("NAME")
    plug.add_argument("--network", metavar=name, help=_("a libvirt network"))
    plug.add_argument("--bridge", metavar=name, help=_("a bridge of this host"))
    plug.add_argument("--direct", metavar=name, help=_("a link of this host, over a macvtap"))
    plug.add_argument("--function", metavar=_("PCI-ADDRESS"), help=_("an SR-IOV virtual function"))
    plug.add_argument("--ovs", metavar=name, help=_("a bridge of Open vSwitch"))
    plug.add_argument("--user", action="store_true", help=_("QEMU's own NAT"))
    group.add_argument("--portgroup", metavar=name, help=_("port group of the network"))
    group.add_argument("--mode", choices=MACVTAP_MODES, help=_("the macvtap's mode"))


def settings(parser: argparse.ArgumentParser) -> None:
    """What it is set to."""
    group = parser.add_argument_group(_("settings"))
    limit = _("average[,peak[,burst]] in KiB/s and KiB, or none")
    group.add_argument("--model", metavar=_("MODEL"), help=_("virtio, e1000e, e1000, rtl8139..."))
    group.add_argument("--mac", help=_("its MAC"))
    group.add_argument("--mtu", metavar=_("BYTES"), help=_("its MTU, or none"))
    group.add_argument("--queues", metavar=_("NUMBER"), help=_("queues of a virtio NIC, or none"))
    group.add_argument("--link", choices=("up", "down"), help=_("whether its cable is plugged in"))
    group.add_argument(
        "--boot-order", dest="boot_order", metavar=_("NUMBER"), help=_("1 boots first; or none")
    )
    group.add_argument(
        "--vlan", dest="vlans", metavar=_("NUMBERS"), help=_("VLANs, with commas; or none")
    )
    group.add_argument("--in", dest="inbound", metavar=_("LIMIT"), help=limit)
    group.add_argument("--out", dest="outbound", metavar=_("LIMIT"), help=limit)
    group.add_argument("--filter", metavar=_("NAME"), help=_("an nwfilter, or none"))
    switches = argparse.BooleanOptionalAction
    group.add_argument("--isolated", action=switches, help=_("apart from other isolated ports"))
    group.add_argument(
        "--trust", dest="trusts_guest", action=switches, help=_("trust the guest's filters")
    )


def when(parser: argparse.ArgumentParser) -> None:
    """When it shall hold."""
    parser.add_argument(
        "--when",
        choices=[one.value for one in When],
        default=When.BOTH.value,
        help=_("in the running guest, from its next start on, or both (the default)"),
    )


def no_wait(parser: argparse.ArgumentParser) -> None:
    """Whether to follow what happens."""
    text = _("do not wait for tap, lease and ping")
    parser.add_argument("--no-wait", action="store_true", help=text)


def dry_run(parser: argparse.ArgumentParser) -> None:
    """Whether to do nothing."""
    text = _("print the XML or the diff and the virsh command, and do nothing")
    parser.add_argument("--dry-run", action="store_true", help=text)


def as_json(parser: argparse.ArgumentParser) -> None:
    """Whether to print JSON."""
    parser.add_argument("--json", dest="as_json", action="store_true", help=_("print JSON"))


def detaching(parser: argparse.ArgumentParser) -> None:
    """How a detaching goes."""
    text = _("how long the guest has to agree")
    parser.add_argument("--seconds", type=float, default=30.0, metavar=_("SECONDS"), help=text)
    parser.add_argument("--yes", action="store_true", help=_("do not ask"))


def pinging(parser: argparse.ArgumentParser) -> None:
    """How a ping goes."""
    parser.add_argument(
        "--address", metavar=_("ADDRESS"), help=_("instead of the one that is known")
    )
    text = _("how many pings")
    parser.add_argument("--count", type=int, default=4, metavar=_("NUMBER"), help=text)


def answered(said: argparse.Namespace) -> dict[str, Any]:
    """The wizard's answers, those alone that were given."""
    options = {name: value for name, value in vars(said).items() if value is not None}
    values: dict[str, Any] = {"when": said.when, **_plugged(options)}
    for name in _TEXTS:
        if name in options:
            values[name] = "" if options[name] == NOTHING else options[name]
    values.update({name: options[name] for name in _SWITCHES if name in options})
    if "link" in options:
        values["link"] = said.link == "up"
    return values


def _plugged(options: dict[str, Any]) -> dict[str, Any]:
    """The answers about the source."""
    values: dict[str, Any] = {"kind": "user"} if options.get("user") else {}
    for option, name in _PLUGS.items():
        if option in options:
            kind = "hostdev" if option == "function" else option
            values.update({"kind": kind, name: options[option], "portgroup": ""})
    values.update({name: options[name] for name in ("portgroup", "mode") if name in options})
    return values
