"""Entering the lab: a shell sees an ordinary program, and who cannot enter learns why."""

import os
import pty
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.lab import NOBODY, command, python_of_nobody, readable_checkout, running_lab
from tests.support.labs import requires_lab, which
from tests.support.shell import Shell

pytestmark = requires_lab("namespaces")

ENTER = "import sys; from kvmnet_tui import lab\ntry: lab.enter([])\nexcept lab.LabError as error: print(error)"  # noqa: E501


def run_in_lab(*program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*program), capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("status", [0, 7, 255])
def test_the_exit_status_is_the_programs(status: int) -> None:
    assert run_in_lab("sh", "-c", f"exit {status}").returncode == status


def test_a_program_that_dies_of_a_signal_is_seen_to_die_of_it() -> None:
    assert run_in_lab("sh", "-c", "kill -TERM $$").returncode == -signal.SIGTERM


def test_stdin_and_stdout_are_the_programs_alone() -> None:
    done = subprocess.run(
        command("cat"), input="[red]\n", capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout, done.stderr, done.returncode) == ("[red]\n", "", 0)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1])
def test_a_signal_sent_to_the_process_reaches_the_program(number: signal.Signals) -> None:
    caught = f"import signal, sys, time; signal.signal({number:d}, lambda *_: sys.exit(9))"
    waits = f"{caught}; print('set', flush=True)\nwhile True: time.sleep(0.05)"
    process = subprocess.Popen(command(sys.executable, "-c", waits), stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"set\n"
        process.send_signal(number)
        assert process.wait(20) == 9
    finally:
        process.kill()
        process.communicate()


def test_ctrl_z_fg_and_ctrl_c_work_as_in_any_program() -> None:
    with Shell() as shell:
        shell.send(shlex.join(command("sh", "-c", "echo set-$((1 + 1)); exec cat")) + "\n")
        shell.expect("set-2")
        shell.send("one\n")
        shell.expect("one\r\none\r\n")
        shell.send("\x1a")
        shell.expect("Stopped")
        shell.send("echo back-$((1 + 1))\n")
        shell.expect("back-2")
        shell.send("fg\n")
        shell.expect("exec cat")
        shell.send("two\n")
        shell.expect("two\r\ntwo\r\n")
        shell.send("\x03")
        shell.expect(r"\^C\s+\$ ")  # what is typed before the prompt is still the program's
        shell.send("echo status-$?\n")
        shell.expect("status-130")


def test_a_program_that_stops_itself_stops_the_job() -> None:
    with Shell() as shell:
        stops = "kill -STOP $$; echo went-$((1 + 1))"
        shell.send(shlex.join(command("sh", "-c", stops)) + "\n")
        shell.expect("Stopped")
        shell.send("fg\n")
        shell.expect("went-2")


def test_a_new_size_of_the_terminal_is_noticed() -> None:
    with Shell() as shell:
        reports = 'trap "stty size" WINCH; echo set-$((1 + 1)); while :; do sleep 0.05; done'
        shell.send(shlex.join(command("sh", "-c", reports)) + "\n")
        shell.expect("set-2")
        shell.resize(33, 111)
        shell.expect("33 111")
        shell.send("\x03")


def test_a_terminal_that_goes_away_ends_the_program_though_it_leads_the_session() -> None:
    master, terminal = pty.openpty()
    told, says = os.pipe()
    caught = "import signal, os, time; signal.signal(1, lambda *_: os._exit(9))"
    waits = f"{caught}; os.write({says}, b'set')\nwhile True: time.sleep(0.05)"
    process = subprocess.Popen(
        ["setsid", "--ctty", *command(sys.executable, "-c", waits)],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        pass_fds=[says],
    )
    try:
        os.close(terminal)
        os.close(says)
        assert os.read(told, 3) == b"set"
        os.close(master)
        assert process.wait(20) == 9
    finally:
        os.close(told)
        process.kill()
        process.wait()


def test_the_program_in_the_lab_sees_only_the_labs_links_and_processes() -> None:
    with running_lab() as lab:
        seen = lab.run("ls", "/sys/class/net").split()
        assert "ens32" in seen
        assert not {path.name for path in Path("/sys/class/net").iterdir()} & set(seen) - {"lo"}
        assert "sleep" in lab.run("cat", "/proc/3/cmdline")
        assert lab.run("ls", "/run").split() == ["kvmnet-tui"]


def enter_and_print(*prefix: str) -> str:
    return subprocess.run(
        [*prefix, sys.executable, "-c", ENTER],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        cwd=Path(__file__).parents[1],
    ).stdout


@pytest.mark.parametrize("program", ["unshare", "ip"])
def test_a_missing_program_is_named(program: str) -> None:
    path = which(program)
    assert path is not None
    hidden = f'mount --bind /dev/null {Path(path).resolve()} && exec "$@"'
    said = enter_and_print("unshare", "--mount", "sh", "-c", hidden, "sh")
    assert said == f"The lab needs the program {program}, which is not installed.\n"


def test_root_without_namespaces_is_told_so() -> None:
    forbidden = 'echo 0 > /proc/sys/user/max_net_namespaces && exec "$@"'
    said = enter_and_print("unshare", "--user", "--map-root-user", "sh", "-c", forbidden, "sh")
    assert said.startswith("The lab needs namespaces of its own, which this system refuses: ")
    assert "No space left on device" in said
    assert said.count("\n") == 1


def test_an_ordinary_user_without_user_namespaces_is_told_so(tmp_path: Path) -> None:
    # Nobody in a chroot may make user namespaces (user_namespaces(7)).
    chroot = f'mount --rbind / {tmp_path} && exec chroot {tmp_path} "$@"'
    with readable_checkout() as copy:
        said = subprocess.run(
            [
                *("unshare", "--mount", "sh", "-c", chroot, "sh", *NOBODY),
                *("env", f"PYTHONPATH={copy}", python_of_nobody(), "-c", ENTER),
            ],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        ).stdout
    assert said.startswith("The lab needs namespaces of its own, which this system refuses to")
    assert "Operation not permitted" in said
    assert said.count("\n") == 1
