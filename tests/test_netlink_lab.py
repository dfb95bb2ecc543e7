"""Bonds, VLANs and filtering bridges on a kernel that has them, under User-Mode Linux.

The kernel is booted once and runs the tests of support/uml_links.py.
"""

from pathlib import Path

import pytest

from tests.support import uml_links
from tests.support.labs import requires_lab
from tests.support.uml import REPOSITORY, run_in_uml


@requires_lab("uml")
def test_bonds_vlans_and_spanning_trees_under_a_kernel_that_has_them(tmp_path: Path) -> None:
    inner = str(Path(uml_links.__file__).relative_to(REPOSITORY))
    status = run_in_uml(
        ["-m", "pytest", "--quiet", "--color=no", "-p", "no:cacheprovider", inner],
        tmp_path,
        timeout=180,
    )
    if status != 0:
        pytest.fail((tmp_path / "console").read_text(errors="replace"), pytrace=False)
