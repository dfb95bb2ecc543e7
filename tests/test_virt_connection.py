"""Daemons that are not there, say no, or say nothing at all; threads that never come back."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from kvmnet_tui.model.state import HostState, Phase, Problem, SourceName
from kvmnet_tui.sources.threads import Worker, call_in_thread
from kvmnet_tui.sources.virt import Timing, VirtSource
from tests.support.live import live_host

HASTY = Timing(open=0.3, first_retry=0.1, last_retry=0.2)


def problem(state: HostState) -> Problem:
    return state.source(SourceName.LIBVIRT).problem


def source(uri: str) -> VirtSource:
    return VirtSource(uri, read_only=False, timing=HASTY)


def python(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)


@asynccontextmanager
async def deaf_daemon(path: Path) -> AsyncIterator[list[asyncio.StreamWriter]]:
    """A socket that takes every connection and never says a word; who called so far."""
    callers: list[asyncio.StreamWriter] = []

    async def listen(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        callers.append(writer)

    server = await asyncio.start_unix_server(listen, path)
    try:
        yield callers
    finally:
        server.close()
        for caller in callers:
            caller.close()
        await server.wait_closed()


async def test_a_daemon_that_never_answers_is_said_to_and_asked_again(tmp_path: Path) -> None:
    socket = tmp_path / "sock"
    async with deaf_daemon(socket) as callers:
        async with live_host(source(f"qemu+unix:///system?socket={socket}")) as host:
            state = await host.until(lambda state: problem(state) is Problem.NOT_ANSWERING)
            assert state.source(SourceName.LIBVIRT).phase is Phase.LOST
            async with asyncio.timeout(10):
                while len(callers) < 3:
                    await asyncio.sleep(0.01)
            now = state.source(SourceName.LIBVIRT).since
            assert host.state.source(SourceName.LIBVIRT).since == now
            assert problem(host.state) is Problem.NOT_ANSWERING
        await no_thread_is_left()


async def test_leaving_while_a_daemon_does_not_answer_takes_no_time(tmp_path: Path) -> None:
    socket = tmp_path / "sock"
    patient = VirtSource(f"qemu+unix:///system?socket={socket}", read_only=False)
    async with deaf_daemon(socket) as callers:
        async with live_host(patient) as host:
            async with asyncio.timeout(10):
                while not callers:
                    await asyncio.sleep(0.01)
            assert host.state.source(SourceName.LIBVIRT).phase is Phase.STARTING
        await no_thread_is_left()


async def no_thread_is_left() -> None:
    async with asyncio.timeout(5):
        while any(each.name.startswith("libvirt") for each in threading.enumerate()):
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("::::", Problem.BAD_URI),
        ("hello world", Problem.BAD_URI),
        ("qemu+pigeon:///system", Problem.BAD_URI),
        ("test:///nonexistent/host.xml", Problem.BAD_URI),
        ("qemu+tcp://127.0.0.1:1/system", Problem.NOT_RUNNING),
    ],
)
async def test_what_is_wrong_with_a_uri_is_told_in_libvirts_words(
    uri: str, expected: Problem
) -> None:
    async with live_host(source(uri)) as host:
        state = await host.until(lambda state: problem(state) is not Problem.NONE)
    status = state.source(SourceName.LIBVIRT)
    assert (status.phase, status.problem) == (Phase.LOST, expected)
    assert status.detail
    assert status.since


async def test_a_socket_that_is_not_there_means_not_running_or_not_installed(
    tmp_path: Path,
) -> None:
    async with live_host(source(f"qemu+unix:///system?socket={tmp_path}/none")) as host:
        state = await host.until(lambda state: problem(state) is not Problem.NONE)
    status = state.source(SourceName.LIBVIRT)
    assert (status.phase, status.problem) in {
        (Phase.LOST, Problem.NOT_RUNNING),
        (Phase.ABSENT, Problem.NOT_INSTALLED),
    }
    assert "No such file" in status.detail


SAY_STATUS = """
import asyncio, sys
from kvmnet_tui.controller import Controller
from kvmnet_tui.model.state import Phase, SourceName
from kvmnet_tui.sources.virt import VirtSource

async def main():
    settled = asyncio.get_running_loop().create_future()
    def publish(state):
        status = state.source(SourceName.LIBVIRT)
        if status.phase is not Phase.STARTING and not settled.done():
            settled.set_result(status)
    running = asyncio.create_task(Controller([VirtSource("test:///default", False)], publish).run())
    status = await settled
    print(status.phase, status.problem)
    running.cancel()
"""


def test_without_the_library_libvirt_is_absent_and_nothing_fails() -> None:
    hide = "\nsys.modules['libvirt'] = None\nasyncio.run(main())"
    done = python(SAY_STATUS + hide)
    assert (done.stdout, done.stderr) == ("absent not-installed\n", "")


def test_a_second_loop_in_one_process_works_like_the_first() -> None:
    done = python(SAY_STATUS + "\nasyncio.run(main())\nasyncio.run(main())")
    assert (done.stdout, done.stderr) == ("live \nlive \n", "")


def test_the_package_alone_imports_no_libvirt() -> None:
    done = python("import sys, kvmnet_tui.sources.virt; print('libvirt' in sys.modules)")
    assert done.stdout == "False\n", done.stderr


def test_a_call_that_hangs_does_not_keep_the_program_from_ending() -> None:
    done = python(
        "import asyncio, threading\n"
        "from kvmnet_tui.sources.threads import call_in_thread\n"
        "async def main():\n"
        "    call_in_thread('hangs', threading.Event().wait)\n"
        "    print('over')\n"
        "asyncio.run(main())\n"
    )
    assert (done.stdout, done.stderr) == ("over\n", "")


async def test_a_worker_gives_results_and_errors_back_and_runs_in_order() -> None:
    worker = Worker("ordered")
    seen: list[int] = []
    calls = [worker.call(lambda number=number: seen.append(number)) for number in range(50)]
    with pytest.raises(ZeroDivisionError):
        await worker.call(lambda: 1 // 0)
    await asyncio.gather(*calls)
    assert seen == list(range(50))
    assert await worker.call(threading.get_ident) == worker.ident
    worker.close()


async def test_a_call_given_up_before_it_began_is_never_made() -> None:
    worker = Worker("busy")
    gate = threading.Event()
    made: list[str] = []
    blocking = worker.call(gate.wait)
    given_up = worker.call(lambda: made.append("given up"))
    given_up.cancel()
    await asyncio.sleep(0)  # the loop carries the cancellation over
    last = worker.call(lambda: made.append("last"))
    worker.close()
    gate.set()
    await asyncio.gather(blocking, last)
    assert made == ["last"]


async def test_a_single_call_has_a_thread_of_its_own() -> None:
    gate = threading.Event()
    hanging = call_in_thread("hanging", gate.wait)
    assert await call_in_thread("quick", lambda: 42) == 42
    gate.set()
    assert await hanging
