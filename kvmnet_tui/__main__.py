"""The program's start: understands its arguments and runs the screens or one of the commands."""

import os
import sys
from contextlib import suppress
from importlib import import_module
from typing import NoReturn

from kvmnet_tui.arguments import BAD_ARGUMENTS, Arguments, parse
from kvmnet_tui.commands import COMMANDS
from kvmnet_tui.complaint import complain
from kvmnet_tui.i18n import _

INTERRUPTED = 130


def main() -> NoReturn:
    """Run, and exit with the status."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError):  # whoever embeds this program may have put others there
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        status = run(sys.argv[1:])
    except KeyboardInterrupt:
        status = INTERRUPTED
    except BrokenPipeError:
        status = 0
    _forget_unread_output()
    sys.exit(status)


def run(argv: list[str]) -> int:
    """Do what `argv` says; the exit status."""
    arguments = parse(argv)
    from kvmnet_tui import lab  # noqa: PLC0415 - of no use to --help and --version

    try:
        if arguments.lab and not lab.inside():
            lab.enter(argv)
        if arguments.command:
            return _run_command(arguments)
        if not _is_terminal():
            complain(_("The screens need a terminal; without one use the commands show and watch."))
            return BAD_ARGUMENTS
        return _run_screens(arguments)
    except lab.LabError as error:
        complain(str(error))
        return BAD_ARGUMENTS


def _is_terminal() -> bool:
    """Textual reads stdin and draws on stderr; on stdout's other end nobody may take it amiss."""
    return all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))


def _run_command(arguments: Arguments) -> int:
    import asyncio  # noqa: PLC0415 - each start loads what it uses

    from kvmnet_tui import lab  # noqa: PLC0415
    from kvmnet_tui.composition import controller_maker  # noqa: PLC0415
    from kvmnet_tui.show import Request, ShowError, show  # noqa: PLC0415
    from kvmnet_tui.watch import watch  # noqa: PLC0415

    if lab.inside():
        from kvmnet_tui.lab.ready import wait_ready  # noqa: PLC0415

        for remark in asyncio.run(wait_ready()):
            complain(remark)
    make = controller_maker(arguments.uri, read_only=arguments.read_only)
    if arguments.command in COMMANDS:
        from kvmnet_tui.commands.shop import Shop  # noqa: PLC0415

        command = import_module(f"kvmnet_tui.commands.{arguments.command}")
        return int(command.run(arguments.said, Shop(make)))
    if arguments.command == "watch":
        with suppress(KeyboardInterrupt):
            watch(make, as_json=arguments.as_json)
        return 0
    try:
        return show(make, Request(arguments.thing, arguments.name, arguments.as_json))
    except ShowError as error:
        complain(str(error))
        return BAD_ARGUMENTS


def _run_screens(arguments: Arguments) -> int:
    from kvmnet_tui import lab  # noqa: PLC0415

    notice = arguments.notice
    if arguments.host_or_lab and not lab.inside():
        from kvmnet_tui.opening import choose  # noqa: PLC0415

        opening = choose()
        complain(opening.reason)
        notice = opening.reason
        if opening.lab:
            lab.enter(["--lab", "--notice", notice, *_kept(arguments)])
    from kvmnet_tui.app import AppSettings, KvmnetApp  # noqa: PLC0415
    from kvmnet_tui.composition import controller_maker  # noqa: PLC0415

    make = controller_maker(arguments.uri, read_only=arguments.read_only)
    app = KvmnetApp(make, AppSettings(arguments.read_only, lab.inside(), notice))
    app.run()
    return app.return_code or 0


def _kept(arguments: Arguments) -> list[str]:
    """The options that hold in the lab too; the language goes through the environment."""
    return ["--read-only"] if arguments.read_only else []


def _forget_unread_output() -> None:
    """Whoever read stdout may be gone: the interpreter's own last flush would complain."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
