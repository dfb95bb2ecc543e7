"""Failover drills on a real kernel: the tests of support/uml_drill.py, under User-Mode Linux."""

import pytest

from tests.support import uml_drill
from tests.support.inner_tests import Cases, InnerTests, report
from tests.support.labs import requires_lab

pytestmark = requires_lab("uml")

INNER = InnerTests(uml_drill)


@pytest.fixture(scope="module")
def cases(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Cases:
    return INNER.run(request, tmp_path_factory.mktemp("uml"), timeout=240)


@pytest.mark.parametrize("inner", INNER.names)
def test_under_a_kernel_with_bonding(inner: str, cases: Cases) -> None:
    report(cases[inner])
