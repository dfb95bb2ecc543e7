"""Committed files come up with ifupdown's own ifup: the tests of support/uml_ifupdown.py."""

import pytest

from tests.support import uml_ifupdown
from tests.support.ifupdown import unpacked
from tests.support.inner_tests import Cases, InnerTests, report
from tests.support.labs import requires_lab

pytestmark = requires_lab("uml")

INNER = InnerTests(uml_ifupdown)


@pytest.fixture(scope="module")
def cases(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Cases:
    unpacked()
    return INNER.run(request, tmp_path_factory.mktemp("uml"), timeout=300)


@pytest.mark.parametrize("inner", INNER.names)
def test_with_ifupdown(inner: str, cases: Cases) -> None:
    report(cases[inner])
