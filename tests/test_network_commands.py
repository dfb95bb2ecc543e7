"""`kvmnet-tui network` as its user starts it, on a real libvirtd with a booted guest."""

import json
import shlex
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.support.guest import BootedGuest, boot, guest_image
from tests.support.labs import requires_lab
from tests.support.libvirtd import Libvirtd, private_libvirtd
from tests.support.program import ENVIRONMENT, NO_LIBVIRT, PROGRAM, Answer, run
from tests.support.shell import Shell

pytestmark = requires_lab("guest")

Network = Callable[..., Answer]


@pytest.fixture(scope="module")
def lab() -> Iterator[Libvirtd]:
    with private_libvirtd() as lab:
        yield lab


@pytest.fixture(scope="module")
def guest(lab: Libvirtd) -> BootedGuest:
    return boot(lab, guest_image())


@pytest.fixture
def network(lab: Libvirtd, tmp_path: Path) -> Network:
    """Runs `kvmnet-tui network` with these words inside the lab."""

    def run_it(*words: str, typed: str = "", **environment: str) -> Answer:
        state = {"XDG_STATE_HOME": str(tmp_path / "state"), **environment}
        return run("network", *words, within=lab.command(), typed=typed, **state)

    return run_it


def done(answer: Answer) -> str:
    assert answer.status == 0, answer.err
    return answer.out


def record(answer: Answer) -> Any:
    return json.loads(done(answer))


def refused(answer: Answer) -> str:
    """The one sentence; what belongs to it is indented below."""
    assert (answer.status, answer.out) == (2, "")
    sentence, *more = answer.err.splitlines()
    assert sentence.startswith("kvmnet-tui: ")
    assert all(line.startswith("  ") for line in more), answer.err
    return answer.err


def document(name: str, bridge: str, inside: str = "") -> str:
    return f"<network>\n<name>{name}</name>\n<bridge name='{bridge}'/>\n{inside}</network>\n"


def test_looking_says_what_virsh_says(lab: Libvirtd, guest: BootedGuest, network: Network) -> None:
    (listed,) = record(network("list", "--json"))
    assert (listed["name"], listed["active"], listed["guests"]) == ("default", True, [guest.name])
    assert "default" in done(network("list"))
    uuid = lab.virsh("net-uuid", "default").strip()
    assert done(network("uuid", "default")).strip() == uuid
    assert done(network("name", uuid)).strip() == "default"
    assert f"UUID:       {uuid}" in done(network("info", "default"))
    assert done(network("dumpxml", uuid)).strip() == lab.virsh("net-dumpxml", "default").strip()
    stored = lab.virsh("net-dumpxml", "default", "--inactive").strip()
    assert done(network("dumpxml", "default", "--inactive")).strip() == stored
    assert done(network("diff", "default")) == "It runs as it is stored.\n"
    assert record(network("functions", "--json")) == []


def test_every_verb_refuses_a_network_that_is_not_there(lab: Libvirtd, network: Network) -> None:
    verbs: list[tuple[str, ...]] = [
        *((verb, "nope") for verb in ("info", "dumpxml", "diff", "name", "uuid", "leases")),
        *((verb, "nope") for verb in ("start", "stop", "restart", "autostart", "edit")),
        ("set", "nope", "mtu=1400"),
        ("update", "nope", "add", "dns-txt", "<txt/>"),
        ("undefine", "nope", "--yes"),
        ("rename", "nope", "other"),
        ("pin", "nope", "192.0.2.1", "--mac", "52:54:00:00:00:01"),
        ("unpin", "nope", "192.0.2.1"),
    ]
    with ThreadPoolExecutor(2) as pool:
        for answer in pool.map(lambda words: network(*words), verbs):
            assert refused(answer).startswith("kvmnet-tui: There is no network nope.")


def test_a_network_lives_from_new_to_undefine(lab: Libvirtd, network: Network) -> None:
    words = ("new", "life", "--mode", "isolated", "--set", "ipv4=10.20.0.1/24", "--set", "dhcp4=")
    assert "<name>life</name>" in done(network(*words, "--dry-run"))
    assert "10.20.0.1" in record(network(*words, "--dry-run", "--json"))["xml"]
    assert "life" not in lab.virsh("net-list", "--all", "--name")
    made = record(network(*words, "--json"))
    assert made == {"name": "life", "uuid": lab.virsh("net-uuid", "life").strip()}
    assert "There is a network life already." in refused(network(*words))

    assert "is not active" in refused(network("stop", "life"))
    assert done(network("start", "life", "--dry-run")) == "Start network life\n"
    assert record(network("start", "life", "--json")) == {
        "name": "life",
        "active": True,
        "taps": [],
    }
    assert "life" in lab.virsh("net-list", "--name")
    assert "is active already" in refused(network("start", "life"))
    assert "is active already" in refused(network("start", "life", "--dry-run"))
    assert "libvirt renames stopped networks only" in refused(network("rename", "life", "x"))
    assert "was restarted" in done(network("restart", "life"))

    assert record(network("autostart", "life", "--json")) == {"name": "life", "autostart": True}
    assert "life" in lab.virsh("net-list", "--name", "--autostart")
    done(network("autostart", "life", "--off"))
    assert "life" not in lab.virsh("net-list", "--name", "--autostart")

    assert record(network("stop", "life", "--json"))["unplugged"] == []
    assert "There is a network default" in refused(network("rename", "life", "default"))
    assert "no slash" in refused(network("rename", "life", "a/b", "--dry-run"))
    assert "+  <name>afterlife</name>" in done(network("rename", "life", "afterlife", "--dry-run"))
    assert "is called afterlife now" in done(network("rename", "life", "afterlife"))
    assert lab.virsh("net-uuid", "afterlife").strip() == made["uuid"]

    assert "say --yes" in refused(network("undefine", "afterlife"))
    assert "No guest is plugged" in done(network("undefine", "afterlife", "--dry-run"))
    assert record(network("undefine", "afterlife", "--yes", "--json"))["removed"] is True
    assert "afterlife" not in lab.virsh("net-list", "--all", "--name")


def test_what_the_wizard_refuses_is_refused_with_the_value_s_name(network: Network) -> None:
    assert "there are these values: exit, devices" in refused(network("new", "x", "--set", "a=b"))
    told = refused(network("new", "x", "--set", "ipv4=192.168.122.9/24", "--set", "mtu=1"))
    assert "ipv4: 192.168.122.0/24 overlaps network default." in told
    assert "\n  mtu: The MTU is a number" in told
    assert "vlan means nothing in mode nat" in refused(network("new", "x", "--set", "vlan=42"))
    assert "devices: Through which links" in refused(network("new", "x", "--mode", "vepa"))
    assert "yes or no belongs here" in refused(network("set", "default", "stp=perhaps"))
    assert "invalid choice" in refused(network("new", "x", "--mode", "magic"))
    assert "VERB" in refused(network())


def test_xml_is_defined_changed_created_and_kept(lab: Libvirtd, network: Network) -> None:
    text = document("theirs", "virbr31")
    assert done(network("define", "-", "--dry-run", typed=text)).strip() == text.strip()
    assert "theirs" not in lab.virsh("net-list", "--all", "--name")
    done(network("define", "-", "--start", "--autostart", typed=text))
    assert "theirs" in lab.virsh("net-list", "--name", "--autostart")
    before = lab.virsh("net-dumpxml", "theirs", "--inactive")
    assert "is as it was" in done(network("define", "-", typed=text))
    assert lab.virsh("net-dumpxml", "theirs", "--inactive") == before
    assert "--start" in refused(network("define", "-", "--start", typed=text))
    changed = record(network("define", "-", "--json", typed=document("theirs", "virbr32")))
    assert changed["restart"] is True
    assert "+  <bridge name='virbr32'" in changed["diff"]
    assert "-  <bridge name='virbr31'" in done(network("diff", "theirs"))
    done(network("undefine", "theirs", "--yes"))

    fleeting = document("fleeting", "virbr33")
    assert "There is a network default" in refused(
        network("create", "-", typed=document("default", "virbr34"))
    )
    made = record(network("create", "-", "--json", typed=fleeting))
    assert made["uuid"] == lab.virsh("net-uuid", "fleeting").strip()
    for words in (("set", "fleeting", "mtu=1400"), ("edit", "fleeting"), ("autostart", "fleeting")):
        assert "is transient" in refused(network(*words))
    assert "is transient" in refused(network("dumpxml", "fleeting", "--inactive"))
    done(network("define", "-", typed=fleeting))
    assert "fleeting" in lab.virsh("net-list", "--name", "--persistent")
    assert made["uuid"] == lab.virsh("net-uuid", "fleeting").strip()
    done(network("undefine", "fleeting", "--yes"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"", "Line 1: no element found."),
        (b"<network>\n<name>x\n</network>", "Line 3: mismatched tag."),
        (b"<domain/>", "describes <domain> where <network> belongs"),
        (b"<network>\n<name>x</name>\n<fool/>\n</network>", "Line 3: libvirt's schema"),
        (b"<network><bridge name='virbr40'/></network>", "wants a <name>"),
        (b"\xff\xfe", "is no text in UTF-8"),
    ],
)
def test_xml_that_cannot_be_used_is_refused_with_its_line(
    network: Network, tmp_path: Path, text: bytes, told: str
) -> None:
    file = tmp_path / "network.xml"
    file.write_bytes(text)
    assert told in refused(network("define", str(file)))


def test_a_file_that_is_not_there_is_said(network: Network) -> None:
    assert "No such file or directory" in refused(network("create", "/nowhere.xml", "--dry-run"))
    assert refused(network("define", "/nowhere.xml")).endswith(
        "/nowhere.xml: No such file or directory\n"
    )


def test_values_and_single_elements_change_live_and_stored(lab: Libvirtd, network: Network) -> None:
    done(network("new", "parts", "--mode", "isolated", "--start"))
    values = ("dns_hosts=192.168.100.9 nine", "mtu=1400")
    assert "+  <mtu size='1400'/>" in done(network("set", "parts", *values, "--dry-run"))
    assert "mtu" not in lab.virsh("net-dumpxml", "parts", "--inactive")
    told = done(network("set", "parts", *values))
    assert "some of it waits for the network's restart" in told
    assert "Redefined: mtu." in told
    assert "Live: add dns-host." in told
    assert "nine" in lab.virsh("net-dumpxml", "parts")
    assert "mtu" not in lab.virsh("net-dumpxml", "parts")
    assert "+  <mtu size='1400'/>" in done(network("diff", "parts"))

    record_a, record_b = "<txt name='a' value='1'/>", "<txt name='b' value='2'/>"
    update = ("update", "parts", "add", "dns-txt")
    assert done(network(*update, record_a, "--dry-run")) == f"add dns-txt\n{record_a}\n"
    assert f"+    {record_a}" in record(network(*update, record_a, "--json"))["diff"]
    done(network(*update, record_b, "--live"))
    assert record_b in lab.virsh("net-dumpxml", "parts")
    assert record_b not in lab.virsh("net-dumpxml", "parts", "--inactive")
    assert record_a in lab.virsh("net-dumpxml", "parts", "--inactive")
    assert "no section dns-foo, but these: bridge" in refused(
        network("update", "parts", "add", "dns-foo", record_a)
    )
    assert "no command put, but these: add" in refused(
        network("update", "parts", "put", "dns-txt", record_a)
    )
    assert "Line 1" in refused(network(*update, "<txt "))
    assert "describes <host> where <txt>" in refused(network(*update, "<host/>", "--dry-run"))
    assert "can't update 'domain'" in refused(
        network("update", "parts", "add", "domain", "<domain name='x'/>")
    )
    done(network("undefine", "parts", "--yes"))


def editor(tmp_path: Path, script: str) -> str:
    """An $EDITOR that runs a shell script with the file as $1."""
    file = tmp_path / "editor"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return str(file)


def test_an_edit_in_the_editor_is_applied_or_what_was_typed_is_kept(
    lab: Libvirtd, network: Network, tmp_path: Path
) -> None:
    done(network("new", "edited", "--mode", "isolated"))
    before = lab.virsh("net-dumpxml", "edited", "--inactive")
    assert "is as it was" in done(network("edit", "edited", EDITOR="true"))
    gone = refused(network("edit", "edited", EDITOR="/nowhere/vi"))
    assert "The editor /nowhere/vi cannot be started" in gone
    assert "failed with status 1" in refused(network("edit", "edited", EDITOR="false"))
    wrong = {"EDITOR": editor(tmp_path, 'sed -i "s,<bridge,<brigde," "$1"')}
    told = refused(network("edit", "edited", **wrong, TMPDIR=str(tmp_path)))
    assert "schema does not allow this <brigde>" in told
    kept = Path(told.rpartition("kept in ")[2].strip().removesuffix("."))
    assert "<brigde" in kept.read_text()
    renames = {"EDITOR": editor(tmp_path, 'sed -i "s,>edited<,>x<," "$1"')}
    assert "does not rename" in refused(network("edit", "edited", **renames, TMPDIR=str(tmp_path)))
    assert lab.virsh("net-dumpxml", "edited", "--inactive") == before
    right = {"VISUAL": editor(tmp_path, """sed -i "s,</network>,<mtu size='1300'/>&," "$1" """)}
    assert "Network edited is changed." in done(network("edit", "edited", **right))
    assert "<mtu size='1300'/>" in lab.virsh("net-dumpxml", "edited", "--inactive")
    log = tmp_path / "state" / "kvmnet-tui" / "changes.log"
    assert "+  <mtu size='1300'/>" in log.read_text()
    done(network("undefine", "edited", "--yes"))


def test_a_terminal_is_asked_and_refused_text_is_edited_again(
    lab: Libvirtd, network: Network, tmp_path: Path
) -> None:
    done(network("new", "asked", "--mode", "isolated"))
    # The first time the text is spoiled, the second time mended.
    toggle = 'grep -q brigde "$1" && sed -i "s,brigde,bridge,;s,</network>,<mtu size=\'1301\'/>&,"'
    script = f'{toggle} "$1" || sed -i "s,<bridge,<brigde," "$1"'
    command = shlex.join([*lab.command(), *PROGRAM, "network"])
    chosen = ENVIRONMENT | {
        "EDITOR": editor(tmp_path, script),
        "TMPDIR": str(tmp_path),
        "XDG_STATE_HOME": str(tmp_path / "state"),
    }
    with Shell() as shell:
        for name, value in chosen.items():
            shell.send(f"export {name}={shlex.quote(value)}\n")
        shell.send(f"{command} edit asked; echo ended $?\n")
        shell.expect("schema does not allow this <brigde>")
        shell.expect(r"Edit again what you have typed\? \[y/N\] ")
        shell.send("y\n")
        shell.expect("Network asked is changed")
        shell.expect("ended 0")
        shell.send(f"{command} undefine asked; echo ended $?\n")
        shell.expect(r"Remove network asked\? \[y/N\] ")
        shell.send("n\n")
        shell.expect("ended 2")
        assert "1301" in lab.virsh("net-dumpxml", "asked")
        shell.send(f"{command} undefine asked; echo ended $?\n")
        shell.expect(r"\[y/N\] ")
        shell.send("y\n")
        shell.expect("ended 0")
    assert "asked" not in lab.virsh("net-list", "--all", "--name")


def test_who_is_plugged_in_is_named_before_and_plugged_back_in_after(
    lab: Libvirtd, guest: BootedGuest, network: Network
) -> None:
    tap = lab.virsh("domiflist", guest.name).split()[0]
    hit = f"{guest.name} (running): {tap} {guest.mac}"
    for verb in ("stop", "restart", "undefine"):
        assert hit in done(network(verb, "default", "--dry-run"))
        told = refused(network(verb, "default"))
        assert "Nothing was done" in told
        assert hit in told
    restarted = record(network("restart", "default", "--yes", "--json"))
    plug = {"tap": tap, "guest": guest.name, "bridge": "virbr0"}
    assert restarted == {"name": "default", "active": True, "taps": [plug]}
    assert "master virbr0" in lab.run("ip", "link", "show", tap)

    assert done(network("repair")) == "No tap is loose.\n"
    lab.run("ip", "link", "set", tap, "nomaster")
    assert f"{tap} of {guest.name}, into default" in done(network("repair", "--dry-run"))
    assert "vnet99 is not loose" in refused(network("repair", "vnet99"))
    assert "vnet99 is not loose" in refused(network("repair", "vnet99", "--dry-run"))
    assert record(network("repair", tap, "--json")) == {"taps": [plug]}
    assert "master virbr0" in lab.run("ip", "link", "show", tap)


def test_a_lease_is_pinned_and_unpinned(
    lab: Libvirtd, guest: BootedGuest, network: Network
) -> None:
    (lease,) = record(network("leases", "default", "--json"))
    assert (lease["mac"], lease["guest"], lease["pinned"]) == (guest.mac, guest.name, False)
    address = lease["address"]
    assert f"ip='{address}'" in done(network("pin", "default", address, "--dry-run"))
    assert f"ip='{address}'" not in lab.virsh("net-dumpxml", "default")
    assert f"ip='{address}'" in record(network("pin", "default", address, "--json"))["diff"]
    assert f"ip='{address}'" in lab.virsh("net-dumpxml", "default")
    assert f"ip='{address}'" in lab.virsh("net-dumpxml", "default", "--inactive")
    assert f"{guest.name}  yes     yes" in done(network("leases", "default"))

    other = ("--mac", "52:54:00:aa:00:01")
    for words, told in (
        ((address, *other), f"{address} is leased to {guest.mac} now"),
        (("192.168.122.9", "--mac", guest.mac), "unpin it first"),
        (("192.168.122.9",), "Nobody has 192.168.122.9 leased"),
        (("192.168.122.9", "--mac", "me"), "me is no MAC"),
        (("192.168.122.9", *other, "--hostname", "a b"), "no name for the DNS"),
        (("192.168.122.9", "--duid", "00:03:00:01"), "not to a DUID"),
        (("192.168.122.255", *other), "which no host has"),
        (("192.168.122.1", *other), "the network's own bridge"),
        (("10.0.0.1", *other), "in no subnet of network default"),
        (("here", *other), "here is no IP address"),
    ):
        assert told in refused(network("pin", "default", *words, "--dry-run"))
    assert "unpin it first" in refused(
        network("pin", "default", "192.168.122.9", "--mac", guest.mac)
    )
    assert "which no host has" in refused(network("pin", "default", "192.168.122.255", *other))

    assert "-      <host mac=" in done(network("unpin", "default", address, "--dry-run"))
    done(network("unpin", "default", address))
    assert f"ip='{address}'" not in lab.virsh("net-dumpxml", "default")
    assert "is not pinned" in refused(network("unpin", "default", address))
    assert "is not pinned" in refused(network("unpin", "default", address, "--dry-run"))


def test_read_only_looks_and_changes_nothing(lab: Libvirtd, network: Network) -> None:
    assert "default" in done(network("list", "--read-only"))
    assert "Started with --read-only" in refused(network("stop", "default", "--yes", "-r"))
    assert "default" in lab.virsh("net-list", "--name")


def test_without_libvirt_one_sentence_says_so(network: Network) -> None:
    for words in (("list",), ("start", "default"), ("define", "/nowhere.xml")):
        assert "libvirt" in refused(network(*words, "-c", NO_LIBVIRT))


def test_the_screen_edits_a_network_in_the_editor(
    lab: Libvirtd, network: Network, tmp_path: Path
) -> None:
    done(network("new", "aaa", "--mode", "isolated", "--start"))
    first_wrong = 'grep -q mtu "$1" && sed -i "s,size=.x.,size=\'1302\'," "$1" || '
    spoil = """sed -i "s,</network>,<mtu size='x'/>&," "$1" """
    chosen = ENVIRONMENT | {
        "EDITOR": editor(tmp_path, first_wrong + spoil),
        "TERM": "xterm-256color",
        "XDG_STATE_HOME": str(tmp_path / "state"),
    }
    settings = " ".join(f"{name}={shlex.quote(value)}" for name, value in chosen.items())
    with Shell() as shell:
        shell.resize(30, 100)
        shell.send(f"{settings} {shlex.join([*lab.command(), *PROGRAM])}; echo ended $?\n")
        shell.expect("● libvirt")
        shell.send("E")
        shell.expect("Ctrl\\+S")
        shell.send("\x05")
        shell.expect("schema does not allow this <mtu>")
        shell.send("\x05")
        shell.expect("is changed; some of it waits")
        shell.send("\x1b")
        shell.expect("Restart network aaa now")
        shell.send("y")
        shell.expect("was restarted")
        shell.send("q")
        shell.expect("ended 0")
    assert "<mtu size='1302'/>" in lab.virsh("net-dumpxml", "aaa")
    done(network("undefine", "aaa", "--yes"))
