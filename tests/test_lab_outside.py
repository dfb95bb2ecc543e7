"""What a lab leaves outside its namespaces: nothing, while it runs and however it ends."""

import json
import subprocess
import sys

import pytest

from tests.support.lab import ROOT
from tests.support.labs import requires_lab

pytestmark = requires_lab("namespaces")

MACHINE = (
    "unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
)  # fmt: skip


@pytest.mark.parametrize(
    ("victim", "status"),
    [("none", -15), ("outer", -9), ("first", -9), ("host", -15), ("program", -9)],
)
def test_nothing_outside_changes_and_nothing_stays_when_a_process_dies(
    victim: str, status: int
) -> None:
    done = subprocess.run(
        [*MACHINE, sys.executable, "-m", "tests.support.lab_outside", victim],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["during"] == seen["before"]
    assert seen["after"] == seen["before"]
    assert seen["status"] == status
