"""What is said on stderr, where the answer itself is not."""

import sys

PROGRAM = "kvmnet-tui"


def complain(sentence: str) -> None:
    """One sentence on stderr, with the program's name before it."""
    from kvmnet_tui.present.text import clean  # noqa: PLC0415 - seldom needed

    sys.stderr.write(f"{PROGRAM}: {clean(sentence)}\n")
