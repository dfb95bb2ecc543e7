"""Makes the README's pictures anew: `.venv/bin/python -m tests.support.readme_pictures`.

Boots a kernel that has bonding (User-Mode Linux), runs the embedded lab in it and the real
program in the lab, pulls a cable of the bond, and photographs every screen into `.pictures/`.
"""

import shutil
import tempfile
from pathlib import Path

from tests.support.uml import REPOSITORY, run_in_uml

FOLDER = REPOSITORY / ".pictures"
TIMEOUT_SECONDS = 300.0
CAMERA = ("-m", "tests.support.readme_camera", "kernel")


def main() -> None:
    """Make every picture, then replace the old ones together."""
    with tempfile.TemporaryDirectory(prefix="kvmnet-tui-") as folder:
        outbox = Path(folder)
        environment = {"PYTHONPATH": str(REPOSITORY), "TZ": "UTC"}
        if run_in_uml(CAMERA, outbox, TIMEOUT_SECONDS, environment) != 0:
            raise SystemExit((outbox / "console").read_text(errors="replace"))
        FOLDER.mkdir(exist_ok=True)
        for picture in sorted(outbox.glob("*.svg")):
            shutil.copyfile(picture, FOLDER / picture.name)
            print(f"{FOLDER.name}/{picture.name}: {picture.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
