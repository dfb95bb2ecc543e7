"""Reading 4,000 ports over 40 bridges into the model, against `brctl show` printing them."""

import json
import shutil
import sys

from tests.bench.figure import Figure, compared, times_floor
from tests.bench.host import Host, populate
from tests.bench.measures.memory import BRIDGES, PORTS_EACH
from tests.bench.programs import ROOT, Bench

NAME = "dump of 4,000 ports"


def measure(bench: Bench) -> list[Figure]:
    """In a process inside the host, since the model lives in a process that is already there."""
    if not shutil.which("brctl"):
        return [Figure(NAME, "ms", budget=times_floor(4), note="brctl (bridge-utils) is missing")]
    with Host() as host:
        populate(host, BRIDGES, PORTS_EACH)
        reader = f"cd {ROOT} && exec {sys.executable} -m tests.bench.reader {bench.times(11, 5)}"
        taken = json.loads(host.run("sh", "-c", reader))
    ours, brctl = taken["ours"], taken["brctl"]
    return [compared(NAME, "ms", ours, brctl, "brctl show", times_floor(4))]
