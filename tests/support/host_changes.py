"""The changes of the course's host, as every manager's backend has to write them."""

import difflib
from collections.abc import Iterable

from kvmnet_tui.change.backends.layout import (
    Addresses,
    FileEdit,
    Freed,
    Joined,
    Kind,
    Layout,
    Made,
    Method,
)

MAC = "00:0c:29:96:3a:c5"
CIDR, GATEWAY = "192.168.200.132/24", "192.168.200.2"
INHERITED = Addresses(Method.INHERIT, "ens32", (CIDR,), (GATEWAY,), (GATEWAY,))
DHCP = Addresses(Method.DHCP, "ens32")
STATIC = Addresses(Method.STATIC, "ens32", ("192.168.200.200/24",), (GATEWAY,), (GATEWAY,))
BACKUP = (("mode", "active-backup"), ("miimon", "100"))


def bridge_on_nic(addresses: Addresses) -> Layout:
    bridge = Made("virbr1", Kind.BRIDGE, addresses=addresses, mac=MAC)
    return Layout((bridge,), (Joined("ens32", "virbr1", Kind.BRIDGE),))


def members(bond: str) -> tuple[Joined, ...]:
    return (Joined("ens36", bond, Kind.BOND), Joined("ens32", bond, Kind.BOND))


def bond() -> Layout:
    made = Made("bond0", Kind.BOND, addresses=INHERITED, mac=MAC, options=BACKUP)
    return Layout((made,), members("bond0"))


def bond_under_bridge() -> Layout:
    return Layout(
        (
            Made("bond0", Kind.BOND, "virbr1", mac=MAC, options=BACKUP),
            Made("virbr1", Kind.BRIDGE, addresses=INHERITED, mac=MAC),
        ),
        members("bond0"),
    )


def bond_under_vlan_under_bridge() -> Layout:
    return Layout(
        (
            Made("bond0", Kind.BOND, mac=MAC, options=BACKUP),
            Made("bond0.100", Kind.VLAN, "virbr1", parent="bond0", vlan=100),
            Made("virbr1", Kind.BRIDGE, addresses=INHERITED, mac=MAC),
        ),
        members("bond0"),
    )


def bridge_on_bond() -> Layout:
    inherited = Addresses(Method.INHERIT, "bond0", (CIDR,), (GATEWAY,), (GATEWAY,))
    bridge = Made("virbr1", Kind.BRIDGE, addresses=inherited, mac=MAC)
    return Layout((bridge,), (Joined("bond0", "virbr1", Kind.BRIDGE, "bond"),))


def removed_bridge() -> Layout:
    back = Addresses(Method.INHERIT, "virbr1", (CIDR,), (GATEWAY,))
    return Layout(freed=(Freed("ens32", "virbr1", back),), removed=("virbr1",))


def removed_bond() -> Layout:
    back = Addresses(Method.INHERIT, "bond0", (CIDR,), (GATEWAY,))
    freed = (Freed("ens32", "bond0", back), Freed("ens36", "bond0"))
    return Layout(freed=freed, removed=("bond0",))


def added_port() -> Layout:
    return Layout(joined=(Joined("ens36", "virbr1", Kind.BRIDGE),))


def removed_port() -> Layout:
    return Layout(freed=(Freed("ens36", "virbr1"),))


def added_member() -> Layout:
    return Layout(joined=(Joined("ens40", "bond0", Kind.BOND),))


def removed_member() -> Layout:
    return Layout(freed=(Freed("ens36", "bond0"),))


def diff(edits: Iterable[FileEdit]) -> str:
    """The edits as one patch, in the order in which they are written."""
    return "".join(_diff(edit) for edit in edits)


def _diff(edit: FileEdit) -> str:
    before, after = (text or "" for text in (edit.before, edit.after))
    return "".join(
        difflib.unified_diff(
            before.splitlines(keepends=True),
            after.splitlines(keepends=True),
            "/dev/null" if edit.before is None else edit.path,
            "/dev/null" if edit.after is None else edit.path,
        )
    )


def after(files: dict[str, str], edits: Iterable[FileEdit]) -> dict[str, str]:
    """The files once the edits are made."""
    now = dict(files)
    for edit in edits:
        assert now.get(edit.path) == edit.before
        if edit.after is None:
            del now[edit.path]
        else:
            now[edit.path] = edit.after
    return now
