"""The lab's outermost process: starts the others, passes signals on, and takes all with it.

It stands where the user's shell expects the program, but outside the lab's PID namespace, whose
first process (see `first`) ends when this one does, and with that process everything in there.
"""

import os
import runpy
import signal
import sys
from collections.abc import Callable
from typing import NoReturn

from kvmnet_tui.i18n import _, use_language
from kvmnet_tui.lab import step_inside
from kvmnet_tui.lab.first import be_first

# From <asm-generic/siginfo.h>: sent by the terminal, so the program has got it already; all but
# SIGHUP, which a terminal that goes away sends to the session's leader alone, maybe this process.
_SI_KERNEL = 0x80
_PASSED_ON = frozenset(
    {
        signal.SIGHUP,
        signal.SIGINT,
        signal.SIGQUIT,
        signal.SIGTERM,
        signal.SIGTSTP,
        signal.SIGCONT,
        signal.SIGWINCH,
        signal.SIGUSR1,
        signal.SIGUSR2,
    }
)


def run_kvmnet_tui() -> None:
    """Be the program."""
    runpy.run_module("kvmnet_tui", run_name="__main__", alter_sys=True)


def keep(program: Callable[[], None]) -> int:
    """Run `program` beside a little host; returns its exit status (shell style for signals).

    In the program's own process this returns 0 when `program` returns.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # whoever started this may ignore it
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, _PASSED_ON | {signal.SIGCHLD})
    life, alive = os.pipe()
    first = _start_first(life, alive)
    _fork(lambda: _be_host(alive))
    child = os.fork()
    if child == 0:
        os.close(alive)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        step_inside()
        program()
        return 0
    status = _follow(child)
    os.kill(first, signal.SIGKILL)
    _reap_all()
    return _end_like(status)


def _start_first(life: int, alive: int) -> int:
    """Fork the PID namespace's first process and wait until its mounts are in place."""
    report, reporting = os.pipe()

    def run() -> NoReturn:
        os.close(alive)
        os.close(report)
        be_first(life, reporting)

    first = _fork(run)
    os.close(life)
    os.close(reporting)
    with os.fdopen(report) as pipe:
        trouble = pipe.read()
    if trouble:
        _reap_all()
        _give_up(trouble)
    return first


def _fork(run: Callable[[], None]) -> int:
    pid = os.fork()
    if pid == 0:
        try:
            run()
        finally:
            os._exit(0)  # never back into the parent's code
    return pid


def _be_host(alive: int) -> None:
    os.close(alive)
    from kvmnet_tui.lab.host import run  # noqa: PLC0415 - of no use to the program beside it

    run()


def _give_up(reason: str) -> NoReturn:
    use_language()
    told = _("The lab could not be built: {reason}").format(reason=reason)
    sys.stderr.write(f"kvmnet-tui: {told}\n")
    sys.exit(2)


def _follow(child: int) -> int:
    """Pass signals on until the program has ended; its wait status."""
    while True:
        info = signal.sigwaitinfo(_PASSED_ON | {signal.SIGCHLD})
        if info.si_signo == signal.SIGCHLD:
            ended = _look_after(child)
            if ended is not None:
                return ended
        elif info.si_code != _SI_KERNEL or info.si_signo == signal.SIGHUP:
            os.kill(child, info.si_signo)


def _look_after(child: int) -> int | None:
    pid, status = os.waitpid(child, os.WNOHANG | os.WUNTRACED)
    if pid == 0:
        return None
    if not os.WIFSTOPPED(status):
        return status
    os.kill(os.getpid(), signal.SIGSTOP)  # so that the shell sees a stopped job
    return None


def _reap_all() -> None:
    """Wait for every child: the PID namespace is empty once its first process can be reaped."""
    while True:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _end_like(status: int) -> int:
    if not os.WIFSIGNALED(status):
        return os.WEXITSTATUS(status)
    number = os.WTERMSIG(status)
    if number not in {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
    os.kill(os.getpid(), number)
    return 128 + number
