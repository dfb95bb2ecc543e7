"""`kvmnet-tui watch`: one event a line, as it happens, without a screen."""

import asyncio
import queue
import select
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from kvmnet_tui.alerts import is_failover, ringing
from kvmnet_tui.controller import Controller, Publish
from kvmnet_tui.model.interest import Interest
from kvmnet_tui.model.state import HostState
from kvmnet_tui.model.timeline import TimelineEntry
from kvmnet_tui.present.sentences import entry_sentence, origin_word
from kvmnet_tui.present.text import padded
from kvmnet_tui.present.units import iso_time
from kvmnet_tui.records import entry_record
from kvmnet_tui.show import json_text

MakeController = Callable[[Publish], Controller]
Only = Callable[[HostState, TimelineEntry], bool]

_ORIGIN_WIDTH = 8


def watch(
    make_controller: MakeController,
    *,
    as_json: bool,
    only: Only = lambda _state, _entry: True,
    bell: bool = False,
) -> int:
    """Print events until interrupted or until nobody reads them any more; the exit status.

    `only` chooses which; with `bell` failovers ring on stderr's terminal.
    """
    line_of = _json_line if as_json else _text_line
    asyncio.run(_watch(make_controller, line_of, only, _ring if bell else lambda _entry: None))
    return 0


def _ring(entry: TimelineEntry) -> None:
    if is_failover(entry) and sys.stderr.isatty():
        sys.stderr.write(ringing(entry_sentence(entry)))
        sys.stderr.flush()


def _json_line(entry: TimelineEntry) -> str:
    return json_text(entry_record(entry), indent=None)


def _text_line(entry: TimelineEntry) -> str:
    origin = padded(origin_word(entry.origin), _ORIGIN_WIDTH)
    return f"{iso_time(entry.at)}  {origin}  {entry_sentence(entry)}"


async def _watch(
    make_controller: MakeController,
    line_of: Callable[[TimelineEntry], str],
    only: Only,
    ring: Callable[[TimelineEntry], None],
) -> None:
    nobody_reads = asyncio.Event()
    with _printing(nobody_reads) as put, _hangup_noticed(nobody_reads):
        printed = 0

        def publish(state: HostState) -> None:
            nonlocal printed
            for entry in _newer(state, printed):
                printed = entry.serial
                if only(state, entry):
                    put(line_of(entry))
                    ring(entry)

        controller = make_controller(publish)
        controller.look_at(Interest(guests=True, bonds=True))
        run = asyncio.create_task(controller.run())
        end = asyncio.create_task(nobody_reads.wait())
        await asyncio.wait((run, end), return_when=asyncio.FIRST_COMPLETED)
        for task in (run, end):
            task.cancel()
        with suppress(asyncio.CancelledError):
            await run


def _newer(state: HostState, serial: int) -> Iterator[TimelineEntry]:
    timeline = state.timeline
    if not timeline or timeline[-1].serial <= serial:
        return iter(())
    return iter(timeline[max(0, serial + 1 - timeline[0].serial) :])


@contextmanager
def _printing(nobody_reads: asyncio.Event) -> Iterator[Callable[[str], None]]:
    """Print lines from a thread of their own: a reader that dawdles must not stop the loop."""
    loop = asyncio.get_running_loop()
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def write() -> None:
        try:
            while (line := lines.get()) is not None:
                sys.stdout.write(f"{line}\n")
                sys.stdout.flush()
        except OSError:
            with suppress(RuntimeError):  # the loop may be over
                loop.call_soon_threadsafe(nobody_reads.set)

    writer = threading.Thread(target=write, name="printer", daemon=True)
    writer.start()
    try:
        yield lines.put
    finally:
        lines.put(None)
        writer.join(timeout=1.0)


@contextmanager
def _hangup_noticed(nobody_reads: asyncio.Event) -> Iterator[None]:
    """Set `nobody_reads` when the other end of the pipe goes away, also while nothing happens."""
    loop = asyncio.get_running_loop()
    with select.epoll() as poll:
        try:
            poll.register(sys.stdout.fileno(), 0)  # errors and hangups are always reported
        except (OSError, ValueError):  # a file cannot hang up
            yield
            return
        loop.add_reader(poll.fileno(), nobody_reads.set)
        try:
            yield
        finally:
            loop.remove_reader(poll.fileno())
