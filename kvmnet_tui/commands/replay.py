"""`kvmnet-tui replay FILE`: look at a recording in the screens."""

import argparse
import sys
from pathlib import Path

from kvmnet_tui.commands.shop import REFUSED, Shop
from kvmnet_tui.complaint import complain
from kvmnet_tui.i18n import _, ngettext
from kvmnet_tui.recording.player import Recording, RecordingError, load


def add_arguments(parser: argparse.ArgumentParser, _options: argparse.ArgumentParser) -> None:
    """The file, and what to do without a screen."""
    parser.add_argument("file", metavar=_("FILE"), help=_("a recording"))
    parser.add_argument("--paused", action="store_true", help=_("begin paused"))
    parser.add_argument("--check", action="store_true", help=_("only say what is in the file"))


def run(said: argparse.Namespace, _shop: Shop) -> int:
    """Show it; the exit status."""
    try:
        recording = load(Path(said.file))
    except RecordingError as error:
        complain(str(error))
        return REFUSED
    if said.check:
        return _tell(recording)
    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        complain(_("A recording needs a terminal to be shown; --check says what is in it."))
        return REFUSED
    from kvmnet_tui.replay_app import show  # noqa: PLC0415 - the screens are large

    return show(recording, is_paused=said.paused)


def _tell(recording: Recording) -> int:
    """What a recording holds, for who has no terminal."""
    from kvmnet_tui.present.units import date_time  # noqa: PLC0415

    last = len(recording) - 1
    told = ngettext(
        "Host {host}, {begin} to {end}, {count} picture.",
        "Host {host}, {begin} to {end}, {count} pictures.",
        len(recording),
    )
    sentence = told.format(
        host=recording.host,
        begin=date_time(recording.at(0)),
        end=date_time(recording.at(last)),
        count=len(recording),
    )
    sys.stdout.write(f"{sentence}\n")
    if recording.trouble:
        complain(recording.trouble)
        return REFUSED
    return 0
