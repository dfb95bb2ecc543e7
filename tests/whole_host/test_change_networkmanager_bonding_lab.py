"""Bonds of NetworkManager's, under the kernel that has bonding: made, bridged and undone."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.labs import requires_lab
from tests.support.uml import run_in_uml
from tests.support.uml_change_nm import ADDRESS, GATEWAY

pytestmark = [requires_lab("uml"), requires_lab("networkmanager")]


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the host was like before each case and after each of its commands."""
    outbox = tmp_path_factory.mktemp("changes")
    status = run_in_uml(["-m", "tests.support.uml_change_nm", "/run/outbox"], outbox, 600)
    assert status == 0, (outbox / "console").read_text(errors="replace")[-3000:]
    found: dict[str, Any] = json.loads(Path(outbox, "changes.json").read_text())
    return found


def steps_of(cases: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Before the case and after each of its commands, all of which succeeded."""
    steps: list[dict[str, Any]] = cases[name]
    for step in steps[1:]:
        assert step["said"]["status"] == 0, step["said"]
    return steps


def addressed(step: dict[str, Any]) -> list[str]:
    return [name for name, link in step["links"].items() if ADDRESS in link["addresses"]]


def host_of(step: dict[str, Any]) -> dict[str, Any]:
    """What it is like, but for the metrics, which NetworkManager deals out anew each time."""
    routes = [re.sub(r" metric \d+", "", route) for route in step["routes"]]
    return {key: value for key, value in step.items() if key != "said"} | {"routes": routes}


def test_bond_vlan_and_bridge_are_kept_and_undone_as_one_change(cases: dict[str, Any]) -> None:
    before, tried, kept, undone, gone = steps_of(cases, "stack")
    for step in (tried, kept):
        links = step["links"]
        assert addressed(step) == ["virbr1"]
        assert links["bond0.7"]["master"] == "virbr1"
        assert (links["ens32"]["master"], links["ens36"]["master"]) == ("bond0", "bond0")
        assert links["bond0"]["mac"] == before["links"]["ens32"]["mac"]
    assert tried["files"] == before["files"]
    assert len(kept["files"]) == 6
    # On trial the undo leaves the files alone, and a reboot would bring the bond again.
    assert undone["files"] == kept["files"]
    assert {**host_of(undone), "files": before["files"]} == host_of(before)
    assert host_of(gone) == host_of(before)


def test_an_idle_member_on_the_wrong_switch_ends_it_before_the_session_moves(
    cases: dict[str, Any],
) -> None:
    before, refused = cases["wrong-switch"]
    assert refused["said"]["status"] == 2
    assert f"{GATEWAY} does not answer on ens36" in refused["said"]["err"]
    assert refused["is_reached"]
    assert host_of(refused) == host_of(before)


def test_a_bridge_on_a_bond_keeps_the_bonds_members(cases: dict[str, Any]) -> None:
    bond, bridge, cancelled = steps_of(cases, "on-a-bond")
    assert addressed(bond) == ["bond0"]
    links = bridge["links"]
    assert addressed(bridge) == ["virbr1"]
    assert links["bond0"]["master"] == "virbr1"
    for member in ("ens32", "ens36"):
        assert (links[member]["master"], links[member]["mii"]) == ("bond0", "UP")
    assert bridge["is_reached"]
    assert bridge["files"] == bond["files"]
    assert host_of(cancelled) == host_of(bond)
