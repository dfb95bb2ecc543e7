"""A plan: everything the guard does and undoes, as data that goes through JSON unchanged.

The guard runs without this package, so a step is a dictionary with the key `do`; the functions
here make them. Each has `say`, one line for the log, and `seconds`, its time limit.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from kvmnet_tui.i18n import N_, _

Step = Mapping[str, Any]

STEP_SECONDS = 10.0
_WAITS = {
    "carrier": N_("wait for the carrier of {link}"),
    "forwarding": N_("wait until {link} forwards"),
    "mii": N_("wait until {link} is up in its bond"),
    "lacp": N_("wait for the LACP partner of {link}"),
    "addressed": N_("wait for the address of {link}"),
    "absent": N_("wait until {link} is gone"),
}


def ip_step(
    lines: Sequence[str],
    say: str = "",
    *,
    force: bool = False,
    moves: bool = False,
    seconds: float = STEP_SECONDS,
) -> Step:
    """Lines of `ip -batch`, in one process; `force` goes on after lines that fail.

    How long the one that `moves` addresses takes is kept in the journal.
    """
    return {
        "do": "ip", "lines": list(lines), "force": force, "moves": moves,
        "say": say, "seconds": seconds,
    }  # fmt: skip


def if_left(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Steps of a rollback, of which those of `ip` are for what a manager has left undone only."""
    return tuple({**step, "if_left": True} if step["do"] == "ip" else step for step in steps)


def run_step(
    argv: Sequence[str],
    say: str = "",
    *,
    text: str = "",
    may_fail: bool = False,
    seconds: float = 30.0,
) -> Step:
    """A program with its arguments, fed with `text`; never through a shell."""
    return {
        "do": "run", "argv": list(argv), "text": text, "may_fail": may_fail,
        "say": say, "seconds": seconds,
    }  # fmt: skip


def write_step(path: str, text: str, before: str | None, mode: int = 0o644, say: str = "") -> Step:
    """Replace a file at once. `before` is the text it must have now, None when it must not be.

    The guard writes all files of the commit beside their places first, and only then begins to
    put them there; a file that has `text` already is left alone.
    """
    said = say or _("write {path}").format(path=path)
    return {
        "do": "write", "path": path, "text": text, "mode": mode, "say": said,
        "before": digest(before), "seconds": STEP_SECONDS,
    }  # fmt: skip


def remove_step(path: str, before: str, say: str = "") -> Step:
    """Remove a file that has the text `before` now; one that is gone is no error."""
    say = say or _("remove {path}").format(path=path)
    return {
        "do": "remove", "path": path, "before": digest(before), "say": say, "seconds": STEP_SECONDS,
    }  # fmt: skip


def announce_step(link: str, addresses: Sequence[str], say: str = "") -> Step:
    """Tell the neighbours where the addresses live now: gratuitous ARP, unsolicited NA."""
    told = _("announce {addresses} on {link}")
    said = say or told.format(addresses=", ".join(addresses), link=link)
    return {
        "do": "announce", "link": link, "addresses": list(addresses),
        "say": said, "seconds": STEP_SECONDS,
    }  # fmt: skip


def wait_step(what: str, link: str, seconds: float, say: str = "") -> Step:
    """Wait until a link has `carrier`, `lacp`, is `forwarding`, `addressed`, `mii` or `absent`."""
    said = _WAITS[what]
    return {
        "do": "wait", "what": what, "link": link, "seconds": seconds,
        "say": say or _(said).format(link=link),
    }  # fmt: skip


def arp_step(link: str, target: str, seconds: float, *, must: bool = True, say: str = "") -> Step:
    """Ask `target` by ARP from 0.0.0.0 on `link` until it answers; fail when it does not."""
    return {
        "do": "arp", "link": link, "target": target, "must": must, "seconds": seconds,
        "say": say or _("ask for {target} on {link}").format(target=target, link=link),
    }  # fmt: skip


def lease_step(link: str, uuid: str, seconds: float) -> Step:
    """Wait for the lease of a profile of NetworkManager; let it go on asking when there is none."""
    return {
        "do": "lease", "link": link, "uuid": uuid, "seconds": seconds,
        "say": _("wait for a lease on {link}").format(link=link),
    }  # fmt: skip


def resume_step(link: str, uuid: str) -> Step:
    """Where NetworkManager is dead, have it go on with a profile once it starts again."""
    return {
        "do": "resume", "link": link, "uuid": uuid, "seconds": STEP_SECONDS,
        "say": _("let NetworkManager find {link} with its profile").format(link=link),
    }  # fmt: skip


def set_step(path: str, text: str, say: str = "", *, may_fail: bool = False) -> Step:
    """Write a value to a file of /proc or /sys."""
    return {
        "do": "set", "path": path, "text": text, "may_fail": may_fail,
        "say": say or f"{path} = {text}", "seconds": STEP_SECONDS,
    }  # fmt: skip


def end_step(pid_file: str, link: str) -> Step:
    """End the process that a file names the number of, where it has `link` among its arguments."""
    return {
        "do": "end", "pid_file": pid_file, "link": link,
        "say": _("end the DHCP client of {link}").format(link=link), "seconds": STEP_SECONDS,
    }  # fmt: skip


def digest(text: str | None) -> str | None:
    """SHA-256 of a text, None of none."""
    return None if text is None else hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class FileChange:
    """A configuration file before and after; None where there is none."""

    path: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Probe:
    """Something that worked before and must work afterwards.

    `kind` is carrier, forwarding, mii, lacp, gateway (ARP or neighbour discovery), ping, session,
    dns or plugged; `link` what it is about, `target` an address. With `link_after` another link is
    asked once the change is applied.
    """

    kind: str
    link: str = ""
    target: str = ""
    link_after: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """All of a change. `title` is translated; the rest is for the guard, the preview and history.

    `own_links` are made by the trial and removed by the rollback, lowest first. `snapshot` is what
    the guard must find before, and find again after a rollback: {"links": {name: {...}}, "routes":
    [...], "rules": [...]}, as `reader.snapshot` makes it, of the `watched` links alone.
    `uplinks` are covered by NetworkManager's own checkpoint while the change is on trial.
    `wish` and `backend` let history say what it was; `by_hand` is how to undo it without us.
    """

    id: str
    title: str
    backend: str
    window_seconds: float
    expected_interruption_seconds: float
    watched: tuple[str, ...]
    own_links: tuple[str, ...]
    snapshot: Mapping[str, Any]
    trial: tuple[Step, ...]
    commit: tuple[Step, ...]
    rollback: tuple[Step, ...]
    probes: tuple[Probe, ...] = ()
    patience_seconds: float = 15.0
    files: tuple[FileChange, ...] = ()
    affected: tuple[str, ...] = ()
    by_hand: tuple[str, ...] = ()
    wish: Mapping[str, Any] = field(default_factory=dict)
    finish: tuple[Step, ...] = ()  # after a commit or rollback, whatever fails in it
    leased: tuple[
        str, ...
    ] = ()  # links whose clients end with the commit: an undo asks there again
    uplinks: tuple[str, ...] = ()

    def to_json(self) -> str:
        """The plan as the guard reads it."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "Plan":
        """The plan that `to_json` wrote; ValueError when it is none."""
        try:
            read = json.loads(text)
            for name in ("watched", "own_links", "trial", "commit", "rollback", "affected"):
                read[name] = tuple(read[name])
            for name in ("by_hand", "finish", "leased", "uplinks"):
                read[name] = tuple(read.get(name, ()))
            read["probes"] = tuple(Probe(**probe) for probe in read["probes"])
            read["files"] = tuple(FileChange(**change) for change in read["files"])
            return cls(**read)
        except (TypeError, KeyError) as error:
            message = f"not a plan: {error}"
            raise ValueError(message) from error
