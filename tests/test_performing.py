"""Requests: who performs them, how far they are in the picture, and what becomes of a crash."""

import asyncio
from dataclasses import dataclass

import pytest

from kvmnet_tui.events import SourceChanged
from kvmnet_tui.model.state import Phase, SourceName, SourceStatus
from kvmnet_tui.model.tasks import TaskPhase
from kvmnet_tui.requests import Context, Outcome, Performers, Request, RequestError
from tests.support.live import live_host


@dataclass(frozen=True)
class Restart(Request):
    """A request of a test."""

    name: str = "default"

    @property
    def title(self) -> str:
        return f"Restart {self.name}"


@dataclass(frozen=True)
class Look(Restart):
    """A request that changes nothing."""

    changes = False


def performed_by(perform: object) -> "dict[str, object]":
    return {"performers": lambda: {Restart: perform, Look: perform}}


async def does_it(request: Restart, context: Context) -> Outcome:
    context.tell("half way")
    return Outcome(f"{request.name} was restarted.", ("one guest",))


async def refuses(request: Restart, context: Context) -> Outcome:
    raise RequestError("There is no such network.", ("look again",))


async def breaks(request: Restart, context: Context) -> Outcome:
    raise ZeroDivisionError("a bug")


async def test_a_request_is_a_task_of_the_picture_from_begin_to_end() -> None:
    go_on = asyncio.Event()

    async def waits(request: Restart, context: Context) -> Outcome:
        context.tell("half way")
        await go_on.wait()
        return Outcome("done", ("one guest",))

    async with live_host(**performed_by(waits)) as host:  # type: ignore[arg-type]
        asking = asyncio.create_task(host.controller.perform(Restart()))
        state = await host.until(lambda now: now.tasks and now.tasks[-1].told)
        task = state.tasks[-1]
        assert (task.title, task.phase, task.told) == (
            "Restart default",
            TaskPhase.RUNNING,
            "half way",
        )
        go_on.set()
        assert (await asking).sentence == "done"
        state = await host.until(lambda now: now.tasks[-1].phase is TaskPhase.DONE)
        assert state.tasks[-1].details == ("one guest",)
        assert state.tasks[-1].ended >= state.tasks[-1].began


async def test_a_refusal_is_raised_and_shown() -> None:
    async with live_host(**performed_by(refuses)) as host:  # type: ignore[arg-type]
        with pytest.raises(RequestError, match="no such network"):
            await host.controller.perform(Restart())
        state = await host.until(lambda now: now.tasks[-1].phase is TaskPhase.FAILED)
        assert state.tasks[-1].sentence == "There is no such network."


async def test_a_crash_becomes_a_sentence() -> None:
    async with live_host(**performed_by(breaks)) as host:  # type: ignore[arg-type]
        with pytest.raises(RequestError, match=r"Restart default: .*ZeroDivisionError: a bug"):
            await host.controller.perform(Restart())


async def test_what_nobody_can_do_is_said() -> None:
    async with live_host() as host:
        with pytest.raises(RequestError, match="Nothing here can do this: Restart default"):
            await host.controller.perform(Restart())


async def test_read_only_refuses_changes_and_allows_looking() -> None:
    async with live_host(read_only=True, **performed_by(does_it)) as host:  # type: ignore[arg-type]
        with pytest.raises(RequestError, match="--read-only"):
            await host.controller.perform(Restart())
        assert (await host.controller.perform(Look())).sentence == "default was restarted."


async def test_giving_up_ends_the_task() -> None:
    async def waits(request: Restart, context: Context) -> Outcome:
        await asyncio.Event().wait()
        raise AssertionError

    async with live_host(**performed_by(waits)) as host:  # type: ignore[arg-type]
        asking = asyncio.create_task(host.controller.perform(Restart()))
        await host.until(lambda now: now.tasks)
        asking.cancel()
        state = await host.until(lambda now: now.tasks[-1].phase is TaskPhase.FAILED)
        assert state.tasks[-1].sentence == "Given up."


async def test_a_performer_waits_for_what_the_picture_shows() -> None:
    async def waits(request: Restart, context: Context) -> Outcome:
        seen = await context.until(lambda now: bool(now.sources), 10.0)
        never = await context.until(lambda now: bool(now.links), 0.01)
        return Outcome(f"{seen} {never}")

    async with live_host(**performed_by(waits)) as host:  # type: ignore[arg-type]
        asking = asyncio.create_task(host.controller.perform(Restart()))
        await host.until(lambda now: now.tasks)
        host.controller.put(SourceChanged(SourceName.KERNEL, SourceStatus(Phase.LIVE)))
        assert (await asking).sentence == "True False"


async def test_performers_are_loaded_once_and_in_a_thread() -> None:
    loaded: list[bool] = []

    def load() -> Performers:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            loaded.append(True)
        return {Restart: does_it}

    async with live_host(performers=load) as host:
        await host.controller.perform(Restart())
        await host.controller.perform(Restart())
    assert loaded == [True]
