"""Daemon threads for calls that block: a call that hangs never hangs the program's end."""

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

Result = TypeVar("Result")
_Job = tuple[Future[Any], Callable[[], Any]]


class Worker:
    """One daemon thread that runs calls one after another.

    Not an executor of concurrent.futures: those are joined when the interpreter ends, and a call
    that hangs in a library would then hang the whole program.
    """

    def __init__(self, name: str) -> None:
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    @property
    def ident(self) -> int:
        """The thread's identifier, as `threading.get_ident` says inside."""
        return self._thread.ident or 0

    def call(self, function: Callable[[], Result]) -> asyncio.Future[Result]:
        """Run `function` in the thread; cancelling the future gives up a call not yet begun."""
        future: Future[Result] = Future()
        self._jobs.put((future, function))
        return asyncio.wrap_future(future)

    def close(self) -> None:
        """Let the thread end after the calls it was given; does not wait."""
        self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            _run(*job)
            del job  # what the call returned must not live on while the thread waits


def _run(future: "Future[Any]", function: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = function()
    except BaseException as error:  # noqa: BLE001 - it belongs to the caller
        future.set_exception(error)
    else:
        future.set_result(result)


def call_in_thread(name: str, function: Callable[[], Result]) -> asyncio.Future[Result]:
    """Run one call in a daemon thread of its own."""
    worker = Worker(name)
    future = worker.call(function)
    worker.close()
    return future
