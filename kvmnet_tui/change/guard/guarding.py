"""One change, from its begin to its end."""

from __future__ import annotations

import contextlib
import json
import shutil
import time
from pathlib import Path

from .disk import digest_of, digest_of_text, sync_folder, write_whole
from .host import Data, Failed, boottime, ip_json, link_named, run
from .journal import (
    APPLYING,
    ARMED,
    COMMITTED,
    COMMITTING,
    FINAL,
    PREPARED,
    REFUSED,
    ROLLBACK_FAILED,
    ROLLED_BACK,
    ROLLING_BACK,
    STATE,
    TRIAL,
    Journal,
)
from .logins import logins_since
from .meddling import Meddling, first_steps
from .probes import passes
from .snapshot import difference, take_snapshot, without_metrics
from .steps import DO, stage, staged
from .texts import _
from .third_line import ThirdLine
from .timer import end_timer, set_timer

KEPT_CHANGES = 20
TICK = 0.1  # seconds between looks at the verbs
PROBE_EVERY = 1.0
PREPARED_SECONDS = 30.0  # whoever starts a guard waits so long for it
BASELINE_TRIES = 4
VERIFY_SECONDS = 10.0
SETTLE_SECONDS = 0.5
COMMIT_TRIES = 3


class Guard:
    """One change, from its begin, or from wherever another guard left it, to its end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.plan: Data = json.loads((folder / "plan.json").read_text())
        self.journal = Journal(folder)
        self.last_answer: dict[int, float] = {}
        self.third_line = ThirdLine(self.journal, self.plan.get("uplinks", []))

    def go(self) -> None:
        """Do what the journal's state asks for until it is final."""
        if self.journal.state != PREPARED:
            self.journal.note(_("a new guard takes over"))
        while self.journal.state not in FINAL:
            {
                PREPARED: self.arm,
                ARMED: self.apply,
                APPLYING: self.give_up_applying,
                TRIAL: self.watch,
                COMMITTING: self.commit,
                ROLLING_BACK: self.roll_back,
            }[self.journal.state]()
        self.finish()

    def arm(self) -> None:
        """Nothing is touched unless the host is what the plan was made for, and somebody waits."""
        if boottime() > self.journal["prepared"] + PREPARED_SECONDS:
            self.journal.enter(REFUSED, problem=_("Its guard died before it began."))
            return
        changed = difference(self.plan["snapshot"], take_snapshot(self.plan["watched"]))
        if changed:
            said = _("The host has changed since the plan was made: {what}.")
            self.journal.enter(REFUSED, problem=said.format(what=changed))
            return
        before = [self.passed_before(probe) for probe in self.plan["probes"]]
        window = self.plan["window_seconds"]
        self.journal.enter(
            ARMED,
            before=before,
            now=[None] * len(before),
            deadline=boottime() + window,
            deadline_at=time.time() + window,
            masters={one["ifname"]: one["master"] for one in ip_json("link") if "master" in one},
        )
        self.keep_a_copy()
        self.time_it(window)

    def time_it(self, seconds: float) -> None:
        """Arm the timer that does not hang on this guard; going on without is better than not."""
        try:
            set_timer(self.folder, seconds)
        except Failed as failed:
            self.journal.note(_("no timer beside the guard: {reason}").format(reason=failed))

    def passed_before(self, probe: Data) -> bool:
        return any(passes(probe, applied=False) for _again in range(BASELINE_TRIES))

    def keep_a_copy(self) -> None:
        """What a reboot leaves of the change: its plan and its journal."""
        folder = STATE / self.folder.name
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(folder / "plan.json", (self.folder / "plan.json").read_text())
            self.journal.save()
            for place in (STATE, STATE.parent, STATE.parent.parent):
                sync_folder(place)
        except OSError as error:
            self.journal.note(_("no history is kept: {reason}").format(reason=error.strerror))
            return
        with contextlib.suppress(OSError):
            kept = sorted(path for path in STATE.iterdir() if path.is_dir())
            for path in kept[:-KEPT_CHANGES]:
                shutil.rmtree(path, ignore_errors=True)

    def apply(self) -> None:
        """Make it so; what does not work is taken back at once."""
        if boottime() >= self.journal["deadline"]:
            self.take_back(_("Its guard was dead until it was too late."))
            return
        self.journal.enter(APPLYING)
        self.third_line.set_up(self.plan["window_seconds"])
        try:
            for step in self.plan["trial"]:
                self.do(step)
        except (Failed, OSError) as failed:
            self.take_back(_("It could not be applied: {reason}.").format(reason=failed))
            return
        began = boottime()
        window = self.plan["window_seconds"]
        self.last_answer = {}
        self.journal.enter(
            TRIAL, began=began, deadline=began + window, deadline_at=time.time() + window
        )
        self.time_it(window)
        self.third_line.put_off(window)

    def do(self, step: Data) -> None:
        self.journal.note(step["say"] or step["do"])
        began = time.monotonic()
        DO[step["do"]](step)
        if step.get("moves"):
            self.journal.save(interruption=time.monotonic() - began)

    def give_up_applying(self) -> None:
        """A guard died in the middle of it: nobody knows how far it came."""
        self.take_back(_("The guard died while it applied the change."))

    def take_back(self, problem: str = "") -> None:
        self.journal.enter(ROLLING_BACK, problem=problem or self.journal["problem"] or "")

    # On trial.

    def watch(self) -> None:
        """Until somebody decides, or nobody has in time, or what worked works no more."""
        due = 0.0
        while self.journal.state == TRIAL:
            if boottime() >= self.journal["deadline"]:
                self.take_back(_("Nobody confirmed it in time."))
                return
            if boottime() >= due:
                due = boottime() + PROBE_EVERY
                self.look()
            self.obey()
            time.sleep(TICK)

    def look(self) -> None:
        """Ask every probe once, and look for a new login."""
        now = []
        for number, probe in enumerate(self.plan["probes"]):
            if (self.folder / "cancel").exists() or (self.folder / "confirm").exists():
                return
            passed = self.journal["before"][number] and passes(probe, applied=True)
            now.append(bool(passed))
            if passed or number not in self.last_answer:
                self.last_answer[number] = boottime()
        login = self.journal["new_login"] or logins_since(self.journal["began"])
        if (now, login) != (self.journal["now"], self.journal["new_login"]):
            self.journal.save(now=now, new_login=bool(login))
        self.lose_patience(now)

    def lose_patience(self, now: list[bool]) -> None:
        """A gateway that answered before and is silent now is reason enough to go back."""
        if self.journal["new_login"]:
            return
        for number, probe in enumerate(self.plan["probes"]):
            silent = boottime() - self.last_answer[number]
            asked = probe["kind"] in ("gateway", "ping") and self.journal["before"][number]
            lost = asked and not now[number]
            if lost and silent >= self.plan["patience_seconds"]:
                said = _("The gateway {target} has been silent for {seconds} s.")
                self.take_back(said.format(target=probe["target"], seconds=round(silent)))
                return

    def obey(self) -> None:
        """The verbs that users left in the folder."""
        if self.journal.state != TRIAL:
            return
        for verb in ("cancel", "extend", "confirm"):
            path = self.folder / verb
            try:
                words = json.loads(path.read_text() or "{}")
            except FileNotFoundError:
                continue
            except ValueError:
                words = {}
            path.unlink()
            getattr(self, verb)(words)

    def cancel(self, _words: Data) -> None:
        self.take_back(_("Somebody took it back."))

    def extend(self, words: Data) -> None:
        seconds = float(words.get("seconds", 0))
        self.journal.save(
            deadline=self.journal["deadline"] + seconds,
            deadline_at=self.journal["deadline_at"] + seconds,
        )
        self.third_line.put_off(self.journal["deadline"] - boottime())
        self.journal.note(_("extended by {seconds} s").format(seconds=round(seconds)))
        self.time_it(self.journal["deadline"] - boottime())

    def confirm(self, words: Data) -> None:
        """Begin to keep it, once everything that will be written is on the disk already."""
        login = self.journal["new_login"] or logins_since(self.journal["began"])
        if not (login or words.get("anyway")):
            self.journal.save(problem=_("No new login was seen: it was not kept."))
            return
        try:
            self.check_commit()
        except Failed as failed:
            self.unstage()
            self.journal.save(problem=_("It was not kept: {reason}.").format(reason=failed))
            return
        self.journal.enter(COMMITTING, problem="", step=0, new_login=bool(login))

    # Keeping it.

    def check_commit(self) -> None:
        for step in first_steps(self.plan["commit"]):
            path = Path(step["path"])
            is_there = step["do"] == "write" and digest_of(path) == digest_of_text(step["text"])
            if digest_of(path) != step["before"] and not is_there:
                raise Failed(_("{path} was changed by somebody else").format(path=path))
        for step in self.plan["commit"]:
            if step["do"] == "write":
                stage(step)

    def unstage(self) -> None:
        for step in self.plan["commit"]:
            if step["do"] == "write":
                with contextlib.suppress(OSError):
                    staged(Path(step["path"])).unlink()

    def commit(self) -> None:
        """Only forward: every step may be done twice, and none is left out."""
        self.third_line.take_away()
        problems = [self.journal["problem"]] if self.journal["problem"] else []
        while (number := self.journal["step"]) < len(self.plan["commit"]):
            problem = self.committed_step(self.plan["commit"][number])
            problems += [problem] if problem and problem not in problems else []
            self.journal.save(step=number + 1, problem=" ".join(problems))
        self.third_line.take_away()  # where NetworkManager did not listen before
        self.journal.enter(COMMITTED)

    def committed_step(self, step: Data) -> str:
        for again in range(COMMIT_TRIES):
            try:
                self.do(step)
                return ""
            except (Failed, OSError) as failed:
                problem = str(failed)
                time.sleep(again * 0.5)
        return problem

    # Taking it back.

    def roll_back(self) -> None:
        """Put everything back until it is as it was."""
        strays = self.strays()
        meddling = Meddling(self.plan)
        meddling.keep_copies(self.folder)
        end = time.monotonic() + VERIFY_SECONDS
        while True:
            self.roll_back_once()
            left = self.left_over()
            if not left or (meddling.theirs and not self.own_links_left()):
                break
            if time.monotonic() >= end:
                problem = f"{self.journal['problem']} {left}.".strip()
                self.journal.enter(ROLLBACK_FAILED, problem=problem)
                return
            time.sleep(0.3)
        said = (self.journal["problem"], meddling.in_words(self.folder), left and f"{left}.")
        problem = " ".join(filter(None, said))
        homeless = [tap for tap in strays if not self.sent_home(tap)]
        if homeless:
            told = _("These had joined meanwhile and are in no bridge now: {taps}.")
            problem = f"{problem} {told.format(taps=', '.join(homeless))}".strip()
        self.third_line.take_away()
        self.journal.enter(ROLLED_BACK, problem=problem)

    def sent_home(self, tap: str) -> bool:
        """Whether a link that had joined is back in the bridge that it was in before."""
        bridge = (self.journal["masters"] or {}).get(tap)
        if not bridge or link_named(bridge) is None:
            return False
        try:
            run(["ip", "link", "set", tap, "master", bridge])
        except Failed:
            return False
        self.journal.note(_("{tap} is back in {bridge}").format(tap=tap, bridge=bridge))
        return True

    def roll_back_once(self) -> None:
        for step in self.plan["rollback"]:
            if step.get("if_left") and self.is_back_within(SETTLE_SECONDS):
                continue
            try:
                self.do(step)
            except (Failed, OSError) as failed:
                self.journal.note(str(failed))

    def is_back_within(self, seconds: float) -> bool:
        """Whether a manager has put everything back; its last links may just be going."""
        end = time.monotonic() + seconds
        while self.left_over():
            if time.monotonic() >= end:
                return False
            time.sleep(TICK)
        return True

    def left_over(self) -> str:
        """The first thing that is not as it was."""
        wanted, found = self.plan["snapshot"], take_snapshot(self.plan["watched"])
        if self.plan["backend"] == "nm":
            wanted, found = without_metrics(wanted), without_metrics(found)
        return difference(wanted, found)

    def own_links_left(self) -> list[str]:
        return [name for name in self.plan["own_links"] if link_named(name)]

    def strays(self) -> list[str]:
        """Others' links that joined what we made, such as taps of guests that were started."""
        own = self.plan["own_links"]
        watched = self.plan["watched"]
        return [
            one["ifname"]
            for name in own
            for one in ip_json("link", "show", "master", name)
            if one["ifname"] not in watched
        ]

    def finish(self) -> None:
        """The last word, whatever fails in it."""
        with contextlib.suppress(Failed):
            end_timer(self.folder)
        for step in self.plan["finish"]:
            with contextlib.suppress(Failed, OSError):
                DO[step["do"]](step)
