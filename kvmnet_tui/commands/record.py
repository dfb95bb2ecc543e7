"""`kvmnet-tui record FILE`: keep everything that happens for `replay`."""

import argparse
import asyncio
import signal
import sys
import time
from pathlib import Path

from kvmnet_tui.commands.shop import DONE, REFUSED, Shop
from kvmnet_tui.complaint import complain
from kvmnet_tui.i18n import _, ngettext
from kvmnet_tui.model.interest import Interest
from kvmnet_tui.model.state import HostState, Phase, SourceName
from kvmnet_tui.recording.recorder import Recorder
from kvmnet_tui.sources.threads import Worker

FIRST_SECONDS = 10.0  # for the sources to say what there is


def add_arguments(parser: argparse.ArgumentParser, _options: argparse.ArgumentParser) -> None:
    """The file and how long."""
    parser.add_argument("file", metavar=_("FILE"), help=_("where to write the recording"))
    parser.add_argument(
        "--seconds", type=float, metavar=_("SECONDS"), help=_("end after so long, not at Ctrl+C")
    )
    parser.add_argument("--force", action="store_true", help=_("write over a file that is there"))


def run(said: argparse.Namespace, shop: Shop) -> int:
    """Record until interrupted; the exit status."""
    path = Path(said.file)
    if path.exists() and not said.force:
        complain(_("{path} is there already; --force writes over it.").format(path=path))
        return REFUSED
    try:
        recorder = Recorder(path)
    except OSError as error:
        return _refused(path, error)
    try:
        asyncio.run(_record(shop, recorder, said.seconds))
    except OSError as error:
        return _refused(path, error)
    finally:
        recorder.close()
    if not recorder.lines:
        complain(_("Nothing was recorded: the host said nothing yet."))
        return REFUSED
    told = ngettext("{path}: {count} line", "{path}: {count} lines", recorder.lines)
    sys.stdout.write(told.format(path=path, count=recorder.lines) + "\n")
    return DONE


def _refused(path: Path, error: OSError) -> int:
    told = _("{path} cannot be written: {reason}")
    complain(told.format(path=path, reason=error.strerror or error))
    return REFUSED


async def _record(shop: Shop, recorder: Recorder, seconds: float | None) -> None:
    """Every picture from the first complete one on is written, in a thread, in order."""
    loop = asyncio.get_running_loop()
    end = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, end.set)
    worker = Worker("recorder")
    failures: list[BaseException] = []
    begins_at = time.monotonic() + FIRST_SECONDS

    def publish(state: HostState) -> None:
        if not _is_complete(state) and time.monotonic() < begins_at:
            return
        at = time.time()
        worker.call(lambda: recorder.take(state, at)).add_done_callback(note)

    def note(done: "asyncio.Future[None]") -> None:
        error = None if done.cancelled() else done.exception()
        if error is not None:
            failures.append(error)
            end.set()

    controller = shop.make_controller(publish)
    controller.look_at(Interest(counters=True, guests=True, bonds=True))
    running = asyncio.create_task(controller.run())
    sys.stderr.write(_("Recording to {path}; Ctrl+C ends it.").format(path=recorder.path) + "\n")
    ending = asyncio.create_task(end.wait())
    await asyncio.wait((running, ending), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for task in (running, ending):
        task.cancel()
    await asyncio.gather(running, ending, return_exceptions=True)
    await worker.call(lambda: None)  # what was published is written
    worker.close()
    if failures:
        raise failures[0]


def _is_complete(state: HostState) -> bool:
    return all(state.source(name).phase is not Phase.STARTING for name in SourceName)
