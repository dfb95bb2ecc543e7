"""What is found out and planned before NetworkManager is told of a change."""

from dataclasses import replace

import pytest

from kvmnet_tui.change.facts import AddressFact, HostFacts, NetworkManagerFact, Owner
from kvmnet_tui.change.findings import Verdict
from kvmnet_tui.change.planner import make_plan
from kvmnet_tui.change.preflight import findings
from kvmnet_tui.change.wishes import BackendName, BridgeSpec, CreateBridge
from tests.support.model_kernel import course_facts

OFFICE = "/etc/NetworkManager/system-connections/office.nmconnection"
STATIC = (
    "[connection]\nid=office\nuuid=17fb5987\ntype=ethernet\ninterface-name=ens32\nzone=internal\n"
)
LEASED = f"{STATIC}[ipv4]\nmethod=auto\n"
BRIDGE = CreateBridge(BridgeSpec("virbr1"), "ens32")
LEASE_STAYS = "virbr1 asks DHCP with the MAC and client id of ens32: the lease stays."


def managed(profile: str = LEASED, manager: NetworkManagerFact | None = None) -> HostFacts:
    """The course's host, its ens32 looked after by NetworkManager with this profile."""
    return replace(
        course_facts(),
        owners={"ens32": Owner("NetworkManager", "a test's", OFFICE)},
        files={OFFICE: profile},
        networkmanager=manager or NetworkManagerFact("1.42.4"),
    )


def said(facts: HostFacts, wish: CreateBridge = BRIDGE) -> dict[str, Verdict]:
    return {one.text: one.verdict for one in findings(wish, facts)}


def verdict_on(facts: HostFacts, beginning: str) -> Verdict | None:
    texts = said(facts)
    return next((texts[text] for text in texts if text.startswith(beginning)), None)


@pytest.mark.parametrize(
    ("version", "verdict"),
    [("1.18.8", Verdict.BLOCKED), ("1.20.0", None), ("1.42.4-1.fc38", None), ("", None)],
)
def test_without_profiles_that_a_reboot_forgets_there_is_no_trial(
    version: str, verdict: Verdict | None
) -> None:
    facts = managed(manager=NetworkManagerFact(version))
    assert verdict_on(facts, f"NetworkManager {version} cannot try a profile") is verdict


@pytest.mark.parametrize("backend", [BackendName.AUTO, BackendName.RUNTIME])
def test_a_checkpoint_under_way_is_in_the_way_whoever_keeps_the_change(
    backend: BackendName,
) -> None:
    wish = replace(BRIDGE, backend=backend)
    foreign = managed(manager=NetworkManagerFact("1.42.4", foreign=("/Checkpoint/7",)))
    assert any("/Checkpoint/7" in text for text, one in said(foreign, wish).items()
               if one is Verdict.BLOCKED)  # fmt: skip
    own = managed(manager=NetworkManagerFact("1.42.4", own=("/Checkpoint/7",)))
    assert said(own, wish)["Another change is under way on this host."] is Verdict.BLOCKED


def test_the_dhcp_server_is_asked_as_before_unless_the_client_id_hangs_on_the_profile() -> None:
    assert said(managed())[LEASE_STAYS] is Verdict.OK
    assert said(managed(f"{LEASED}dhcp-client-id=office-7\n"))[LEASE_STAYS] is Verdict.OK
    made_up = managed(f"{LEASED}dhcp-client-id=duid\n")
    assert verdict_on(made_up, "DHCP may give another address") is Verdict.WARNING
    other_mac = replace(BRIDGE, bridge=BridgeSpec("virbr1", mac="52:54:00:00:00:01"))
    assert any("has another MAC" in text for text in said(managed(), other_mac))
    assert LEASE_STAYS not in said(managed(f"{STATIC}[ipv4]\nmethod=manual\n"))


def test_an_ipv6_address_that_is_made_up_anew_is_warned_of() -> None:
    facts = managed()
    ens32 = facts.links["ens32"]
    given = AddressFact("2001:db8::7/64", 6, lifetimes=(600, 600))
    links = {**facts.links, "ens32": replace(ens32, addresses=(*ens32.addresses, given))}
    assert verdict_on(replace(facts, links=links), "ens32 has an IPv6") is Verdict.WARNING


def test_the_zone_of_the_profile_goes_along_and_one_by_name_does_not() -> None:
    facts = managed()
    assert (
        said(facts)["The firewall's zone internal goes with the address to virbr1."] is Verdict.OK
    )
    by_name = replace(facts, zones={"ens32": "work"})
    assert verdict_on(by_name, "ens32 is in the firewall zone work") is Verdict.WARNING


def test_only_a_profile_that_wants_a_lease_is_waited_for_in_a_way_of_its_own() -> None:
    leased, static = managed(), managed(f"{STATIC}[ipv4]\nmethod=manual\n")
    kinds = {name: [step["do"] for step in make_plan(BRIDGE, facts).rollback]
             for name, facts in (("leased", leased), ("static", static))}  # fmt: skip
    assert "lease" in kinds["leased"]
    assert "lease" not in kinds["static"]
    # The address is put back after the wait, whatever came of it.
    assert kinds["leased"].index("lease") < kinds["leased"].index("ip")
    assert make_plan(BRIDGE, leased).uplinks == ("ens32",)
