"""Whose session is at stake: by its variable, by sshd's socket, and never by a stale variable."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kvmnet_tui.change.session import Connection, connections, ends_of_session

HEADER = (
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  inode\n"
)
# Port 22 of 10.1.1.2, from 10.1.1.9; the same as mapped addresses; and of fd00::2.
IPV4 = "0: 0201010A:0016 0901010A:C366 01 0:0 00:0 0 0 0 4711 1\n"
LISTENING = "1: 00000000:0016 00000000:0000 0A 0:0 00:0 0 0 0 4712 1\n"
MAPPED = (
    "0: 0000000000000000FFFF00000201010A:0016 0000000000000000FFFF00000901010A:C366 01"
    " 0:0 00:0 0 0 0 4713 1\n"
)
IPV6 = (
    "1: 000000FD000000000000000002000000:0016 000000FD000000000000000009000000:C366 01"
    " 0:0 00:0 0 0 0 4714 1\n"
)
SEEN = Connection("10.1.1.2", 22, "10.1.1.9", 50022, "4711")


def kernel_of(root: Path, tcp: str, tcp6: str = "") -> None:
    folder = root / "proc/net"
    folder.mkdir(parents=True)
    (folder / "tcp").write_text(HEADER + tcp)
    (folder / "tcp6").write_text(HEADER + tcp6)


def process(root: Path, pid: int, parent: int, comm: str, **files: str) -> Path:
    folder = root / "proc" / str(pid)
    folder.mkdir(parents=True)
    (folder / "comm").write_text(f"{comm}\n")
    (folder / "stat").write_text(f"{pid} ({comm}) S {parent} 0 0")
    (folder / "environ").write_bytes(files.get("environ", "").encode())
    (folder / "fd").mkdir()
    return folder


def test_the_kernels_list_is_read_with_ipv4_ipv6_and_mapped_addresses(tmp_path: Path) -> None:
    kernel_of(tmp_path, IPV4 + LISTENING, MAPPED + IPV6)
    first, mapped, ipv6 = connections(tmp_path)
    assert first == SEEN
    assert (mapped.local, mapped.remote) == ("10.1.1.2", "10.1.1.9")
    assert (ipv6.local, ipv6.remote_port) == ("fd00::2", 50022)


@contextmanager
def talking() -> Iterator[tuple[int, int]]:
    """A real connection over the loopback; its ports."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            peer, _ = server.accept()
            with peer:
                yield client.getsockname()[1], port


def test_the_real_kernel_lists_a_connection_that_is_open() -> None:
    with talking() as (client, server):
        ports = {(one.local, one.local_port, one.remote_port) for one in connections(Path("/"))}
        assert ("127.0.0.1", server, client) in ports


def test_a_session_is_known_by_its_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel_of(tmp_path, IPV4)
    monkeypatch.setenv("SSH_CONNECTION", "10.1.1.9 50022 10.1.1.2 22")
    assert ends_of_session(tmp_path) == ("10.1.1.9", "10.1.1.2")


def test_a_variable_of_a_session_that_has_ended_gives_way_to_the_one_that_is_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel_of(tmp_path, IPV4)
    monkeypatch.setenv("SSH_CONNECTION", "192.168.7.7 40000 192.168.7.2 22")
    assert ends_of_session(tmp_path) == ("10.1.1.9", "10.1.1.2")


def test_without_a_variable_the_shell_above_or_sshd_s_socket_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSH_CONNECTION", raising=False)
    kernel_of(tmp_path, IPV4)
    process(tmp_path, os.getppid(), 4000, "sudo")
    sshd = process(tmp_path, 4000, 1, "sshd-session")
    (sshd / "fd" / "3").symlink_to("socket:[4711]")
    assert ends_of_session(tmp_path) == ("10.1.1.9", "10.1.1.2")
    (tmp_path / "proc/4000/comm").write_text("bash\n")
    (tmp_path / "proc/4000/environ").write_bytes(b"A=1\0SSH_CONNECTION=10.1.1.9 1 10.1.1.2 22\0")
    assert ends_of_session(tmp_path) == ("10.1.1.9", "10.1.1.2")


def test_on_a_console_no_session_is_at_stake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSH_CONNECTION", raising=False)
    kernel_of(tmp_path, IPV4)
    process(tmp_path, os.getppid(), 1, "login")
    process(tmp_path, 1, 0, "systemd")
    assert ends_of_session(tmp_path) == ("", "")


def test_the_program_finds_the_session_its_grandparent_has(tmp_path: Path) -> None:
    say = "from kvmnet_tui.change.session import ends_of_session; print(*ends_of_session())"
    environment = {**os.environ, "SSH_CONNECTION": "10.1.1.9 1 10.1.1.2 22", "SAY": say}
    inner = f'env -u SSH_CONNECTION {sys.executable} -c "$SAY"; true'
    done = subprocess.run(
        ["sh", "-c", inner], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["10.1.1.9", "10.1.1.2"]
