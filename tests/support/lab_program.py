"""Runs any program in the embedded lab, as `kvmnet_tui/lab/start.py` runs kvmnet-tui."""

import os
import sys

from kvmnet_tui.lab.keeper import keep


def _program() -> None:
    os.execvp(sys.argv[1], sys.argv[1:])


sys.exit(keep(_program))
