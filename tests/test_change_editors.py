"""The editors of configuration files touch what they are told to and nothing else."""

from hypothesis import given
from hypothesis import strategies as st

from kvmnet_tui.change.backends import ifcfg_file, interfaces_file, keyfile
from kvmnet_tui.change.backends.layout import FileEdit
from kvmnet_tui.change.backends.together import at_once

LINES = st.lists(
    st.sampled_from(
        [
            "auto lo ens32",
            "allow-hotplug ens36",
            "iface ens32 inet static",
            "    address 10.1.1.2/24",
            "\taddress 10.1.1.2 \\",
            "# a comment",
            "    # one within",
            "",
            "source /etc/network/interfaces.d/*",
            "mapping eth0",
            "    script grep",
            "nonsense that nobody knows",
        ]
    )
)
WORDS = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)


@given(LINES, st.booleans())
def test_interfaces_cut_into_stanzas_are_the_same_text_again(lines: list[str], ends: bool) -> None:
    text = "\n".join(lines) + ("\n" if ends else "")
    assert interfaces_file.joined(interfaces_file.pieces(text)) == text


def test_a_stanza_owns_its_options_and_the_comments_among_them_only() -> None:
    text = (
        "iface a inet static\n    address 1.2.3.4\n    # about the route\n    up x\n\n# b\nauto b\n"
    )
    first = interfaces_file.pieces(text)[0]
    assert (
        first.text == "iface a inet static\n    address 1.2.3.4\n    # about the route\n    up x\n"
    )


def test_a_continued_line_is_one_option() -> None:
    (piece,) = interfaces_file.pieces("iface a inet static\n    address \\\n  1.2.3.4\n")
    assert [interfaces_file.option(line) for line in piece.options] == [("address", "1.2.3.4")]


@given(WORDS)
def test_what_is_written_to_an_ifcfg_file_is_read_back(value: str) -> None:
    assert ifcfg_file.read(ifcfg_file.written({"KEY": value}))["KEY"] == value


def test_an_ifcfg_file_keeps_comments_order_and_unknown_settings() -> None:
    text = "# office\nBOOTPROTO='dhcp' # as the router says\nFANCY=yes\nexport ONBOOT=no"
    changed = ifcfg_file.changed(text, {"BOOTPROTO": "none", "ONBOOT": "yes", "BRIDGE": "virbr1"})
    assert changed.splitlines() == [
        "# office",
        "BOOTPROTO=none # as the router says",
        "FANCY=yes",
        "export ONBOOT=yes",
        "BRIDGE=virbr1",
    ]


def test_setting_what_an_ifcfg_file_says_already_changes_nothing() -> None:
    text = 'DEVICE="ens36"\nONBOOT="yes"\n'
    assert ifcfg_file.changed(text, {"ONBOOT": "yes", "DEVICE": "ens36"}) == text


def test_a_keyfile_keeps_all_but_the_key_that_is_set() -> None:
    text = "# mine\n[connection]\nid=office\n\n[ipv4]\nmethod=auto"
    assert keyfile.changed(text, "connection", "autoconnect", "false") == (
        "# mine\n[connection]\nid=office\nautoconnect=false\n\n[ipv4]\nmethod=auto\n"
    )
    assert keyfile.changed("[a]\nb=1\n", "new", "c", "2") == "[a]\nb=1\n\n[new]\nc=2\n"
    assert keyfile.changed("[a]\nb=1\nc=2\n", "a", "b", None) == "[a]\nc=2\n"


def test_one_file_alone_is_replaced_without_ado() -> None:
    (step,) = at_once([FileEdit("/etc/network/interfaces", "a", "b")], "networking.service")
    assert (step["do"], step["path"]) == ("write", "/etc/network/interfaces")


def test_a_path_is_one_word_to_systemd_whatever_is_in_it() -> None:
    edits = [FileEdit("/etc/Wired 100% $1.nmconnection", "a", "b"), FileEdit("/etc/b", None, "b")]
    steps = at_once(edits, "NetworkManager.service")
    dropin = next(step for step in steps if step.get("path", "").endswith("90-kvmnet-tui.conf"))
    assert '"/etc/Wired 100%% $$1.nmconnection"' in dropin["text"]


def test_where_no_systemd_runs_the_service_the_order_has_to_do() -> None:
    edits = [FileEdit("/etc/a", "a", "b"), FileEdit("/etc/b", None, "b")]
    assert [step["path"] for step in at_once(edits, "")] == ["/etc/a", "/etc/b"]


def test_of_several_files_the_service_that_reads_them_finishes_the_job() -> None:
    edits = [FileEdit("/etc/new", None, "1"), FileEdit("/etc/gone", "2", None)]
    steps = at_once(edits, "network.service")
    writes = {step["path"]: place for place, step in enumerate(steps) if step["do"] == "write"}
    (dropin,) = (steps[place] for path, place in writes.items() if path.endswith(".conf"))
    first_edit = writes["/etc/new"]
    assert steps.index(dropin) < first_edit
    assert "/etc/new" in dropin["text"]
    assert 'rm -f "/etc/gone"' in dropin["text"]
