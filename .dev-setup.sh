# shellcheck shell=sh
# How ./dev sets a machine up; sourced by it, with root, venv, say, fail, ready, place and recipe there.

logs=$root/.dev/log
python=
site=
lab_packages_apt='libvirt-daemon-system libvirt-clients qemu-system-x86 dnsmasq-base bridge-utils
    user-mode-linux network-manager busybox-static nftables iputils-ping tmux dbus kmod'
lab_packages_dnf='libvirt-daemon-driver-network libvirt-daemon-driver-qemu libvirt-client
    qemu-kvm-core dnsmasq NetworkManager nftables iputils tmux dbus-daemon kmod'
whole_host_packages_apt='mmdebstrap e2fsprogs qemu-utils openssh-client'
whole_host_packages_dnf='mmdebstrap e2fsprogs qemu-img openssh-clients'

# --- one step of the installation -----------------------------------------------------------

# A counter of seconds behind a step's text, on terminals; ends with this script, however it ends.
tick() {
    while sleep 1 && kill -0 $$ 2>/dev/null; do
        printf '\r%s ... %s s' "$1" "$(($(date +%s) - $2))" >&2
    done
}

# attempt NAME TEXT COMMAND...: one line on stderr, all output to a log; the command's status.
attempt() {
    log=$logs/$1.log text=$2 began=$(date +%s) status=0 ticker=
    shift 2
    printf '%s ...' "$text" >&2
    if [ -t 2 ]; then
        tick "$text" "$began" 9>&- &
        ticker=$!
    fi
    "$@" >"$log" 2>&1 </dev/null || status=$?
    [ -z "$ticker" ] || { kill "$ticker" && wait "$ticker"; } 2>/dev/null || :
    [ ! -t 2 ] || printf '\r%s ...' "$text" >&2
    took="$(($(date +%s) - began)) s"
    if [ "$status" -eq 0 ]; then say " done ($took)"; else say " failed ($took)"; fi
    return "$status"
}

# explain ADVICE: the end of the last step's output and what to do about it.
explain() {
    tail -n 15 "$log" | sed 's/^/    /' >&2
    fail "$1 The whole output is in $log"
}

# --- system packages ------------------------------------------------------------------------

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# Root, or a sudo that can ask for its password here.
may_become_root() {
    [ "$(id -u)" -eq 0 ] && return
    command -v sudo >/dev/null || return
    sudo -n true 2>/dev/null || { [ -t 2 ] && sudo -v; }
}

manager() {
    for candidate in apt-get dnf; do
        command -v "$candidate" >/dev/null && echo "$candidate" && return
    done
    return 1
}

# The command that installs the packages named, as a person would type it.
install_command() {
    case $(manager) in
        apt-get) echo "apt-get install --no-install-recommends $*" ;;
        dnf) echo "dnf install $*" ;;
        *) return 1 ;;
    esac
}

# Services of the host are not restarted for our sake (needrestart only lists them).
apt() {
    as_root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l \
        apt-get -y -o DPkg::Lock::Timeout=300 "$@"
}

apt_install() {
    apt install --no-install-recommends "$@" ||
        { apt update && apt install --no-install-recommends "$@"; }
}

# Headers live in a repository that is switched off on RHEL and its rebuilds (CodeReady, PowerTools).
dnf_install() {
    as_root dnf install -y "$@" && return
    extra=$(dnf -q repolist --all | sed -n \
        's/^\(crb\|powertools\|PowerTools\|codeready-builder-for-[^ ]*-rpms\) .*/\1/p' |
        grep -v -e debug -e source | head -n 1)
    [ -n "$extra" ] && as_root dnf install -y "--enablerepo=$extra" "$@"
}

install_packages() {
    case $(manager) in
        apt-get) apt_install "$@" ;;
        dnf) dnf_install "$@" ;;
    esac
}

# Ends with the command to type when this account may not install the packages named.
require_installer() {
    command=$(install_command "$@") || fail "kvmnet-tui needs programs that are missing here (as Debian" \
        "calls them: $*). This system has neither apt-get nor dnf: install them, then start again."
    may_become_root || fail "Packages are missing and this account may not install them." \
        "As root, run:  $command  and start again."
}

# --- the interpreter and what libvirt-python is compiled with --------------------------------

find_python() {
    for candidate in python3 python3.13 python3.12 python3.11 python3.14; do
        python=$(command -v "$candidate") || continue
        "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && return
    done
    python=
    return 1
}

require_python() {
    find_python && return
    require_installer python3.11
    for package in python3 python3.12 python3.11; do
        attempt python "Installing $package" install_packages "$package" || continue
        find_python && return
    done
    explain "kvmnet-tui needs Python 3.11 or newer: install one, then start again."
}

python_version() {
    "$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])'
}

has_libvirt() {
    "$1" -c 'import libvirt, libvirtaio' 2>/dev/null
}

# What the programs themselves cannot do without, a word each.
lacking_programs() {
    "$python" -c 'import ensurepip, venv' 2>/dev/null || echo venv
    command -v ip >/dev/null || echo ip
    command -v unshare >/dev/null || echo unshare
}

# What compiling libvirt-python would need.
lacking_headers() {
    command -v cc >/dev/null || command -v gcc >/dev/null || echo gcc
    if ! command -v pkg-config >/dev/null; then
        echo pkg-config libvirt
    elif ! pkg-config --exists libvirt; then
        echo libvirt
    fi
    "$python" -c 'import os, sys, sysconfig
sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))' ||
        echo Python.h
}

# packages_for WORD...: the distribution's names of what lacking_* said.
packages_for() {
    version=$(python_version)
    for word; do
        case $(manager || :):$word in
            dnf:venv) echo "python$version" ;;
            dnf:ip) echo iproute ;;
            dnf:gcc) echo gcc ;;
            dnf:pkg-config) echo pkgconf-pkg-config ;;
            dnf:libvirt) echo libvirt-devel ;;
            dnf:Python.h) dnf_python_headers ;;
            *:venv) echo "python$version-venv" ;;
            *:ip) echo iproute2 ;;
            *:unshare) echo util-linux ;;
            *:gcc) echo gcc libc6-dev ;;
            *:pkg-config) echo pkg-config ;;
            *:libvirt) echo libvirt-dev ;;
            *:Python.h) echo "python$version-dev" ;;
        esac
    done
}

# RHEL names headers after the version, except for the interpreter called python3.
dnf_python_headers() {
    if [ "$python" = "$(command -v python3)" ]; then
        echo python3-devel
    else
        echo "python$version-devel"
    fi
}

require_system() {
    # Words without spaces, split on purpose here and below.
    # shellcheck disable=SC2046
    set -- $(packages_for $(lacking_programs))
    if [ $# -gt 0 ]; then
        require_installer "$@"
        attempt packages "Installing $*" install_packages "$@" ||
            explain "Could not install $*: is the package archive reachable?"
    fi
    has_libvirt "$venv/bin/python" || require_libvirt_source
}

# Headers to compile libvirt-python with, else the distribution's own build of it.
require_libvirt_source() {
    # shellcheck disable=SC2046
    set -- $(packages_for $(lacking_headers))
    [ $# -gt 0 ] || return 0
    has_libvirt "$python" || headers_or_ready_made "$@"
    ! has_libvirt "$python" || site=--system-site-packages
}

headers_or_ready_made() {
    require_installer "$@"
    attempt headers "Installing $*" install_packages "$@" && return
    attempt libvirt "No headers to be had; installing python3-libvirt instead" \
        install_packages python3-libvirt && has_libvirt "$python" && return
    explain "Could not install $*: is the package archive reachable?"
}

# --- the virtual environment ----------------------------------------------------------------

usable() {
    [ ! -e "$venv/.unfinished" ] &&
        "$venv/bin/python" -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null &&
        { [ ! -e "$venv/.made-for" ] || [ "$(cat "$venv/.made-for")" = "$(place)" ]; }
}

drop_unusable_venv() {
    [ -e "$venv" ] || return 0
    usable && return
    say "The environment in .venv is unfinished or its interpreter is gone: making it anew."
    rm -rf "$venv"
}

make_venv() {
    [ ! -d "$venv" ] || return 0
    mkdir "$venv" && : >"$venv/.unfinished"
    # $site is one option or none.
    # shellcheck disable=SC2086
    attempt venv "Making a virtual environment with Python $(python_version)" \
        "$python" -m venv $site "$venv" || explain "Remove .venv and start again."
    place >"$venv/.made-for"
}

pip_install() {
    cd "$root" && "$venv/bin/python" -m pip --disable-pip-version-check install --editable ".[$1]"
}

# An interrupted pip leaves half a package behind that looks whole: the mark stays, and the next
# start begins anew. A pip that failed by itself has tidied up.
install_package() {
    : >"$venv/.unfinished"
    rm -f "$venv"/.ready-*
    attempt pip "Installing kvmnet-tui and its libraries" pip_install "$1" || {
        rm "$venv/.unfinished"
        explain "Is the Python package index reachable? Start again when it is."
    }
    recipe >"$venv/.ready-build"
    [ "$1" != dev ] || recipe >"$venv/.ready-dev"
    rm "$venv/.unfinished"
}

# install EXTRA: called with the lock held.
install() {
    ready "$1" && return
    PATH=$PATH:/usr/sbin:/sbin
    say "Setting kvmnet-tui up in $root"
    require_python
    drop_unusable_venv
    require_system
    make_venv
    install_package "$1"
}

writable() {
    mkdir -p "$logs" && touch "$root/.dev/lock" "$logs" &&
        { [ ! -d "$venv" ] || touch "$venv"; }
} 2>/dev/null

# One installation at a time in one checkout.
locked() {
    writable || fail "Cannot write to $root: start as the account that owns it and its .venv."
    (
        if command -v flock >/dev/null && ! flock -n 9; then
            say "Another ./dev is installing here; waiting for it."
            flock 9
        fi
        "$@"
    ) 9>"$root/.dev/lock"
}

# A program in English is better than none: failing here stops nothing.
compile_translations() {
    writable || return 0
    attempt translations "Compiling translations" "$venv/bin/python" "$root/hatch_build.py" ||
        say "Some texts may be in English or out of date; why: $log"
}

# --- the labs -------------------------------------------------------------------------------

# lab_packages [whole-host]: what is missing for the labs, and for the whole hosts under QEMU.
lab_packages() {
    case $(manager || :):${1-} in
        apt-get:) wanted=$lab_packages_apt ;;
        apt-get:*) wanted="$lab_packages_apt $whole_host_packages_apt" ;;
        dnf:) wanted=$lab_packages_dnf ;;
        dnf:*) wanted="$lab_packages_dnf $whole_host_packages_dnf" ;;
        *) wanted= ;;
    esac
    for package in $wanted; do
        installed "$package" || echo "$package"
    done
}

installed() {
    if command -v dpkg-query >/dev/null; then
        dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null | grep -q '^.i'
    else
        rpm -q "$1" >/dev/null 2>&1
    fi
}

# The booting guest's kernel is downloaded by its test with apt, which knows of none before its
# first update.
refresh_lists() {
    [ "$(manager || :)" = apt-get ] && may_become_root || return 0
    for list in /var/lib/apt/lists/*_Packages*; do
        [ ! -e "$list" ] || return 0
    done
    attempt lists "Reading the distribution's lists of packages" apt update || :
}

# The tests themselves skip a lab that is missing, with the reason; CI fails there.
install_labs() {
    refresh_lists
    # shellcheck disable=SC2046
    set -- $(lab_packages "$@")
    [ $# -gt 0 ] || return 0
    if ! may_become_root; then
        say "Some labs will be skipped. To have them, run as root:  $(install_command "$@")"
        return
    fi
    say "The labs need packages of the distribution, which may start services of theirs" \
        "(libvirtd, NetworkManager): better on a machine for development."
    attempt labs "Installing $*" install_packages "$@" && return
    for package; do
        attempt "lab-$package" "Installing $package" install_packages "$package" ||
            say "Its lab will be skipped; why: $log"
    done
}
