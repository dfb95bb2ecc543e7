"""Files that somebody else edits while a change is tried: seen before it is kept or taken back."""

import json
from pathlib import Path
from typing import Any

import pytest

from kvmnet_tui.change.backends.layout import FileEdit
from kvmnet_tui.change.backends.together import in_order
from kvmnet_tui.change.guard.guarding import Guard
from kvmnet_tui.change.guard.host import Failed
from kvmnet_tui.change.guard.meddling import Meddling
from kvmnet_tui.change.plan import remove_step, write_step


def plan_of(*commit: Any, trial: tuple[Any, ...] = ()) -> dict[str, Any]:
    plan: dict[str, Any] = json.loads(json.dumps({"commit": commit, "trial": trial}))
    return plan


def guard_of(folder: Path, plan: dict[str, Any]) -> Guard:
    (folder / "plan.json").write_text(json.dumps(plan))
    (folder / "journal.json").write_text('{"state": "trial"}')
    return Guard(folder)


def test_what_the_commit_itself_makes_and_takes_away_again_is_in_nobodys_way(
    tmp_path: Path,
) -> None:
    ours, config = tmp_path / "drop-in", tmp_path / "ifcfg-ens32"
    config.write_text("old\n")
    plan = plan_of(
        write_step(str(ours), "finish\n", None),
        *in_order([FileEdit(str(config), "old\n", "new\n")]),
        remove_step(str(ours), "finish\n"),
    )
    guard_of(tmp_path, plan).check_commit()
    assert Meddling(plan).in_words(tmp_path) == ""


def test_a_file_that_was_edited_is_not_replaced_and_holds(tmp_path: Path) -> None:
    config = tmp_path / "ifcfg-ens32"
    config.write_text("theirs\n")
    plan = plan_of(*in_order([FileEdit(str(config), "old\n", "new\n")]))
    with pytest.raises(Failed, match="was changed by somebody else"):
        guard_of(tmp_path, plan).check_commit()
    told = Meddling(plan).in_words(tmp_path)
    assert told == f"Somebody else changed {config} meanwhile: what is there now holds."


def test_of_what_was_written_into_the_trials_own_files_a_copy_is_kept(tmp_path: Path) -> None:
    tried, folder = tmp_path / "virbr1.nmconnection", tmp_path / "change"
    folder.mkdir()
    plan = plan_of(trial=(write_step(str(tried), "ours\n", None),))
    assert Meddling(plan).ours == []  # it was not written yet
    tried.write_text("ours, edited\n")
    meddling = Meddling(plan)
    meddling.keep_copies(folder)
    assert (folder / "theirs-virbr1.nmconnection").read_text() == "ours, edited\n"
    assert str(tried) in meddling.in_words(folder)
