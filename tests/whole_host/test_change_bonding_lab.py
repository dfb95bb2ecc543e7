"""Bonds made, filled and removed under the kernel that has bonding, on the NIC in use."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.labs import requires_lab
from tests.support.uml import run_in_uml
from tests.support.uml_change import ADDRESS

pytestmark = requires_lab("uml")


@pytest.fixture(scope="module")
def changes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    outbox = tmp_path_factory.mktemp("changes")
    status = run_in_uml(["-m", "tests.support.uml_change", "/run/outbox"], outbox, 600)
    assert status == 0, (outbox / "console").read_text(errors="replace")[-3000:]
    found: dict[str, Any] = json.loads(Path(outbox, "changes.json").read_text())
    return found


def ping_lost(said: str) -> int:
    """How many of the pings through the change, one each 20 ms, had no answer."""
    words = next(line for line in said.splitlines() if "received" in line).split()
    return int(words[0]) - int(words[3])


def test_a_bond_takes_the_session_over_and_gives_it_back(changes: dict[str, Any]) -> None:
    case = changes["bond"]
    assert case["made"]["status"] == 0, case["made"]["err"]
    links = case["links"]
    assert links["bond0"]["addresses"] == [ADDRESS]
    assert (links["ens32"]["master"], links["ens36"]["master"]) == ("bond0", "bond0")
    assert links["bond0"]["info"]["mode"] == "active-backup"
    assert links["bond0"]["info"]["miimon"] == 100
    assert links["bond0"]["mac"] == case["before"]["links"]["ens32"][1]
    assert case["answered"]
    assert case["exact"], (case["before"], case["after"])
    print(f"pings lost over bond and rollback: {ping_lost(case['ping'])}")


def test_bond_and_bridge_are_one_change(changes: dict[str, Any]) -> None:
    case = changes["bond-bridge"]
    assert case["made"]["status"] == 0, case["made"]["err"]
    links = case["links"]
    assert links["virbr1"]["addresses"] == [ADDRESS]
    assert links["bond0"]["master"] == "virbr1"
    assert links["bond0"]["addresses"] == []
    assert case["answered"]
    assert case["exact"], (case["before"], case["after"])


def test_a_vlan_between_them_is_part_of_the_same_change(changes: dict[str, Any]) -> None:
    case = changes["bond-vlan-bridge"]
    links = case["links"]
    assert links["bond0.7"]["master"] == "virbr1"
    assert links["virbr1"]["addresses"] == [ADDRESS]
    gateway = [one for one in case["change"]["probes"] if one["kind"] == "gateway"]
    assert gateway[0]["now"]
    assert case["exact"], (case["before"], case["after"])


def test_a_switch_that_does_not_tag_ends_it_before_the_session_moves(
    changes: dict[str, Any],
) -> None:
    case = changes["untagged-switch"]
    assert case["made"]["status"] == 2
    assert "10.1.1.1 does not answer on bond0.7" in case["made"]["err"]
    assert ping_lost(case["ping"]) == 0
    assert case["exact"], (case["before"], case["after"])


def test_an_idle_member_on_the_wrong_switch_ends_it_before_the_session_moves(
    changes: dict[str, Any],
) -> None:
    case = changes["wrong-switch"]
    assert case["made"]["status"] == 2
    assert "10.1.1.1 does not answer on bond0" in case["made"]["err"]
    assert ping_lost(case["ping"]) == 0
    assert case["exact"], (case["before"], case["after"])


def test_a_member_leaves_and_comes_back(changes: dict[str, Any]) -> None:
    case = changes["remove-member"]
    assert case["made"]["status"] == 0, case["made"]["err"]
    assert case["links"]["ens36"]["master"] == ""
    assert case["links"]["bond0"]["addresses"] == [ADDRESS]
    assert case["answered"]
    assert case["exact"], (case["before"], case["after"])


def test_a_bond_is_removed_and_its_address_goes_to_a_member(changes: dict[str, Any]) -> None:
    case = changes["delete-bond"]
    assert case["made"]["status"] == 0, case["made"]["err"]
    assert "bond0" not in case["links"]
    owners = [name for name, link in case["links"].items() if ADDRESS in link["addresses"]]
    assert len(owners) == 1
    assert owners[0] == "ens36"
    assert case["answered"]
    assert case["exact"], (case["before"], case["after"])


def test_without_an_lacp_partner_it_ends_before_the_session_moves(changes: dict[str, Any]) -> None:
    case = changes["no-lacp"]
    assert case["made"]["status"] == 2
    assert "ens36 hears no LACP partner within 20 s" in case["made"]["err"]
    assert ping_lost(case["ping"]) == 0
    assert case["exact"], (case["before"], case["after"])


def test_with_an_lacp_partner_both_members_carry(changes: dict[str, Any]) -> None:
    case = changes["lacp"]
    assert case["made"]["status"] == 0, case["made"]["err"]
    assert case["answered"]
    lacp = [probe["now"] for probe in case["change"]["probes"] if probe["kind"] == "lacp"]
    assert lacp == [True, True]
    assert case["exact"], (case["before"], case["after"])
