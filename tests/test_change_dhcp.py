"""Whoever asked for an address by DHCP asks on the link that takes it over, and keeps the lease."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from kvmnet_tui.change.guard.steps import do_end
from kvmnet_tui.change.plan import Plan, end_step
from kvmnet_tui.change.planner import make_plan
from kvmnet_tui.change.preview import command_lines, rollback_script
from kvmnet_tui.change.wishes import (
    Addressing,
    AddressMode,
    BackendName,
    BridgeSpec,
    CreateBridge,
)
from tests.support.model_kernel import course_facts
from tests.test_change_files import IFCFG, IFUPDOWN

LEASED = {"/etc/network/interfaces": "auto ens32\niface ens32 inet dhcp\n"}


def plan_of(
    backend: BackendName,
    files: dict[str, str],
    mode: AddressMode = AddressMode.INHERIT,
    *,
    dhclient: bool = True,
) -> Plan:
    programs = frozenset({"dhclient"} if dhclient else ())
    facts = replace(course_facts(), files=files, hooks=frozenset({"bridge"}), programs=programs)
    wish = CreateBridge(BridgeSpec("virbr1"), "ens32", Addressing(mode), backend)
    return make_plan(wish, facts)


def test_the_courses_own_host_asks_on_the_bridge_in_the_trial() -> None:
    plan = plan_of(BackendName.IFCFG, IFCFG)
    asked = plan.trial[-1]["argv"]
    assert (asked[0], asked[-1]) == ("dhclient", "virbr1")
    ended = [step["pid_file"] for step in plan.commit if step["do"] == "end"]
    assert ended == ["/var/run/dhclient-ens32.pid"]
    called_off = [step["pid_file"] for step in plan.rollback if step["do"] == "end"]
    assert called_off == ["/var/run/dhclient-virbr1.pid"]
    assert plan.leased == ("ens32",)


def test_with_ifupdown_its_files_are_where_ifdown_looks_for_them() -> None:
    plan = plan_of(BackendName.IFUPDOWN, LEASED)
    asked = plan.trial[-1]["argv"]
    assert (asked[0], asked[-1]) == ("dhclient", "virbr1")
    assert "/run/dhclient.virbr1.pid" in asked
    assert "kill -9 $(cat /run/dhclient.virbr1.pid)" in rollback_script(plan)


def test_without_dhclient_ifupdowns_own_choice_of_client_asks() -> None:
    plan = plan_of(BackendName.IFUPDOWN, LEASED, dhclient=False)
    assert plan.trial[-1]["text"] == "iface virbr1 inet dhcp\n"
    shown = command_lines(plan)
    assert "echo 'iface virbr1 inet dhcp' | ifup --force -i /dev/stdin virbr1" in shown


def test_an_address_that_was_set_by_hand_stays_so() -> None:
    plan = plan_of(BackendName.IFUPDOWN, IFUPDOWN)
    assert not any(step["do"] == "run" for step in plan.trial)
    assert (plan.leased, [step for step in plan.commit if step["do"] == "end"]) == ((), [])


def test_who_wishes_for_dhcp_asks_although_nobody_did_before() -> None:
    plan = plan_of(BackendName.IFUPDOWN, IFUPDOWN, AddressMode.DHCP)
    assert plan.trial[-1]["argv"][0] == "dhclient"
    assert plan.leased == ()


@pytest.mark.parametrize(("link", "ends"), [("ens32", True), ("ens36", False)])
def test_only_the_client_of_that_very_link_is_ended(tmp_path: Path, link: str, ends: bool) -> None:
    script = "import time; print(flush=True); time.sleep(60)"
    with subprocess.Popen(
        [sys.executable, "-c", script, "ens32"], stdout=subprocess.PIPE
    ) as client:
        try:
            assert client.stdout is not None
            client.stdout.readline()
            pid_file = tmp_path / "client.pid"
            pid_file.write_text(f"{client.pid}\n")
            do_end(dict(end_step(str(pid_file), link)))
            if ends:
                client.wait(10)
            assert (client.poll() is not None) is ends
            assert pid_file.exists() is not ends
        finally:
            client.kill()
