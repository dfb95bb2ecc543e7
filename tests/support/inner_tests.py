"""Tests that run under User-Mode Linux (see uml.py), each reported under its own name outside.

The kernel is booted once and runs the inner tests that were asked for.
"""

import os
import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType

import pytest

from tests.support.uml import REPOSITORY, run_in_uml

Cases = Mapping[str, list[ET.Element]]
PYTEST = (
    "-m", "pytest", "--quiet", "--color=no", "-p", "no:cacheprovider",
    "--junitxml=/run/outbox/junit.xml", "-o", "junit_family=xunit1",
)  # fmt: skip


class InnerTests:
    """The tests of a module, and their results; the outer tests' parameter is called `inner`."""

    def __init__(self, module: ModuleType) -> None:
        self.names = [name for name in vars(module) if name.startswith("test_")]
        self._path = Path(str(module.__file__)).relative_to(REPOSITORY)

    def run(self, request: pytest.FixtureRequest, outbox: Path, timeout: float) -> Cases:
        """The results by function name, of those inner tests that the outer module is to report."""
        wanted = [f"{self._path}::{name}" for name in self._wanted(request)]
        environment = {name: os.environ[name] for name in ("CI",) if name in os.environ}
        run_in_uml([*PYTEST, *wanted], outbox, timeout, environment)
        results = outbox / "junit.xml"
        if not results.exists():
            pytest.fail((outbox / "console").read_text(errors="replace"), pytrace=False)
        cases: defaultdict[str, list[ET.Element]] = defaultdict(list)
        for case in ET.parse(results).iter("testcase"):
            cases[case.attrib["name"].partition("[")[0]].append(case)
        return cases

    def _wanted(self, request: pytest.FixtureRequest) -> list[str]:
        selected = {
            item.callspec.params.get("inner")
            for item in request.session.items
            if isinstance(item, pytest.Function)
            and hasattr(item, "callspec")
            and item.getparent(pytest.Module) is request.node
        }
        return [name for name in self.names if name in selected]


def report(cases: list[ET.Element]) -> None:
    """Fail with what an inner test complained of; print what it measured (see `pytest -rP`)."""
    assert cases, "the inner run has no result for it"
    complaints = [text for case in cases for text in _complaints(case)]
    if complaints:
        pytest.fail("\n".join(complaints), pytrace=False)
    for case in cases:
        for found in case.iter("property"):
            print(f"{found.attrib['name']}: {found.attrib['value']}")


def _complaints(case: ET.Element) -> Iterator[str]:
    for problem in case:
        if problem.tag in {"failure", "error", "skipped"}:
            yield f"{case.attrib['name']}: {problem.text or problem.attrib.get('message', '')}"
