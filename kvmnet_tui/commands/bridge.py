"""`kvmnet-tui bridge VERB`: bridges made, filled, emptied and removed; the session survives."""

import argparse

from kvmnet_tui.change.wishes import (
    AddPort,
    BackendName,
    CreateBridge,
    DeleteBridge,
    RemovePort,
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

Said = argparse.Namespace


def add_arguments(parser: argparse.ArgumentParser, options: argparse.ArgumentParser) -> None:
    """The verbs."""
    verbs = parser.add_subparsers(
        dest="verb", required=True, metavar=_("VERB"), title=_("what to do")
    )

    def verb(name: str, text: str) -> argparse.ArgumentParser:
        made = verbs.add_parser(
            name, parents=[options], allow_abbrev=False, help=text, description=text
        )
        made.add_argument("name", metavar=_("NAME"), help=_("the bridge"))
        add_trial_arguments(made)
        return made

    create = verb("create", _("make a bridge on a NIC, which gives it its address"))
    create.add_argument("--uplink", required=True, metavar=_("LINK"), help=_("the way out"))
    add_address_arguments(create)
    add_bridge_arguments(create)
    delete = verb("delete", _("remove a bridge and give its address back to a port"))
    delete.add_argument("--heir", default="", metavar=_("LINK"), help=_("the port that gets it"))
    for name, text in (
        ("add-port", _("put a link into a bridge")),
        ("remove-port", _("take a link out of a bridge")),
    ):
        verb(name, text).add_argument("port", metavar=_("LINK"), help=_("the port"))


def run(said: Said, shop: Shop) -> int:
    """Do what was said; the exit status."""
    return carry_out(said, shop, lambda: _wish(said))


def _wish(said: Said) -> Wish:
    backend = BackendName(said.backend)
    if said.verb == "create":
        bridge = bridge_of(said, said.name)
        return CreateBridge(bridge, said.uplink, addressing_of(said), backend)
    if said.verb == "delete":
        return DeleteBridge(said.name, said.heir, backend)
    if said.verb == "add-port":
        return AddPort(said.name, said.port, backend)
    return RemovePort(said.name, said.port, backend)
