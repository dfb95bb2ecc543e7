"""Committed files come up with ifupdown's own ifup: the tests of support/uml_ifupdown.py.

They run under User-Mode Linux, booted once, for bonds and VLANs need its kernel.
"""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.support import uml_ifupdown
from tests.support.ifupdown import unpacked
from tests.support.labs import requires_lab
from tests.support.uml import REPOSITORY, run_in_uml

pytestmark = requires_lab("uml")

INNER = Path(uml_ifupdown.__file__).relative_to(REPOSITORY)
NAMES = [name for name in vars(uml_ifupdown) if name.startswith("test_")]
PYTEST = (
    "-m", "pytest", "--quiet", "--color=no", "-p", "no:cacheprovider",
    "--junitxml=/run/outbox/junit.xml", "-o", "junit_family=xunit1", str(INNER),
)  # fmt: skip


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> list[ET.Element]:
    """The results of the inner tests."""
    unpacked()
    outbox = tmp_path_factory.mktemp("ifupdown")
    run_in_uml(PYTEST, outbox, 300.0, {"CI": "false"})
    results = outbox / "junit.xml"
    assert results.exists(), (outbox / "console").read_text(errors="replace")
    return list(ET.parse(results).iter("testcase"))


@pytest.mark.parametrize("inner", NAMES)
def test_with_ifupdown(inner: str, cases: list[ET.Element]) -> None:
    found = [case for case in cases if case.attrib["name"].partition("[")[0] == inner]
    assert found, "the inner run has no result for it"
    said = [bad.text or "" for case in found for bad in case if bad.tag in ("failure", "error")]
    if said:
        pytest.fail("\n".join(said), pytrace=False)
