"""`kvmnet-tui bond show|watch|drill|history`: bonds without a screen."""

import argparse
import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path

from kvmnet_tui.codec import decode, encode
from kvmnet_tui.commands import bond_change
from kvmnet_tui.commands.shop import (
    DONE,
    REFUSED,
    Shop,
    confirmed,
    finish,
    print_json,
    print_lines,
    print_text,
    refuse,
)
from kvmnet_tui.complaint import complain
from kvmnet_tui.i18n import _
from kvmnet_tui.model.drill import DrillReport, How
from kvmnet_tui.model.failovers import Failover
from kvmnet_tui.model.state import SourceName
from kvmnet_tui.requests import Outcome, RequestError
from kvmnet_tui.requests.bonds import RunDrill

NEEDS = (SourceName.KERNEL, SourceName.BONDING)


def add_arguments(parser: argparse.ArgumentParser, options: argparse.ArgumentParser) -> None:
    """The verbs."""
    verbs = parser.add_subparsers(
        dest="verb", required=True, metavar=_("VERB"), title=_("what to do")
    )

    def verb(name: str, text: str) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = verbs.add_parser(
            name, parents=[options], allow_abbrev=False, help=text, description=text
        )
        return made

    show = verb("show", _("print all bonds, or one in detail"))
    _name(show)
    _json(show)
    watch = verb("watch", _("print what happens to bonds, one event a line"))
    _name(watch)
    watch.add_argument(
        "--json", dest="as_json", action="store_true", help=_("print one JSON object a line")
    )
    watch.add_argument(
        "--bell", action="store_true", help=_("ring the terminal at every failover (also OSC 9)")
    )
    _add_drill(verb("drill", _("take a member down, measure the failover, bring it back")))
    _add_history(verb("history", _("print the failovers and drills that were kept")))

    def change(name: str, text: str) -> argparse.ArgumentParser:
        made = verb(name, text)
        made.add_argument("name", metavar=_("NAME"), help=_("the bond"))
        return made

    bond_change.add_verbs(change)


def _name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", metavar=_("BOND"), help=_("only this bond"))


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", dest="as_json", action="store_true", help=_("print JSON"))


def _add_drill(drill: argparse.ArgumentParser) -> None:
    add = drill.add_argument
    add("name", metavar=_("BOND"), help=_("the bond to try"))
    add("--member", metavar=_("LINK"), default="", help=_("which member; else the active one"))
    add(
        "--target",
        metavar=_("ADDRESS"),
        action="append",
        default=[],
        help=_("an address to probe beside the gateway; may be said again"),
    )
    add("--pull", action="store_true", help=_("wait for the cable to be pulled instead"))
    add("--stay", action="store_true", help=_("do not move the traffic back afterwards"))
    add("--interval", metavar=_("MS"), type=int, default=10, help=_("time between probes, in ms"))
    add("--dry-run", action="store_true", help=_("only say what would be done, or why not"))
    add("--yes", action="store_true", help=_("do not ask"))
    add("--svg", metavar=_("FILE"), help=_("write the report's picture there as well"))
    _json(drill)


def _add_history(history: argparse.ArgumentParser) -> None:
    add = history.add_argument
    add("name", nargs="?", metavar=_("BOND|DRILL"), help=_("only this bond, or one drill's report"))
    add("--svg", action="store_true", help=_("print a drill's picture"))
    _json(history)


def run(said: argparse.Namespace, shop: Shop) -> int:
    """Do what was said; the exit status."""
    if said.verb in bond_change.VERBS:
        return bond_change.run(said, shop)
    return _VERBS[said.verb](said, shop)


def _show(said: argparse.Namespace, shop: Shop) -> int:
    from kvmnet_tui.show import Request as ShowRequest  # noqa: PLC0415 - each verb loads its own
    from kvmnet_tui.show import ShowError, show  # noqa: PLC0415

    try:
        return show(shop.make_controller, ShowRequest("bonds", said.name or "", said.as_json))
    except ShowError as error:
        complain(str(error))
        return REFUSED


def _watch(said: argparse.Namespace, shop: Shop) -> int:
    from kvmnet_tui.present.bond_detail import is_about_bond  # noqa: PLC0415
    from kvmnet_tui.watch import watch  # noqa: PLC0415

    name = said.name or ""
    watch(
        shop.make_controller,
        as_json=said.as_json,
        only=lambda state, entry: is_about_bond(state, entry, name),
        bell=said.bell,
    )
    return DONE


# Drills.


def _drill(said: argparse.Namespace, shop: Shop) -> int:
    how = How.PULL if said.pull else How.DOWN
    targets = tuple(said.target)
    give_back = not said.stay
    request = RunDrill(said.name, said.member, targets, how, give_back, said.interval)
    try:
        lines = _dry_run(shop, request)
    except RequestError as error:
        return refuse(error)
    if said.dry_run:
        print_lines(lines)
        return DONE
    if not said.yes and not _agreed(lines):
        return REFUSED
    return finish(lambda: _run_drill(shop, request, said.svg), as_json=said.as_json)


def _agreed(lines: tuple[str, ...]) -> bool:
    for line in lines:
        complain(line)
    return confirmed(_("Begin the drill?"))


def _dry_run(shop: Shop, request: RunDrill) -> tuple[str, ...]:
    from kvmnet_tui.drill.plan import make_plan, refusals  # noqa: PLC0415
    from kvmnet_tui.drill.surroundings import read_surroundings  # noqa: PLC0415
    from kvmnet_tui.present.drill_plan import plan_lines  # noqa: PLC0415

    state = shop.state(NEEDS)
    around = read_surroundings()
    reasons = refusals(state, around, request)
    if reasons:
        raise RequestError(reasons[0], reasons[1:])
    return plan_lines(make_plan(state, around, request))


def _run_drill(shop: Shop, request: RunDrill, svg: str | None) -> Outcome:
    from kvmnet_tui.present.drill_svg import report_svg  # noqa: PLC0415

    outcome = shop.ask(lambda _state: request, NEEDS)
    if svg:
        report: DrillReport = decode(DrillReport, outcome.record)
        try:
            Path(svg).write_text(report_svg(report), encoding="utf-8")
        except OSError as error:
            complain(f"{svg}: {error.strerror or error}")
    return outcome


# History.


def _history(said: argparse.Namespace, shop: Shop) -> int:  # noqa: ARG001
    from kvmnet_tui.history.reports import report_in  # noqa: PLC0415
    from kvmnet_tui.history.store import ROOTS_FOLDER, History, merged, state_folder  # noqa: PLC0415

    folders = dict.fromkeys((ROOTS_FOLDER, state_folder()))
    histories = [History(folder) for folder in folders]
    reports = {report.name: report for one in histories for report in one.reports()}
    report = reports.get(said.name or "")
    if report is not None:
        form = "svg" if said.svg else "json" if said.as_json else "text"
        print_text(report_in(report, form).rstrip("\n"))
        return DONE
    failovers = merged(one.failovers() for one in histories)
    shown = [one for one in failovers if said.name in (None, one.bond)]
    drills = [one for one in reports.values() if said.name in (None, one.bond)]
    if said.name and not (shown or drills):
        told = _("Nothing is kept of a bond or drill called {name}.")
        return refuse(RequestError(told.format(name=said.name)))
    if said.as_json:
        print_json(
            {
                "failovers": [_failover_record(one) for one in shown],
                "drills": [encode(dataclasses.replace(one, steps=())) for one in drills],
            }
        )
        return DONE
    _print_history(shown, drills)
    return DONE


def _print_history(shown: list[Failover], drills: list[DrillReport]) -> None:
    from kvmnet_tui.present.drill_report import drills_table  # noqa: PLC0415
    from kvmnet_tui.present.failovers import failovers_table  # noqa: PLC0415
    from kvmnet_tui.present.listing import section_lines, unpainted  # noqa: PLC0415

    print_lines(section_lines((failovers_table(shown), drills_table(drills)), unpainted))


def _failover_record(one: Failover) -> dict[str, object]:
    from kvmnet_tui.present.units import iso_time  # noqa: PLC0415

    def time(at: float) -> str | None:
        return iso_time(at) if at else None

    return {
        "bond": one.bond,
        "mode": one.mode or None,
        "member": one.member,
        "took_over": one.took_over or None,
        "cause": one.cause.value,
        "lost": time(one.lost_at),
        "noticed": time(one.noticed_at),
        "moved": time(one.moved_at),
        "announced": time(one.announced_at),
        "restored": time(one.restored_at),
        "detection_ms": one.detection_ms,
        "total_ms": one.total_ms,
        "out_seconds": one.out_seconds,
    }


_VERBS: Mapping[str, Callable[[argparse.Namespace, Shop], int]] = {
    "show": _show,
    "watch": _watch,
    "drill": _drill,
    "history": _history,
}
