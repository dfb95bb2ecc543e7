"""The arguments of `kvmnet-tui network`."""

import argparse
from collections.abc import Callable

from kvmnet_tui.commands.network_texts import VALUE_NAMES
from kvmnet_tui.i18n import _
from kvmnet_tui.netxml.network_fields import MODES


def add_arguments(parser: argparse.ArgumentParser, options: argparse.ArgumentParser) -> None:
    """The verbs."""
    verbs = parser.add_subparsers(
        dest="verb", required=True, metavar=_("VERB"), title=_("what to do")
    )

    def verb(name: str, text: str, *arguments: Callable[..., None]) -> None:
        made = verbs.add_parser(
            name, parents=[options], allow_abbrev=False, help=text, description=text
        )
        for add in arguments:
            add(made)

    verb("list", _("print all networks"), _json)
    verb("info", _("print everything about one network"), _name, _json)
    verb("dumpxml", _("print a network's XML"), _name, _inactive)
    verb("diff", _("print how the running network differs from the stored one"), _name)
    verb("name", _("print the name of the network with this UUID"), _name)
    verb("uuid", _("print the UUID of the network with this name"), _name)
    verb("leases", _("print the DHCP leases and pins"), _name, _json)
    verb("functions", _("print SR-IOV cards and who uses their functions"), _json)
    verb("start", _("start a network"), _name, _trial)
    verb("stop", _("stop a network"), _name, _yes, _trial)
    verb("restart", _("restart a network and plug its guests back in"), _name, _yes, _trial)
    verb("autostart", _("start a network with the host, or not"), _name, _off, _trial)
    verb("new", _("make a network as the wizard does"), _new, _settings, _trial)
    verb("set", _("change some values of a network, all else stays"), _name, _values, _trial)
    verb("define", _("define a network from XML, or change one"), _file, _starts, _trial)
    verb("create", _("start a network that is gone when it stops, from XML"), _file, _trial)
    verb("edit", _("change a network's XML in $EDITOR"), _name)
    verb("update", _("update a part of a network, as virsh net-update"), _name, _update, _trial)
    verb("undefine", _("stop a network and remove it"), _name, _yes, _trial)
    verb("rename", _("give a stopped network another name"), _name, _new_name, _trial)
    verb("pin", _("give a MAC always the same address"), _name, _address, _pin, _trial)
    verb("unpin", _("take a pin away"), _name, _address, _trial)
    verb("repair", _("plug guests' taps that are in no bridge back in"), _taps, _trial)


def _name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar=_("NETWORK"), help=_("its name or UUID"))


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", dest="as_json", action="store_true", help=_("print JSON"))


def _trial(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--dry-run", action="store_true", help=_("only print what would be done: XML or a diff")
    )
    _json(parser)


def _yes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--yes", action="store_true", help=_("do not ask, whoever is hit"))


def _inactive(parser: argparse.ArgumentParser) -> None:
    help_text = _("the stored one, used from the next start")
    parser.add_argument("--inactive", action="store_true", help=help_text)


def _off(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--off", action="store_true", help=_("do not start it with the host"))


def _new(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar=_("NETWORK"), help=_("its name"))
    parser.add_argument("--mode", choices=MODES, metavar="|".join(MODES), default="nat",
                        help=_("how guests reach others"))  # fmt: skip
    _starts(parser)
    transient = _("it is gone when it stops")
    parser.add_argument("--transient", action="store_true", help=transient)


def _values(parser: argparse.ArgumentParser) -> None:
    listed = ", ".join(VALUE_NAMES)
    parser.add_argument(
        "values",
        nargs="+",
        metavar=_("VALUE=TEXT"),
        help=_("any of {names}; lists have a ; between their lines").format(names=listed),
    )


def _settings(parser: argparse.ArgumentParser) -> None:
    listed = ", ".join(VALUE_NAMES)
    parser.add_argument(
        "--set",
        dest="values",
        action="append",
        default=[],
        metavar=_("VALUE=TEXT"),
        help=_("any of {names}; lists have a ; between their lines").format(names=listed),
    )


def _starts(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--start", action="store_true", help=_("start it now"))
    autostart = _("start it when the host starts")
    parser.add_argument("--autostart", action="store_true", help=autostart)


def _file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar=_("FILE"), help=_("XML; - is the standard input"))


def _update(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("command_word", metavar=_("COMMAND"), help=_("add, add-first, add-last, modify or delete"))
    add("section", metavar=_("SECTION"), help=_("such as ip-dhcp-host, dns-host or portgroup"))
    add("xml", metavar=_("XML"), help=_("the element, or a file with it"))
    add("--parent-index", type=int, default=-1, metavar="N", help=_("which <ip>, from 0"))
    add("--live", action="store_true", help=_("only while it runs, unless --config is said too"))
    add("--config", action="store_true", help=_("only from the next start"))


def _new_name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("new_name", metavar=_("NEW-NAME"), help=_("the name to give it"))


def _address(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("address", metavar=_("ADDRESS"), help=_("the address"))


def _pin(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--mac", default="", help=_("whose it is; else who has it leased now"))
    add("--duid", default="", help=_("whose it is, of IPv6"))
    add("--hostname", default="", help=_("the name it is given, too"))


def _taps(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("taps", nargs="*", metavar=_("TAP"), help=_("only these"))
