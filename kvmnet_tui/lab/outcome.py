"""What the builder leaves for the program to read: that the lab is complete, or why it is not."""

import json
from pathlib import Path
from typing import NamedTuple

_FILE = Path("/run/kvmnet-tui/outcome.json")


class Outcome(NamedTuple):
    """`failure`: why there is no lab. `no_taps`: why taps had to be something else. "" for none."""

    failure: str = ""
    no_taps: str = ""


def tell(outcome: Outcome) -> None:
    """Say how the building ended."""
    unfinished = _FILE.with_suffix(".new")
    unfinished.write_text(json.dumps(outcome._asdict()))
    unfinished.rename(_FILE)


def told() -> Outcome | None:
    """How the building ended; None while it goes on."""
    try:
        return Outcome(**json.loads(_FILE.read_text()))
    except FileNotFoundError:
        return None
