"""The command line: what may be said, and what was said."""

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import NoReturn

from kvmnet_tui import __version__
from kvmnet_tui.commands import COMMANDS
from kvmnet_tui.complaint import PROGRAM, complain
from kvmnet_tui.i18n import _, unknown_language, use_language

DEFAULT_URI = "qemu:///system"
BAD_ARGUMENTS = 2
THINGS = ("networks", "bridges", "bonds", "guests", "links")


@dataclass(frozen=True, slots=True)
class Arguments:
    """What was asked for. `command` is "" for the screens; `notice` a sentence to show there."""

    command: str = ""
    thing: str = ""
    name: str = ""
    as_json: bool = False
    uri: str = DEFAULT_URI
    read_only: bool = False
    lab: bool = False
    host_or_lab: bool = False
    notice: str = ""
    said: argparse.Namespace = field(default_factory=argparse.Namespace, compare=False)


def parse(argv: Sequence[str]) -> Arguments:
    """Understand `argv` (without the program's name).

    Chooses the language first, so that all that is said is said in it. Exits with 0 for --help
    and --version, with 2 and one sentence on stderr for what cannot be understood.
    """
    language = _language(argv)
    use_language(language)
    parser = _parser(argv)
    said = parser.parse_args(list(argv))
    unknown = unknown_language(language) if language is not None else None
    if unknown:
        parser.error(unknown)
    uri = getattr(said, "uri", None)
    lab = getattr(said, "lab", False)
    if lab and uri is not None:
        parser.error(_("--lab brings a libvirt of its own: leave --connect out"))
    return Arguments(
        command=said.command or "",
        thing=getattr(said, "thing", ""),
        name=getattr(said, "name", None) or "",
        as_json=getattr(said, "as_json", False),
        uri=uri or os.environ.get("LIBVIRT_DEFAULT_URI") or DEFAULT_URI,
        read_only=getattr(said, "read_only", False),
        lab=lab,
        host_or_lab=getattr(said, "host_or_lab", False),
        notice=getattr(said, "notice", ""),
        said=said,
    )


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence instead of printing its usage first."""

    def error(self, message: str) -> NoReturn:
        """Exit with one sentence on stderr."""
        complain(message)
        sys.exit(BAD_ARGUMENTS)


def _language(argv: Sequence[str]) -> str | None:
    """What --lang says; the parser itself can only be built once this is known."""
    early = argparse.ArgumentParser(add_help=False, exit_on_error=False, allow_abbrev=False)
    early.add_argument("--lang", nargs="?")
    try:
        lang = early.parse_known_args(list(argv))[0].lang
    except argparse.ArgumentError:
        return None
    return None if lang is None else str(lang)


def _parser(argv: Sequence[str]) -> _Parser:
    options = _options()
    parser = _Parser(
        prog=PROGRAM,
        description=_(
            "See, test and change a KVM host's networking: networks, bridges, bonds, guests' NICs."
        ),
        epilog=_("Without a command the screens open; press ? there for the keys."),
        parents=[options],
        allow_abbrev=False,
    )
    parser.add_argument(
        "--version",
        action="version",
        version=f"{PROGRAM} {__version__}",
        help=_("print the version"),
    )
    commands = parser.add_subparsers(dest="command", metavar=_("COMMAND"), title=_("commands"))
    _add_show(commands, options)
    _add_watch(commands, options)
    for name, what in COMMANDS.items():
        command = commands.add_parser(
            name, parents=[options], allow_abbrev=False, help=_(what), description=_(what)
        )
        if name in argv:  # only the one that is called needs to know its arguments
            import_module(f"kvmnet_tui.commands.{name}").add_arguments(command, options)
    return parser


def _options() -> _Parser:
    """Options that may stand before and after the command."""
    options = _Parser(add_help=False, argument_default=argparse.SUPPRESS)
    add = options.add_argument
    add(
        "-c",
        "--connect",
        dest="uri",
        metavar="URI",
        help=_("libvirt to connect to: {uri} unless $LIBVIRT_DEFAULT_URI says otherwise").format(
            uri=DEFAULT_URI
        ),
    )
    add("-r", "--read-only", action="store_true", help=_("show everything, change nothing"))
    add("--lab", action="store_true", help=_("open a small host of its own to try things on"))
    add(
        "--lang",
        metavar=_("LANGUAGE"),
        help=_("language such as zh_CN or en instead of the locale's"),
    )
    add("--host-or-lab", action="store_true", help=argparse.SUPPRESS)
    add("--notice", help=argparse.SUPPRESS)
    return options


def _add_show(commands: "argparse._SubParsersAction[_Parser]", options: _Parser) -> None:
    show = commands.add_parser(
        "show",
        parents=[options],
        allow_abbrev=False,
        help=_("print a table, one object's details, or JSON"),
        description=_("Print what there is once: a table, one object's details, or JSON."),
    )
    show.add_argument("thing", choices=THINGS, metavar="|".join(THINGS), help=_("what to print"))
    show.add_argument("name", nargs="?", metavar=_("NAME"), help=_("only this one, in detail"))
    show.add_argument("--json", dest="as_json", action="store_true", help=_("print JSON"))


def _add_watch(commands: "argparse._SubParsersAction[_Parser]", options: _Parser) -> None:
    watch = commands.add_parser(
        "watch",
        parents=[options],
        allow_abbrev=False,
        help=_("print events as they happen, one a line"),
        description=_("Print events as they happen, one a line, until interrupted."),
    )
    watch.add_argument(
        "--json", dest="as_json", action="store_true", help=_("print one JSON object a line")
    )
