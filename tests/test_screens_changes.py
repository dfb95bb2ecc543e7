"""A change on trial, as its user sees it: countdown, proof, and what keys do."""

import time
from dataclasses import replace

from kvmnet_tui.change.requests import CancelChange, ConfirmChange, ExtendChange, UndoChange
from kvmnet_tui.model.change import ChangeState, ChangeStatus, LogLine, ProbeStatus
from kvmnet_tui.model.state import HostState
from kvmnet_tui.requests.nics import ChangeNic
from tests.support import pictures
from tests.support.screens import Stage, on_stage

ON_TRIAL = ChangeStatus(
    id="20261124-195200",
    title="Bridge virbr1 on ens32",
    state=ChangeState.TRIAL,
    backend="ifcfg",
    began=1_790_000_000.0,
    window_seconds=120.0,
    interruption_seconds=0.006,
    probes=(
        ProbeStatus("carrier", "ens32", before=True, now=True),
        ProbeStatus("gateway", "192.168.200.2", before=True, now=True),
        ProbeStatus("dns", "192.168.200.3", before=False),
    ),
    guard_alive=True,
    log=(LogLine(1_790_000_001.5, "applied"),),
    diff="--- ifcfg-ens32\n+++ ifcfg-ens32\n+BRIDGE=virbr1",
    commands=("ip link set ens32 master virbr1",),
    by_hand=("service network restart",),
    rollback_script="/run/kvmnet-tui/20261124-195200/rollback.sh",
)


def host_with(change: ChangeStatus) -> HostState:
    deadline = time.time() + 87 if change.state is ChangeState.TRIAL else 0.0
    return replace(pictures.course_host(), changes=(replace(change, deadline=deadline),))


async def open_trial(stage: Stage) -> None:
    await stage.press("T")
    await stage.sees("What the guard sees")


async def test_every_screen_reminds_of_a_trial_and_leads_to_it() -> None:
    async with on_stage(host_with(ON_TRIAL), (100, 30)) as stage:
        await stage.sees("Bridge virbr1 on ens32 is on trial, taken back in 8")
        await open_trial(stage)
        for text in (
            "unless you keep it",
            "gateway 192.168.200.2 answers",
            "failed before too",
            "6 ms",
            "/run/kvmnet-tui/20261124-195200/rollback.sh",
            "Open a new SSH session",
        ):
            assert text in stage.text, text
        await stage.press("escape")
        await stage.sees("Networks")


async def test_without_the_proof_it_is_kept_only_by_typing_the_hosts_name() -> None:
    async with on_stage(host_with(ON_TRIAL), (100, 30)) as stage:
        await open_trial(stage)
        assert "keep anyway" in stage.text
        await stage.press("k")
        await stage.sees("No new login has been seen")
        await stage.press("n", "o", "enter")
        await stage.sees("This is not kvm.")
        assert stage.host.requests == []
        await stage.press("backspace", "backspace", *stage.app.state.host, "enter")
        await stage.until(lambda: stage.host.requests)
        assert stage.host.requests == [ConfirmChange(ON_TRIAL.id, anyway=True)]


async def test_with_the_proof_it_is_kept_after_a_question() -> None:
    async with on_stage(host_with(replace(ON_TRIAL, new_login=True)), (100, 30)) as stage:
        await open_trial(stage)
        await stage.sees("new sessions work")
        await stage.press("k")
        await stage.sees("every boot brings it up like this")
        await stage.press("escape", "k", "enter")
        await stage.until(lambda: stage.host.requests)
        assert stage.host.requests == [ConfirmChange(ON_TRIAL.id)]


async def test_whoever_keeps_it_is_told_what_no_longer_works() -> None:
    silent = replace(ON_TRIAL.probes[1], now=False)
    for new_login in (False, True):
        lost = replace(ON_TRIAL, probes=(silent,), new_login=new_login)
        async with on_stage(host_with(lost), (100, 30)) as stage:
            await open_trial(stage)
            await stage.press("k")
            await stage.sees("FAILS: gateway 192.168.200.2 answers")


async def test_it_is_extended_and_taken_back_by_a_key() -> None:
    async with on_stage(host_with(ON_TRIAL), (100, 30)) as stage:
        await open_trial(stage)
        await stage.press("e")
        await stage.until(lambda: len(stage.host.requests) == 1)
        await stage.press("b")
        await stage.until(lambda: len(stage.host.requests) == 2)
        assert stage.host.requests == [ExtendChange(ON_TRIAL.id, 60), CancelChange(ON_TRIAL.id)]


async def test_what_is_over_can_only_be_read() -> None:
    ended = replace(ON_TRIAL, state=ChangeState.ROLLED_BACK, problem="The gateway fell silent.")
    async with on_stage(host_with(ended), (100, 30)) as stage:
        await stage.press("8")
        await stage.sees("taken back")
        await stage.press("enter")
        await stage.sees("The gateway fell silent.")
        await stage.press("T")
        await stage.sees("No change is on trial.")


async def test_the_end_of_a_trial_is_seen_on_its_screen() -> None:
    async with on_stage(host_with(ON_TRIAL), (100, 30)) as stage:
        await open_trial(stage)
        await stage.show(host_with(replace(ON_TRIAL, state=ChangeState.COMMITTED)))
        await stage.sees("kept")
        assert "unless you keep it" not in stage.text


async def test_whoever_may_not_see_changes_is_not_told_that_there_are_none() -> None:
    hidden = replace(pictures.course_host(), changes=(), changes_hidden=True)
    async with on_stage(hidden, (100, 30)) as stage:
        await stage.press("8")
        await stage.sees("Only root may see the changes of this host: use sudo.")


KEPT = replace(ON_TRIAL, state=ChangeState.COMMITTED, top_device="virbr1", can_undo=True)


async def test_a_bridge_that_was_kept_leads_to_a_network_on_it() -> None:
    async with on_stage(host_with(KEPT), (100, 30)) as stage:
        await stage.press("8", "t")
        await stage.sees("define a network on it")
        await stage.press("n")
        await stage.sees("New network")
        await stage.press("enter")
        await stage.sees("Which bridge are guests plugged into?")
        assert "(●) virbr1" in stage.text


async def test_a_bridge_that_was_kept_leads_to_guests_moved_to_it() -> None:
    async with on_stage(host_with(KEPT), (100, 30)) as stage:
        await stage.press("8", "t")
        await stage.sees("move guests")
        await stage.press("m")
        await stage.sees("Move guests' NICs to virbr1")
        await stage.press("space", "enter")
        await stage.sees("What would be moved")
        await stage.press("enter")
        await stage.until(lambda: stage.host.requests)
        (request,) = stage.host.requests
        assert isinstance(request, ChangeNic)
        assert dict(request.settings)["source"].name == "virbr1"


async def test_what_was_kept_is_undone_after_a_question() -> None:
    async with on_stage(host_with(KEPT), (100, 30)) as stage:
        await stage.press("8", "u")
        await stage.sees("Undo \u201cBridge virbr1 on ens32\u201d?")
        await stage.press("enter")
        await stage.until(lambda: stage.host.requests)
        assert stage.host.requests == [UndoChange(KEPT.id)]
