"""The hosts of these tests: each kind boots once, each test has one of its own."""

from collections.abc import Iterator

import pytest

from tests.support.whole_host import Another, ready_hosts
from tests.support.whole_host_image import IFUPDOWN, NETWORKMANAGER


@pytest.fixture(scope="session")
def networkmanager_hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Another]:
    with ready_hosts(NETWORKMANAGER, tmp_path_factory.mktemp("networkmanager")) as another:
        yield another


@pytest.fixture(scope="session")
def ifupdown_hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Another]:
    with ready_hosts(IFUPDOWN, tmp_path_factory.mktemp("ifupdown")) as another:
        yield another
