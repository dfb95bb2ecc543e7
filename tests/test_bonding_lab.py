"""Bonds on a real kernel with bonding: tests of support/uml_bonding.py, in User-Mode Linux."""

from pathlib import Path

import pytest

from tests.support import uml_bonding
from tests.support.inner_tests import Cases, InnerTests, report
from tests.support.labs import requires_lab
from tests.support.uml import UmlError, run_in_uml

pytestmark = requires_lab("uml")

INNER = InnerTests(uml_bonding)


@pytest.fixture(scope="module")
def cases(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Cases:
    return INNER.run(request, tmp_path_factory.mktemp("uml"), timeout=240)


@pytest.mark.parametrize("inner", INNER.names)
def test_under_a_kernel_with_bonding(inner: str, cases: Cases) -> None:
    report(cases[inner])


def test_a_kernel_that_takes_too_long_is_ended_and_says_how_far_it_came(tmp_path: Path) -> None:
    forever = "import time; print('here I am', flush=True); time.sleep(600)"
    with pytest.raises(UmlError, match=r"no end within 5 s(.|\n)*here I am"):
        run_in_uml(["-c", forever], tmp_path, timeout=5)
