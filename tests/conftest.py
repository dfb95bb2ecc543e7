"""What every test shares: missing labs, leak guards, Hypothesis profiles."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.support import labs, leaks

# Labs share the two cores with the properties: a deadline would measure the neighbours.
settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if labs.is_ci() else "local")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test whose lab cannot run here is skipped with the reason; with CI=true it fails."""
    for mark in item.iter_markers("lab"):
        reason = labs.why_missing(mark.args[0])
        if reason is None:
            continue
        message = f"the lab {mark.args[0]} cannot run: {reason}"
        if labs.is_ci():
            pytest.fail(message, pytrace=False)
        pytest.skip(message)


@pytest.fixture(scope="session", autouse=True)
def nothing_outlives_the_run() -> Iterator[None]:
    """The last thing of all: what session and module fixtures made is gone too."""
    leaks.mark_this_run()
    before = leaks.take()
    yield
    _complain(leaks.left_behind(before), "this test run")


@pytest.fixture(autouse=True)
def nothing_outlives_a_lab_test(
    request: pytest.FixtureRequest, nothing_outlives_the_run: None
) -> Iterator[None]:
    """A lab test takes away what it made."""
    if request.node.get_closest_marker("lab") is None:
        yield
        return
    before = leaks.take()
    yield
    _complain(leaks.left_behind(before), request.node.name)


def _complain(left: dict[str, list[str]], by: str) -> None:
    if left:
        listed = "; ".join(f"{kind}: {', '.join(names)}" for kind, names in left.items())
        pytest.fail(f"{by} left behind {listed}", pytrace=False)
