"""`python -m tests.bench [NAME...] [--quick] [--json FILE]`: measure, print a table and JSON."""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.bench.figure import Figure, as_json, as_table
from tests.bench.measures import dump, idle, memory, nics, pixels, silence, start, storm
from tests.bench.programs import Bench

MEASURES: dict[str, Callable[[Bench], list[Figure]]] = {
    "start": start.measure,
    "memory": memory.measure,
    "dump": dump.measure,
    "pixels": pixels.measure,
    "nics": nics.measure,
    "storm": storm.measure,
    "idle": idle.measure,
    "silence": silence.measure,
}


def main() -> None:
    """Run what was asked for; the exit status says nothing about time."""
    options = _options()
    if os.geteuid() != 0:
        _as_root_of_a_user_namespace()
    with tempfile.TemporaryDirectory(prefix="kvmnet-bench-") as home:
        figures = _measure(options.names or list(MEASURES), Bench(options.quick, Path(home)))
    if options.json == "-":
        print(as_json(figures))
        return
    print(as_table(figures))
    if options.json:
        Path(options.json).write_text(as_json(figures) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MEASURES))
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--json", metavar="FILE", help="write JSON there too; - prints it alone")
    options = parser.parse_args()
    unknown = set(options.names) - set(MEASURES)
    if unknown:
        parser.error(f"there is no measure called {min(unknown)}; {', '.join(MEASURES)} are")
    return options


def _as_root_of_a_user_namespace() -> None:
    shell = ["unshare", "--user", "--map-root-user", "--net"]
    inside = [*shell, sys.executable, "-m", "tests.bench"]
    os.execvp(inside[0], [*inside, *sys.argv[1:]])


def _measure(names: Sequence[str], bench: Bench) -> list[Figure]:
    figures: list[Figure] = []
    for name in names:
        began = time.monotonic()
        print(f"{name} ...", end=" ", file=sys.stderr, flush=True)
        figures += _figures(name, bench)
        print(f"{time.monotonic() - began:.0f} s", file=sys.stderr)
    return figures


def _figures(name: str, bench: Bench) -> list[Figure]:
    try:
        return MEASURES[name](bench)
    except Exception as error:  # noqa: BLE001 - one figure that cannot be taken spoils no other
        return [Figure(name, "", note=f"cannot be taken here: {type(error).__name__}: {error}")]


if __name__ == "__main__":
    main()
