import subprocess
import sys
from collections.abc import Iterator

import pytest

from kvmnet_tui import __version__
from kvmnet_tui.arguments import Arguments, parse
from tests.support.surroundings import surroundings


@pytest.fixture(autouse=True)
def fixed_surroundings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("LIBVIRT_DEFAULT_URI", raising=False)
    monkeypatch.setenv("LANGUAGE", "en")
    with surroundings():
        yield


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("", Arguments()),
        ("--read-only", Arguments(read_only=True)),
        ("-c test:///default -r", Arguments(uri="test:///default", read_only=True)),
        ("--connect=qemu+ssh://h/system", Arguments(uri="qemu+ssh://h/system")),
        ("--lab show bridges --json", Arguments("show", "bridges", as_json=True, lab=True)),
        ("show bridges --json --lab", Arguments("show", "bridges", as_json=True, lab=True)),
        ("show guests centos6.5", Arguments("show", "guests", "centos6.5")),
        ("show links -c test:///default", Arguments("show", "links", uri="test:///default")),
        ("-c test:///default show links", Arguments("show", "links", uri="test:///default")),
        ("watch --json", Arguments("watch", as_json=True)),
        ("-r watch", Arguments("watch", read_only=True)),
        ("--host-or-lab", Arguments(host_or_lab=True)),
        ("--lab --notice why", Arguments(lab=True, notice="why")),
        ("--lang en show networks 网络", Arguments("show", "networks", "网络")),
    ],
)
def test_options_mean_the_same_before_and_after_the_command(line: str, meant: Arguments) -> None:
    assert parse(line.split()) == meant


def test_the_environment_names_the_libvirt_unless_the_command_line_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LIBVIRT_DEFAULT_URI", "test:///default")
    assert parse([]).uri == "test:///default"
    assert parse(["-c", "qemu:///session"]).uri == "qemu:///session"


@pytest.mark.parametrize(
    "line",
    [
        "frobnicate",
        "show",
        "show everything",
        "show links a b",
        "--connect",
        "--lang",
        "--no-such-option",
        "--rea",
        "watch bridges",
        "--lab -c test:///default",
        "--lang tlh",
        "show \x1b[31m",
    ],
)
def test_bad_arguments_get_one_sentence_and_status_2(
    line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(line.split(" "))
    assert ended.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("kvmnet-tui: ")
    assert err.count("\n") == 1
    assert err.rstrip("\n").isprintable()


def test_help_names_every_command_and_option(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(["--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    for word in ("show", "watch", "--connect", "--read-only", "--lang", "--lab", "--version"):
        assert word in text
    assert "--host-or-lab" not in text


@pytest.mark.parametrize(("argument", "status"), [("--version", 0), ("--bogus", 2), ("show", 2)])
def test_version_and_bad_arguments_load_no_screen_and_no_library(
    argument: str, status: int
) -> None:
    code = (
        "import sys\n"
        "from kvmnet_tui.__main__ import run\n"
        "try:\n    run(sys.argv[1:])\n"
        "except SystemExit as end:\n"
        "    print(end.code, *[name for name in ('textual', 'libvirt', 'pyroute2', 'asyncio')"
        " if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, argument], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == str(status)


def test_the_version_is_printed_as_a_line() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "kvmnet_tui", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"kvmnet-tui {__version__}\n"
