import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from kvmnet_tui.opening import choose
from tests.support.surroundings import surroundings


@pytest.fixture(autouse=True)
def fixed_surroundings() -> Iterator[None]:
    with surroundings():
        yield


@pytest.fixture
def sockets(tmp_path: Path) -> tuple[Path, Path]:
    return tmp_path / "libvirt-sock", tmp_path / "virtqemud-sock"


def test_without_a_daemon_the_lab_is_opened_and_the_reason_told(
    sockets: tuple[Path, Path],
) -> None:
    opening = choose(sockets)
    assert opening.lab
    assert "no libvirt daemon answers" in opening.reason
    assert str(sockets[1]) in opening.reason


@pytest.mark.parametrize("position", [0, 1])
def test_with_a_daemon_behind_either_socket_this_host_is_opened(
    sockets: tuple[Path, Path], position: int
) -> None:
    with socket.socket(socket.AF_UNIX) as daemon:
        daemon.bind(str(sockets[position]))
        daemon.listen()
        opening = choose(sockets)
    assert not opening.lab
    assert str(sockets[position]) in opening.reason


def test_a_socket_that_a_dead_daemon_left_behind_does_not_count(
    sockets: tuple[Path, Path],
) -> None:
    with socket.socket(socket.AF_UNIX) as daemon:
        daemon.bind(str(sockets[0]))
    assert choose(sockets).lab
