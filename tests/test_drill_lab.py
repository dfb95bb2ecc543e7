"""Failover drills on a real kernel: the tests of support/uml_drill.py, under User-Mode Linux.

The kernel is booted once and runs the inner tests that were asked for here; each is reported under
its own name, with what it had to say.
"""

import os
import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.support import uml_drill
from tests.support.labs import requires_lab
from tests.support.uml import REPOSITORY, UmlError, run_in_uml

pytestmark = requires_lab("uml")

INNER = Path(uml_drill.__file__).relative_to(REPOSITORY)
NAMES = [name for name in vars(uml_drill) if name.startswith("test_")]
TIMEOUT = 240.0
PYTEST = (
    "-m", "pytest", "--quiet", "--color=no", "-p", "no:cacheprovider",
    "--junitxml=/run/outbox/junit.xml", "-o", "junit_family=xunit1",
)  # fmt: skip

Cases = Mapping[str, list[ET.Element]]


@pytest.fixture(scope="module")
def inner_cases(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Cases:
    """The inner tests' results by function name."""
    outbox = tmp_path_factory.mktemp("uml")
    run_in_uml([*PYTEST, *_wanted(request.session)], outbox, TIMEOUT, _environment())
    results = outbox / "junit.xml"
    if not results.exists():
        pytest.fail((outbox / "console").read_text(errors="replace"), pytrace=False)
    cases: defaultdict[str, list[ET.Element]] = defaultdict(list)
    for case in ET.parse(results).iter("testcase"):
        cases[case.attrib["name"].partition("[")[0]].append(case)
    return cases


@pytest.mark.parametrize("inner", NAMES)
def test_under_a_kernel_with_bonding(inner: str, inner_cases: Cases) -> None:
    cases = inner_cases[inner]
    assert cases, "the inner run has no result for it"
    complaints = [text for case in cases for text in _complaints(case)]
    if complaints:
        pytest.fail("\n".join(complaints), pytrace=False)
    for case in cases:
        for found in case.iter("property"):
            print(f"{found.attrib['name']}: {found.attrib['value']}")  # `pytest -rP` shows it


def test_a_kernel_that_takes_too_long_is_ended_and_says_how_far_it_came(tmp_path: Path) -> None:
    forever = "import time; print('here I am', flush=True); time.sleep(600)"
    with pytest.raises(UmlError, match=r"no end within 5 s(.|\n)*here I am"):
        run_in_uml(["-c", forever], tmp_path, timeout=5)


def _wanted(session: pytest.Session) -> list[str]:
    """Node ids of the inner tests behind the outer ones that were selected."""
    selected = {
        item.callspec.params["inner"]
        for item in session.items
        if isinstance(item, pytest.Function) and item.function is test_under_a_kernel_with_bonding
    }
    return [f"{INNER}::{name}" for name in NAMES if name in selected]


def _environment() -> Mapping[str, str]:
    return {name: os.environ[name] for name in ("CI",) if name in os.environ}


def _complaints(case: ET.Element) -> Iterator[str]:
    for problem in case:
        if problem.tag in {"failure", "error", "skipped"}:
            yield f"{case.attrib['name']}: {problem.text or problem.attrib.get('message', '')}"
