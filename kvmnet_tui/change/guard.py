"""The guard: carries a change out, watches it, and takes it back unless somebody confirms.

It runs alone, as `python3 -I -S guard.py FOLDER`, from a copy beside the plan: nothing but the
standard library, for the program itself may lie where only the network leads. Every state is in
the journal before it is acted on, so that a guard that was killed is taken over by the next one.

    guard.py FOLDER           be the guard, or take over from one that died
    guard.py --watch FOLDER   see to it that there is one (where no systemd does)

In the folder: plan.json, journal.json, and the verbs `confirm`, `extend` and `cancel` as files that
the guard takes away once it has read them.
"""

from __future__ import annotations

import contextlib
import fcntl
import gettext
import hashlib
import json
import os
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

Data = dict[str, Any]

STATE = Path("/var/lib/kvmnet-tui/changes")
KEPT_CHANGES = 20
ETH_P_ALL = 0x0003
RESERVE = "reserve"  # a file that gives way when the disk is full
RESERVE_BYTES = 256 * 1024
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

PREPARED, ARMED, APPLYING, TRIAL = "prepared", "armed", "applying", "trial"
COMMITTING, COMMITTED = "committing", "committed"
ROLLING_BACK, ROLLED_BACK, ROLLBACK_FAILED = "rolling-back", "rolled-back", "rollback-failed"
REFUSED = "refused"
FINAL = frozenset({COMMITTED, ROLLED_BACK, ROLLBACK_FAILED, REFUSED})

TICK = 0.1  # seconds between looks at the verbs
PROBE_EVERY = 1.0
PROBE_TIMEOUT = 0.5
BASELINE_TRIES = 4
VERIFY_SECONDS = 10.0
LOCK_SECONDS = 3.0
HUNG_SECONDS = 5.0  # past its deadline a guard that still tries is taken to be stuck
SLOW_SECONDS = 90.0  # and one that puts things back, after so long
COMMIT_TRIES = 3

_texts: gettext.NullTranslations = gettext.NullTranslations()


def _(message: str) -> str:
    return _texts.gettext(message)


class Failed(Exception):
    """A step did not work; the text is one sentence."""


# --- small tools ------------------------------------------------------------------------------


def boottime() -> float:
    """Seconds since boot, also those asleep: no clock that somebody may set."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def write_whole(path: Path, text: str, mode: int = 0o600) -> None:
    """Replace a file at once, on the disk when this returns."""
    new = path.with_name(f"{path.name}.kvmnet-new")
    write_beside(new, text, mode)
    put_in_place(new, path)


def write_beside(new: Path, text: str, mode: int) -> None:
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(text)
        file.flush()
        os.fchmod(descriptor, mode)
        os.fsync(descriptor)


def put_in_place(new: Path, path: Path) -> None:
    new.replace(path)
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def digest_of(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        return None


def run(argv: list[str], text: str = "", seconds: float = 30.0) -> str:
    """What a program printed; Failed when it fails or takes too long."""
    program = shutil.which(argv[0], path=PATH) or argv[0]
    try:
        done = subprocess.run(
            [program, *argv[1:]],
            input=text,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            check=False,
            env={"PATH": PATH, "LC_ALL": "C"},
        )
    except subprocess.TimeoutExpired:
        said = _("{what}: no end within {seconds} s").format(what=argv[0], seconds=f"{seconds:g}")
        raise Failed(said) from None
    except OSError as error:
        raise Failed(f"{argv[0]}: {error.strerror}") from None
    if done.returncode:
        words = done.stderr.strip() or done.stdout.strip() or str(done.returncode)
        raise Failed(f"{argv[0]}: {words}")
    return done.stdout


def ip_json(*words: str) -> list[Data]:
    """What `ip -json` says; nothing when it cannot be asked."""
    try:
        return [one for one in json.loads(run(["ip", "-json", *words], seconds=5) or "[]") if one]
    except (Failed, ValueError):
        return []


def link_named(name: str) -> Data | None:
    return next(iter(ip_json("-details", "link", "show", "dev", name)), None)


# --- what the host is like --------------------------------------------------------------------


def take_snapshot(watched: Collection[str]) -> Data:
    """The watched links, their addresses and routes, without what varies by itself."""
    links = {
        one["ifname"]: {
            "master": one.get("master", ""),
            "mtu": one.get("mtu"),
            "mac": one.get("address", ""),
            "up": "UP" in one.get("flags", ()),
            "addresses": sorted(_cidrs(one)),
        }
        for one in ip_json("address", "show")
        if one["ifname"] in watched
    }
    routes = [
        _route_text(family, one)
        for family in (4, 6)
        for one in ip_json(f"-{family}", "-details", "route", "show", "table", "all")
        if one.get("dev") in watched and _is_kept(family, one)
    ]
    return {"links": links, "routes": sorted(routes)}


def _cidrs(one: Data) -> Iterator[str]:
    for address in one.get("addr_info", ()):
        if address.get("scope") != "link" and "local" in address:
            yield f"{address['local']}/{address['prefixlen']}"


def _is_kept(family: int, route: Data) -> bool:
    """IPv6 routes of the kernel and of router advertisements come and go with carriers."""
    if str(route.get("table", "main")) == "local" or route.get("type", "unicast") != "unicast":
        return False
    return family == 4 or route.get("protocol") not in ("kernel", "ra")


def _route_text(family: int, route: Data) -> str:
    keys = ("dst", "gateway", "dev", "protocol", "scope", "prefsrc", "metric", "table")
    words = [f"{key} {route[key]}" for key in keys if route.get(key) not in (None, "")]
    return f"{family} {' '.join(words)}{' onlink' if 'onlink' in route.get('flags', ()) else ''}"


def difference(wanted: Data, found: Data) -> str:
    """The first thing that is not as it was, in words; "" when all is."""
    return next(iter((*_links_that_differ(wanted, found), *_routes_that_differ(wanted, found))), "")


def _links_that_differ(wanted: Data, found: Data) -> Iterator[str]:
    for name, link in wanted["links"].items():
        now = found["links"].get(name)
        if now is None:
            yield _("{link} is gone").format(link=name)
            continue
        for key, value in link.items():
            if now[key] != value:
                said = _("{key} of {link} is {now}, was {before}")
                yield said.format(key=key, link=name, now=now[key], before=value)
    for name in found["links"].keys() - wanted["links"].keys():
        yield _("{link} is still there").format(link=name)


def _routes_that_differ(wanted: Data, found: Data) -> Iterator[str]:
    for route in wanted["routes"]:
        if route not in found["routes"]:
            yield _("the route {route} is gone").format(route=route)
    for route in found["routes"]:
        if route not in wanted["routes"]:
            yield _("there is a new route {route}").format(route=route)


# --- packets ----------------------------------------------------------------------------------


def mac_bytes(link: str) -> bytes:
    one = link_named(link)
    return bytes.fromhex((one or {}).get("address", "00" * 6).replace(":", "")[:12].ljust(12, "0"))


def arp_packet(
    operation: int, mac: bytes, sender: bytes, target_mac: bytes, target: bytes
) -> bytes:
    ethernet = b"\xff" * 6 + mac + b"\x08\x06"
    body = struct.pack("!HHBBH", 1, 0x0800, 6, 4, operation)
    return ethernet + body + mac + sender + target_mac + target


def arp_answers(link: str, target: str, timeout: float) -> bool:
    """Whether `target` answers an ARP request on `link`."""
    wanted = socket.inet_aton(target)
    try:
        # Every protocol: what goes on to a bridge above is seen by nobody else.
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)) as raw:
            raw.bind((link, ETH_P_ALL))
            packet = arp_packet(1, mac_bytes(link), b"\0" * 4, b"\0" * 6, wanted)
            raw.send(packet)
            end = time.monotonic() + timeout
            while (left := end - time.monotonic()) > 0 and select.select([raw], [], [], left)[0]:
                frame = raw.recv(256)
                is_answer = frame[12:14] == b"\x08\x06" and frame[20:22] == b"\0\x02"
                if is_answer and frame[28:32] == wanted:
                    return True
    except OSError:
        pass
    return False


def ping6_answers(target: str, link: str, timeout: float) -> bool:
    """Whether an IPv6 address answers a ping out of `link`."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as raw:
            index = socket.if_nametoindex(link) if target.lower().startswith("fe80") else 0
            mark = os.getpid() & 0xFFFF
            raw.sendto(struct.pack("!BBHHH", 128, 0, 0, mark, 1), (target, 0, 0, index))
            end = time.monotonic() + timeout
            while (left := end - time.monotonic()) > 0 and select.select([raw], [], [], left)[0]:
                packet, sender = raw.recvfrom(256)
                if packet[:1] == b"\x81" and packet[4:6] == struct.pack("!H", mark):
                    return str(sender[0]).partition("%")[0] == target.partition("%")[0]
    except OSError:
        pass
    return False


def dns_answers(server: str, timeout: float) -> bool:
    """Whether a name server says anything when asked for the root's servers."""
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    question = struct.pack("!HHHHHH", os.getpid() & 0xFFFF, 0x0100, 1, 0, 0, 0) + b"\0\0\x02\0\x01"
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as asking:
            asking.settimeout(timeout)
            asking.connect((server, 53))
            asking.send(question)
            return bool(asking.recv(64))
    except OSError:
        return False


def announce(link: str, addresses: list[str]) -> None:
    """Gratuitous ARP and unsolicited neighbour advertisements, twice each."""
    mac = mac_bytes(link)
    for _again in range(2):
        for address in addresses:
            with contextlib.suppress(OSError):
                (_announce6 if ":" in address else _announce4)(link, mac, address)


def _announce4(link: str, mac: bytes, address: str) -> None:
    own = socket.inet_aton(address)
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806)) as raw:
        raw.bind((link, 0x0806))
        for operation in (1, 2):
            raw.send(arp_packet(operation, mac, own, b"\xff" * 6, own))


def _announce6(link: str, mac: bytes, address: str) -> None:
    own = socket.inet_pton(socket.AF_INET6, address)
    advertisement = struct.pack("!BBHI", 136, 0, 0, 0x20000000) + own + b"\x02\x01" + mac
    with socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as raw:
        raw.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
        raw.sendto(advertisement, ("ff02::1", 0, 0, socket.if_nametoindex(link)))


# --- steps ------------------------------------------------------------------------------------


def do_ip(step: Data) -> None:
    force = ["-force"] if step["force"] else []
    try:
        run(["ip", *force, "-batch", "-"], "\n".join(step["lines"]) + "\n", step["seconds"])
    except Failed as failed:
        if not step["force"]:
            raise Failed(_named_line(str(failed), step["lines"])) from None


def _named_line(said: str, lines: list[str]) -> str:
    """`ip -batch` says the number of the line that failed only; this says the line."""
    found = re.search(r"Command failed -:(\d+)", said)
    words = said.splitlines()[0].removeprefix("ip: ")
    return f"ip {lines[int(found.group(1)) - 1]}: {words}" if found else words


def do_run(step: Data) -> None:
    try:
        run(step["argv"], step["text"], step["seconds"])
    except Failed:
        if not step["may_fail"]:
            raise


def do_write(step: Data) -> None:
    path = Path(step["path"])
    wanted = hashlib.sha256(step["text"].encode(errors="surrogateescape")).hexdigest()
    if digest_of(path) == wanted:
        with contextlib.suppress(FileNotFoundError):
            staged(path).unlink()
        return
    if digest_of(path) != step["before"]:
        raise Failed(_("{path} was changed by somebody else").format(path=path))
    if not staged(path).exists():
        stage(step)
    put_in_place(staged(path), path)


def staged(path: Path) -> Path:
    return path.with_name(f".{path.name}.kvmnet-new")


def stage(step: Data) -> None:
    """Lay a file's new text beside it: a full disk is found before anything was touched."""
    path = Path(step["path"])
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_beside(staged(path), step["text"], step["mode"])
    except OSError as error:
        said = _("{path} cannot be written: {reason}")
        raise Failed(said.format(path=path, reason=error.strerror)) from None


def do_remove(step: Data) -> None:
    path = Path(step["path"])
    found = digest_of(path)
    if found is None:
        return
    if found != step["before"]:
        raise Failed(_("{path} was changed by somebody else").format(path=path))
    path.unlink()


def do_set(step: Data) -> None:
    try:
        Path(step["path"]).write_text(step["text"])
    except OSError as error:
        if not step["may_fail"]:
            raise Failed(f"{step['path']}: {error.strerror}") from None


def do_announce(step: Data) -> None:
    announce(step["link"], step["addresses"])


def do_wait(step: Data) -> None:
    end = time.monotonic() + step["seconds"]
    while not holds(step["what"], step["link"]):
        if time.monotonic() >= end:
            said = _("{link} is not {what} within {seconds} s")
            raise Failed(said.format(what=step["what"], **_named(step)))
        time.sleep(0.05)


def _named(step: Data) -> dict[str, str]:
    return {"link": step["link"], "seconds": f"{step['seconds']:g}"}


def do_arp(step: Data) -> None:
    end = time.monotonic() + step["seconds"]
    while not arp_answers(step["link"], step["target"], PROBE_TIMEOUT):
        if time.monotonic() >= end:
            if not step["must"]:
                return
            said = _("{target} does not answer on {link} within {seconds} s")
            raise Failed(said.format(target=step["target"], **_named(step)))


DO: dict[str, Callable[[Data], None]] = {
    "ip": do_ip,
    "run": do_run,
    "write": do_write,
    "remove": do_remove,
    "set": do_set,
    "announce": do_announce,
    "wait": do_wait,
    "arp": do_arp,
}


# --- probes -----------------------------------------------------------------------------------


def holds(what: str, link: str) -> bool:
    """Whether a link has a carrier, forwards, is up in its bond, or is absent."""
    one = link_named(link)
    if what == "absent" or one is None:
        return one is None and what == "absent"
    own = one.get("linkinfo", {}).get("info_slave_data", {})
    if what == "forwarding":
        return bool(own.get("state") == "forwarding")
    if what == "mii":
        return str(own.get("mii_status", "")).lower() == "up"
    return "LOWER_UP" in one.get("flags", ())


def passes(probe: Data, *, applied: bool) -> bool:
    """Whether a probe passes now; once the change is applied another link may be asked."""
    kind, target = probe["kind"], probe["target"]
    link = (probe["link_after"] or probe["link"]) if applied else probe["link"]
    if kind in ("forwarding", "mii") and not applied:
        return True  # it only comes to be with the change
    if kind in ASK:
        return ASK[kind](target, link)
    return holds(kind, link)


def gateway_answers(target: str, link: str) -> bool:
    ask6 = ":" in target
    return (ping6_answers if ask6 else _arp_answered)(target, link, PROBE_TIMEOUT)


def _arp_answered(target: str, link: str, timeout: float) -> bool:
    return arp_answers(link, target, timeout)


ASK: dict[str, Callable[[str, str], bool]] = {
    "gateway": gateway_answers,
    "session": lambda target, link: any(
        not link or one.get("dev") == link for one in ip_json("route", "get", target)
    ),
    "dns": lambda target, _link: dns_answers(target, PROBE_TIMEOUT),
    "plugged": lambda target, link: (link_named(link) or {}).get("master", "") == target,
}


def logins_since(began: float) -> bool:
    """Whether somebody has logged in over SSH since `began` (seconds since boot)."""
    ticks = os.sysconf("SC_CLK_TCK")
    here = Path("/proc/self/ns/net").readlink()
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            if (folder / "ns/net").readlink() != here:  # another host's, in a namespace
                continue
            title = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            # After authentication OpenSSH names the session in its process: `sshd: root@pts/0`.
            if not re.match(r"sshd(-session)?: \S+@", title):
                continue
            started = int((folder / "stat").read_text().rpartition(")")[2].split()[19]) / ticks
        except (OSError, ValueError, IndexError):
            continue
        if started > began:
            return True
    return False


# --- the journal ------------------------------------------------------------------------------


class Journal:
    """What has happened, on the disk before anything else happens."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "journal.json"
        self._copy = STATE / folder.name / "journal.json"
        self.data: Data = json.loads(self._path.read_text())

    def __getitem__(self, key: str) -> Any:
        return self.data.get(key)

    @property
    def state(self) -> str:
        return str(self.data["state"])

    def enter(self, state: str, **values: Any) -> None:
        """Another state; `values` go with it."""
        self.data.update(values, state=state)
        if state in FINAL:
            self.data["ended"] = time.time()
        self.note(state)

    def note(self, text: str) -> None:
        """One more line of the log."""
        self.data.setdefault("log", []).append({"at": time.time(), "text": text})
        self.save()

    def save(self, **values: Any) -> None:
        """Write it down; the copy that outlives a reboot is welcome but not necessary.

        Whatever the disk says, the change goes on: a host is never left as it is for want of space.
        """
        self.data.update(values)
        text = json.dumps(self.data, ensure_ascii=False)
        try:
            write_whole(self._path, text)
        except OSError:
            with contextlib.suppress(OSError):
                (self._path.parent / RESERVE).unlink()
                write_whole(self._path, text)
        if self._copy.parent.is_dir():
            with contextlib.suppress(OSError):
                write_whole(self._copy, text)


# --- the guard --------------------------------------------------------------------------------


class Guard:
    """One change, from its begin, or from wherever another guard left it, to its end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.plan: Data = json.loads((folder / "plan.json").read_text())
        self.journal = Journal(folder)
        self.last_answer: dict[int, float] = {}

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
        """Nothing is touched unless the host is what the plan was made for."""
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
        self.journal.enter(APPLYING)
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
            lost = probe["kind"] == "gateway" and self.journal["before"][number] and not now[number]
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
        self.journal.note(_("extended by {seconds} s").format(seconds=round(seconds)))

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
        for step in self.plan["commit"]:
            if step["do"] in ("write", "remove"):
                path = Path(step["path"])
                if digest_of(path) != step["before"]:
                    raise Failed(_("{path} was changed by somebody else").format(path=path))
            if step["do"] == "write":
                stage(step)

    def unstage(self) -> None:
        for step in self.plan["commit"]:
            if step["do"] == "write":
                with contextlib.suppress(OSError):
                    staged(Path(step["path"])).unlink()

    def commit(self) -> None:
        """Only forward: every step may be done twice, and none is left out."""
        problems = [self.journal["problem"]] if self.journal["problem"] else []
        while (number := self.journal["step"]) < len(self.plan["commit"]):
            problem = self.committed_step(self.plan["commit"][number])
            problems += [problem] if problem else []
            self.journal.save(step=number + 1, problem=" ".join(problems))
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
        end = time.monotonic() + VERIFY_SECONDS
        while True:
            self.roll_back_once()
            left = self.left_over()
            if not left:
                break
            if time.monotonic() >= end:
                problem = f"{self.journal['problem']} {left}.".strip()
                self.journal.enter(ROLLBACK_FAILED, problem=problem)
                return
            time.sleep(0.3)
        problem = self.journal["problem"]
        homeless = [tap for tap in strays if not self.sent_home(tap)]
        if homeless:
            said = _("These had joined meanwhile and are in no bridge now: {taps}.")
            problem = f"{problem} {said.format(taps=', '.join(homeless))}".strip()
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
            try:
                self.do(step)
            except (Failed, OSError) as failed:
                self.journal.note(str(failed))

    def left_over(self) -> str:
        return difference(self.plan["snapshot"], take_snapshot(self.plan["watched"]))

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
        for step in self.plan["finish"]:
            with contextlib.suppress(Failed, OSError):
                DO[step["do"]](step)


# --- one at a time ----------------------------------------------------------------------------


def locked(folder: Path, seconds: float) -> int | None:
    """The one lock of this host, or None when another guard has it for so long."""
    lock = os.open(folder.parent / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    end = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() >= end:
                os.close(lock)
                return None
            time.sleep(0.05)
        else:
            return lock


def be_guard(folder: Path) -> None:
    end_hung(folder)
    lock = locked(folder, LOCK_SECONDS)
    if lock is None:
        journal = Journal(folder)
        if journal.state == PREPARED:
            journal.enter(REFUSED, problem=_("Another change is under way on this host."))
        return
    guard = Guard(folder)
    guard.journal.save(guard=os.getpid())
    with contextlib.suppress(OSError):
        (folder / RESERVE).write_bytes(bytes(RESERVE_BYTES))
    guard.go()


def end_hung(folder: Path) -> None:
    """End a guard that is long past its deadline: stopped, or stuck in something."""
    journal = Journal(folder)
    if journal.state in FINAL or journal["deadline"] is None or not journal["guard"]:
        return
    late = boottime() - journal["deadline"]
    if late < (HUNG_SECONDS if journal.state == TRIAL else SLOW_SECONDS):
        return
    process = Path("/proc", str(journal["guard"]))
    with contextlib.suppress(OSError):
        if str(folder).encode() in (process / "cmdline").read_bytes():
            os.kill(journal["guard"], signal.SIGKILL)


def watch(folder: Path) -> None:
    """Take over from a guard that dies, or hangs, before the end."""
    began = time.monotonic()
    while folder.is_dir() and Journal(folder).state not in FINAL:
        end_hung(folder)
        lock = locked(folder, 0)
        if lock is not None:
            os.close(lock)
            is_new = Journal(folder).state == PREPARED and time.monotonic() - began < LOCK_SECONDS
            if not is_new:
                be_guard(folder)
        time.sleep(TICK)


def main() -> None:
    arguments = sys.argv[1:]
    folder = Path(arguments[-1])
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    catalogue = folder / "guard.mo"
    if catalogue.exists():
        global _texts
        with catalogue.open("rb") as file:
            _texts = gettext.GNUTranslations(file)
    (watch if arguments[0] == "--watch" else be_guard)(folder)


if __name__ == "__main__":
    main()
