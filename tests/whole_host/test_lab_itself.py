"""The lab: a host is reached through the NIC under test, and knows the program."""

import pytest

from tests.support.labs import requires_lab
from tests.support.whole_host import Another

pytestmark = requires_lab("whole-host")


@pytest.fixture(params=["networkmanager_hosts", "ifupdown_hosts"])
def another(request: pytest.FixtureRequest) -> Another:
    hosts: Another = request.getfixturevalue(request.param)
    return hosts


def test_the_session_runs_over_the_nic_whose_manager_the_program_names(another: Another) -> None:
    with another() as host, host.session() as session:
        assert session.ask("echo $SSH_CONNECTION").startswith("10.0.2.2 ")
        assert "default via 10.0.2.2 dev ens32" in session.ask("ip route")
        owner = {"networkmanager": "NetworkManager", "ifupdown": "ifupdown"}[host.kind.name]
        shown = session.ask("kvmnet-tui show links --json")
        assert owner in shown
