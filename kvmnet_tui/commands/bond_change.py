"""The verbs of `kvmnet-tui bond` that change something."""

import argparse
from collections.abc import Callable

from kvmnet_tui.change.checks.bonds import MODES
from kvmnet_tui.change.wishes import (
    AddMember,
    BackendName,
    BondSpec,
    CreateBond,
    DeleteBond,
    RemoveMember,
    Wish,
)
from kvmnet_tui.commands.host_change import (
    add_address_arguments,
    add_bridge_arguments,
    add_trial_arguments,
    addressing_of,
    bridge_of,
    carry_out,
)
from kvmnet_tui.commands.shop import Shop
from kvmnet_tui.i18n import _
from kvmnet_tui.requests import RequestError

Said = argparse.Namespace
MakeVerb = Callable[[str, str], argparse.ArgumentParser]

VERBS = frozenset({"create", "delete", "add-member", "remove-member"})


def add_verbs(verb: MakeVerb) -> None:
    """`verb(name, text)` makes the parser of a verb, which has NAME already."""
    create = verb("create", _("make a bond, with a VLAN and a bridge on top if wanted"))
    _add_create_arguments(create)
    delete = verb("delete", _("remove a bond and give its address back to a member"))
    delete.add_argument("--heir", default="", metavar=_("LINK"), help=_("the member that gets it"))
    add_trial_arguments(delete)
    for name, text in (
        ("add-member", _("put a link into a bond")),
        ("remove-member", _("take a link out of a bond")),
    ):
        made = verb(name, text)
        made.add_argument("member", metavar=_("LINK"), help=_("the member"))
        add_trial_arguments(made)


def _add_create_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--member", action="append", required=True, metavar=_("LINK"), help=_("twice or more"))
    add("--mode", default="active-backup", metavar=_("MODE"), help=_("name or number, 0 to 6"))
    add("--miimon", type=int, default=100, metavar=_("MS"), help=_("100 if not said"))
    add("--updelay", type=int, default=0, metavar=_("MS"), help=_("before a member is used again"))
    add("--downdelay", type=int, default=0, metavar=_("MS"), help=_("before a member is given up"))
    add("--primary", default="", metavar=_("LINK"), help=_("the member that is preferred"))
    add("--option", action="append", default=[], metavar=_("NAME=VALUE"),
        help=_("any other option of the driver, such as lacp_rate=fast"))  # fmt: skip
    add("--vlan", type=int, metavar=_("ID"), help=_("a VLAN link on the bond"))
    add("--bridge", default="", metavar=_("NAME"), help=_("a bridge on top of all"))
    add_address_arguments(parser)
    add_bridge_arguments(parser)
    add_trial_arguments(parser)


def run(said: Said, shop: Shop) -> int:
    """Do what was said; the exit status."""
    return carry_out(said, shop, lambda: _wish(said))


def _wish(said: Said) -> Wish:
    backend = BackendName(said.backend)
    if said.verb == "delete":
        return DeleteBond(said.name, said.heir, backend)
    if said.verb == "add-member":
        return AddMember(said.name, said.member, backend)
    if said.verb == "remove-member":
        return RemoveMember(said.name, said.member, backend)
    if not said.bridge and (said.stp or said.delay is not None or said.vlan_filtering):
        raise RequestError(_("--stp, --delay and --vlan-filtering go with --bridge."))
    bond = BondSpec(
        said.name,
        tuple(said.member),
        mode_named(said.mode),
        said.miimon,
        said.updelay,
        said.downdelay,
        said.primary,
        tuple(_option(word) for word in said.option),
        mac="" if said.bridge else said.mac.lower(),
        mtu=0 if said.bridge else said.mtu,
    )
    bridge = bridge_of(said, said.bridge) if said.bridge else None
    return CreateBond(bond, said.vlan, bridge, addressing_of(said), backend)


def mode_named(word: str) -> str:
    """A mode by its name or the number that the course calls it by; raises RequestError."""
    if word in MODES:
        return word
    if word.isdecimal() and int(word) < len(MODES):
        return MODES[int(word)]
    told = _("There is no mode {mode}: there are {modes}, or 0 to 6.")
    raise RequestError(told.format(mode=word, modes=", ".join(MODES)))


def _option(word: str) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    if not (equals and name and value):
        raise RequestError(_("{word} is not NAME=VALUE.").format(word=word))
    return name, value
