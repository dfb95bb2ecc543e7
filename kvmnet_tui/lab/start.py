"""What `enter` runs inside the new namespaces: `start.py ARGS`, ARGS being kvmnet-tui's own."""

import sys
from pathlib import Path

# The program may run from a bare checkout, which only its own start knew how to find.
sys.path.append(str(Path(__file__).parents[2]))

from kvmnet_tui.lab.keeper import keep, run_kvmnet_tui

sys.exit(keep(run_kvmnet_tui))
