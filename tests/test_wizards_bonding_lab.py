"""The bond's wizard at a terminal under the kernel that has bonding, with a bridge on top."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.labs import requires_lab
from tests.support.uml import run_in_uml
from tests.support.uml_change import ADDRESS

pytestmark = requires_lab("uml")


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    outbox = tmp_path_factory.mktemp("wizard")
    status = run_in_uml(["-m", "tests.support.uml_wizard", "/run/outbox"], outbox, 240)
    assert status == 0, (outbox / "console").read_text(errors="replace")[-4000:]
    found: dict[str, str] = json.loads((Path(outbox) / "seen.json").read_text())
    return found


def links(text: str) -> dict[str, dict[str, Any]]:
    return {one["ifname"]: one for one in json.loads(text)}


def addresses(link: dict[str, Any]) -> list[str]:
    return [one["local"] for one in link["addr_info"] if one["family"] == "inet"]


def test_bond_and_bridge_are_made_in_one_go(seen: dict[str, str]) -> None:
    assert "ip link add bond0 type bond mode active-backup miimon 100" in seen["preview"]
    assert "prove that ens36 reaches 10.1.1.1" in seen["trial"]
    made = links(seen["made"])
    assert addresses(made["virbr1"]) == [ADDRESS]
    assert [made[name]["master"] for name in ("bond0", "ens32", "ens36")] == [
        "virbr1", "bond0", "bond0",
    ]  # fmt: skip


def test_the_address_comes_back_down_as_they_are_removed(seen: dict[str, str]) -> None:
    without_bridge = links(seen["without bridge"])
    assert "virbr1" not in without_bridge
    assert addresses(without_bridge["bond0"]) == [ADDRESS]
    assert "ens36" in seen["bonds"]
    without_bond = links(seen["without bond"])
    assert "bond0" not in without_bond
    assert addresses(without_bond["ens32"]) == [ADDRESS]
