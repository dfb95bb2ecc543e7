"""The commands of the checkout: what they install, what they say, and where."""

import shutil
import subprocess
import sys
import sysconfig
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import kvmnet_tui
from tests.support.checkouts import ROOT, BareMachine, copy_checkout, run_dev

VERSION = f"kvmnet-tui {kvmnet_tui.__version__}\n"
HAS_HEADERS = Path(sysconfig.get_path("include"), "Python.h").exists()
NO_INDEX = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": ""}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return copy_checkout(tmp_path / "a check out")


@pytest.fixture
def machine(tmp_path: Path) -> BareMachine:
    bare = BareMachine(tmp_path / "bin")
    bare.link("ip")
    bare.link("unshare")
    return bare


def test_alone_it_tells_its_four_commands() -> None:
    told = run_dev(ROOT)
    assert told.returncode == 0
    assert [word for word in ("run", "test", "check", "bench") if f"./dev {word}" in told.stdout]


def test_an_unknown_command_is_answered_with_one_sentence() -> None:
    told = run_dev(ROOT, "frobnicate")
    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr == "There is no ./dev frobnicate: run, test, check and bench there are.\n"


def test_two_first_starts_at_once_install_once_and_stdout_is_the_programs(tmp_path: Path) -> None:
    checkout = copy_checkout(tmp_path / "a check out", package=True)
    link = tmp_path / "linked-dev"
    link.symlink_to(checkout / "dev")
    with ThreadPoolExecutor() as pool:
        first = list(pool.map(lambda _: run_dev(checkout, "run", "--version"), range(2)))
    assert [start.stdout for start in first] == [VERSION, VERSION], first
    told = "".join(start.stderr for start in first)
    assert told.count("Installing kvmnet-tui and its libraries ... done (") == 1
    assert "Another ./dev is installing here; waiting for it." in told

    second = subprocess.run(
        [link, "run", "--version"], cwd="/", capture_output=True, text=True, check=True
    )
    assert (second.stdout, second.stderr) == (VERSION, "")

    moved = checkout.rename(tmp_path / "moved")
    again = run_dev(moved, "run", "--version", env=NO_INDEX)
    assert "making it anew" in again.stderr


def half_made(venv: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    (venv / ".unfinished").touch()


def interpreter_gone(venv: Path) -> None:
    (venv / "bin").mkdir(parents=True)
    (venv / "bin/python").symlink_to("/nowhere/python3.11")


@pytest.mark.parametrize("broken", [half_made, interpreter_gone])
def test_a_broken_environment_is_made_anew(checkout: Path, broken) -> None:
    broken(checkout / ".venv")
    told = run_dev(checkout, "run", "--version", env=NO_INDEX)
    assert "unfinished or its interpreter is gone: making it anew." in told.stderr
    assert (checkout / ".venv/bin/pip").exists()


def test_a_step_that_fails_shows_the_end_of_its_log_and_what_to_do(checkout: Path) -> None:
    told = run_dev(checkout, "run", "--version", env=NO_INDEX)
    assert (told.returncode, told.stdout) == (1, "")
    log = checkout / ".dev/log/pip.log"
    assert told.stderr.splitlines()[-1] == (
        "Is the Python package index reachable? Start again when it is."
        f" The whole output is in {log}"
    )
    assert f"    {log.read_text().splitlines()[-1]}" in told.stderr.splitlines()
    assert not (checkout / ".venv/.unfinished").exists()


def dnf_headers() -> str:
    headers = "gcc pkgconf-pkg-config libvirt-devel"
    return headers if HAS_HEADERS else f"{headers} python3-devel"


def test_dnf_installs_headers_from_the_builder_repository_or_the_ready_made_module(
    checkout: Path, machine: BareMachine
) -> None:
    machine.program("id", "echo 0")
    repositories = "echo 'repo id  repo name  status'; echo 'crb-debug x'; echo 'crb  EL 9 - CRB'"
    machine.recorded("dnf", f'[ "$2" = repolist ] || exit 1; {repositories}')
    told = run_dev(checkout, "run", "--version", env=machine.env)
    assert machine.calls == [
        f"dnf install -y {dnf_headers()}",
        "dnf -q repolist --all",
        f"dnf install -y --enablerepo=crb {dnf_headers()}",
        "dnf install -y python3-libvirt",
        "dnf -q repolist --all",
        "dnf install -y --enablerepo=crb python3-libvirt",
    ]
    assert told.returncode == 1
    assert f"Could not install {dnf_headers()}: is the package archive" in told.stderr


def apt_headers() -> str:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    headers = "gcc libc6-dev pkg-config libvirt-dev"
    return headers if HAS_HEADERS else f"{headers} python{version}-dev"


def test_apt_is_asked_once_refreshed_and_asked_again(checkout: Path, machine: BareMachine) -> None:
    machine.program("id", "echo 0")
    machine.recorded("apt-get", '[ "$4" = update ]')
    told = run_dev(checkout, "run", "--version", env=machine.env)
    options = "apt-get -y -o DPkg::Lock::Timeout=300"
    wanted = f"{options} install --no-install-recommends"
    assert machine.calls == [
        f"{wanted} {apt_headers()}",
        f"{options} update",
        f"{wanted} {apt_headers()}",
        f"{wanted} python3-libvirt",
        f"{options} update",
        f"{wanted} python3-libvirt",
    ]
    assert told.returncode == 1


def test_an_account_with_sudo_installs_through_it(checkout: Path, machine: BareMachine) -> None:
    machine.program("id", "echo 1000")
    machine.recorded("sudo", '[ "$1" = -n ]')
    machine.recorded("apt-get")
    run_dev(checkout, "run", "--version", env=machine.env)
    assert machine.calls[:2] == [
        "sudo -n true",
        "sudo env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l apt-get -y"
        f" -o DPkg::Lock::Timeout=300 install --no-install-recommends {apt_headers()}",
    ]


@pytest.mark.parametrize("sudo", ["no sudo", "a sudo that would ask"])
def test_an_account_that_may_not_install_is_told_the_command(
    checkout: Path, machine: BareMachine, sudo: str
) -> None:
    machine.program("id", "echo 1000")
    machine.recorded("apt-get")
    if sudo != "no sudo":
        machine.program("sudo", "exit 1")
    told = run_dev(checkout, "run", "show", "bridges", "--json", env=machine.env)
    assert (told.returncode, told.stdout, machine.calls) == (1, "", [])
    assert told.stderr.splitlines()[-1] == (
        "Packages are missing and this account may not install them. As root, run: "
        f" apt-get install --no-install-recommends {apt_headers()}  and start again."
    )


def test_a_system_with_neither_apt_nor_dnf_is_told_what_is_missing(
    checkout: Path, machine: BareMachine
) -> None:
    told = run_dev(checkout, "run", env=machine.env)
    assert told.returncode == 1
    assert f"calls them: {apt_headers()}). This system has neither apt-get nor dnf" in told.stderr


def test_a_machine_without_a_new_enough_python_is_offered_one(
    checkout: Path, machine: BareMachine
) -> None:
    machine.program("python3", "exit 1")
    machine.program("id", "echo 0")
    machine.recorded("dnf")
    told = run_dev(checkout, "run", env=machine.env)
    asked = [call for call in machine.calls if "install" in call]
    assert asked == [f"dnf install -y {name}" for name in ("python3", "python3.12", "python3.11")]
    assert "kvmnet-tui needs Python 3.11 or newer: install one" in told.stderr


@pytest.mark.parametrize(("check", "test", "status"), [(0, 0, 0), (1, 0, 1), (0, 1, 1), (1, 1, 1)])
def test_ci_runs_both_and_the_tests_closing_line_comes_last(
    tmp_path: Path, check: int, test: int, status: int
) -> None:
    (tmp_path / ".ci").mkdir()
    shutil.copy2(ROOT / ".ci/run", tmp_path / ".ci/run")
    dev = tmp_path / "dev"
    dev.write_text(
        "#!/bin/sh\n"
        f"[ $1 = check ] && {{ echo checked >&2; exit {check}; }}\n"
        f'echo "setting up" >&2; echo "CI is $CI: 3 passed in 0.1s"; exit {test}\n'
    )
    dev.chmod(0o755)
    done = subprocess.run(
        ["bash", ".ci/run"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == status
    lines = done.stdout.splitlines()
    assert (lines[0], lines[-1]) == ("checked", "CI is true: 3 passed in 0.1s")
