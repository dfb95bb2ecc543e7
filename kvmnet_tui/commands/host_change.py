"""What the commands that change the host's own networking share: arguments, preview, trial."""

import argparse
import dataclasses
from collections.abc import Callable

from kvmnet_tui.change.facts import HostFacts
from kvmnet_tui.change.findings import Verdict
from kvmnet_tui.change.plan import Plan
from kvmnet_tui.change.planner import PlanError, make_plan
from kvmnet_tui.change.preflight import findings
from kvmnet_tui.change.preview import command_lines, diff, fingerprint
from kvmnet_tui.change.requests import ReadFacts, StartChange
from kvmnet_tui.change.wishes import Addressing, AddressMode, BackendName, BridgeSpec, Wish
from kvmnet_tui.commands.change import how_to_go_on
from kvmnet_tui.commands.shop import (
    DONE,
    REFUSED,
    Shop,
    confirmed,
    print_json,
    print_lines,
    print_text,
    refuse,
    tell,
)
from kvmnet_tui.complaint import complain
from kvmnet_tui.i18n import _
from kvmnet_tui.model.state import SourceName
from kvmnet_tui.requests import Outcome, Request, RequestError

Said = argparse.Namespace

USUAL_DELAY = 15  # seconds, the kernel's own
_SIGNS = {Verdict.OK: "+", Verdict.WARNING: "!", Verdict.BLOCKED: "X"}


def add_trial_arguments(parser: argparse.ArgumentParser) -> None:
    """How it is tried, and who keeps it."""
    add = parser.add_argument
    names = [one.value for one in BackendName]
    add("--backend", choices=names, default="auto", metavar="|".join(names),
        help=_("who keeps it; auto: whoever manages the link now"))  # fmt: skip
    add("--window", type=int, default=0, metavar=_("SECONDS"),
        help=_("time to confirm; 120 if not said"))  # fmt: skip
    add("--dry-run", action="store_true", help=_("print what would be done, and do nothing"))
    add("--json", dest="as_json", action="store_true", help=_("print JSON"))
    add("--yes", action="store_true", help=_("do not ask"))


def add_address_arguments(parser: argparse.ArgumentParser) -> None:
    """Where the address comes from."""
    add = parser.add_argument
    add("--address", action="append", metavar=_("inherit|dhcp|none|CIDR"),
        help=_("the uplink's own if not said; or DHCP, none, addresses"))  # fmt: skip
    add(
        "--gateway",
        action="append",
        default=[],
        metavar=_("IP"),
        help=_("with a CIDR: the way out"),
    )
    add("--dns", action="append", default=[], metavar=_("IP"), help=_("with a CIDR: a name server"))
    add("--no-ipv6", action="store_true", help=_("switch IPv6 off there"))


def add_bridge_arguments(parser: argparse.ArgumentParser) -> None:
    """A bridge's own options."""
    add = parser.add_argument
    add("--stp", action="store_true", help=_("with spanning tree"))
    add("--delay", type=int, metavar=_("SECONDS"), help=_("forward delay with --stp"))
    add("--vlan-filtering", action="store_true", help=_("with VLAN filtering"))
    add("--mtu", type=int, default=0, metavar=_("N"), help=_("instead of the uplink's"))
    add("--mac", default="", metavar=_("MAC"), help=_("instead of the uplink's"))


def addressing_of(said: Said) -> Addressing:
    """What the address arguments say; RequestError where they contradict each other."""
    words = said.address or ["inherit"]
    modes = {mode.value: mode for mode in AddressMode if mode is not AddressMode.STATIC}
    if len(words) == 1 and words[0] in modes:
        if said.gateway or said.dns:
            raise RequestError(_("--gateway and --dns go with an address of your own."))
        return Addressing(modes[words[0]], ipv6=not said.no_ipv6)
    for word in words:
        if "/" not in word:
            told = _("{word} is no address with prefix.")
            raise RequestError(told.format(word=word))
    return Addressing(
        AddressMode.STATIC, tuple(words), tuple(said.gateway), tuple(said.dns), not said.no_ipv6
    )


def bridge_of(said: Said, name: str) -> BridgeSpec:
    """What the bridge arguments say; RequestError where they contradict each other."""
    if said.delay is not None and not said.stp:
        raise RequestError(_("--delay goes with --stp."))
    delay = USUAL_DELAY if said.delay is None else said.delay
    return BridgeSpec(
        name,
        stp=said.stp,
        delay=delay if said.stp else 0,
        mac=said.mac.lower(),
        mtu=said.mtu,
        vlan_filtering=said.vlan_filtering,
    )


def carry_out(said: Said, shop: Shop, make: Callable[[], Wish]) -> int:
    """Preview a wish, ask, and start its trial; the exit status."""
    try:
        wish = make()
        facts = _ask(shop, ReadFacts()).record
        plan = _planned(wish, facts, said)
        if said.dry_run:
            return _preview(wish, facts, plan, said)
        seen = ""
        if not said.yes:
            if not said.as_json:
                _preview(wish, facts, plan, said)
                seen = fingerprint(plan)
            if not confirmed(_("Try this now?")):
                return REFUSED
        outcome = _ask(shop, StartChange(wish, said.window, seen))
    except RequestError as error:
        return refuse(error)
    record = {"id": outcome.record, "title": plan.title, "window_seconds": plan.window_seconds}
    details = how_to_go_on(outcome.record)
    tell(dataclasses.replace(outcome, details=details, record=record), as_json=said.as_json)
    return DONE


def _ask(shop: Shop, request: Request) -> Outcome:
    """Have it done; libvirt tells whose guests and networks are hit, where there is one."""
    return shop.ask(lambda _state: request, needs=(SourceName.KERNEL,), hears=(SourceName.LIBVIRT,))


def _planned(wish: Wish, facts: HostFacts, said: Said) -> Plan:
    for one in findings(wish, facts):
        if one.verdict is Verdict.WARNING and not (said.dry_run or said.as_json):
            complain(one.text)
    try:
        return make_plan(wish, facts, window=said.window)
    except PlanError as error:
        raise RequestError(error.sentence, error.details) from error


def _preview(wish: Wish, facts: HostFacts, plan: Plan, said: Said) -> int:
    checks = findings(wish, facts)
    if said.as_json:
        print_json(_record(plan, [(one.verdict.value, one.text) for one in checks]))
        return DONE
    interruption = f"{plan.expected_interruption_seconds:g}"
    print_lines(
        (
            plan.title,
            _("Interruption: about {seconds} s.").format(seconds=interruption),
            _("Taken back after {seconds} s unless confirmed.").format(
                seconds=round(plan.window_seconds)
            ),
            *(_("Affected: {what}").format(what=one) for one in plan.affected),
            *(f"{_SIGNS[one.verdict]} {one.text}" for one in checks),
            "",
        )
    )
    patch = diff(plan)
    if patch:
        print_text(patch)
    print_lines(("", *command_lines(plan), "", _("Undo by hand:"), *plan.by_hand))
    return DONE


def _record(plan: Plan, checks: list[tuple[str, str]]) -> dict[str, object]:
    return {
        "title": plan.title,
        "backend": plan.backend,
        "interruption_seconds": plan.expected_interruption_seconds,
        "window_seconds": plan.window_seconds,
        "affected": list(plan.affected),
        "preflight": [{"verdict": verdict, "text": text} for verdict, text in checks],
        "diff": diff(plan),
        "commands": list(command_lines(plan)),
        "undo_by_hand": list(plan.by_hand),
    }
