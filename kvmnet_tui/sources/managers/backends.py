"""What each manager's own files say about a link."""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Final

from kvmnet_tui.model.links import Manager
from kvmnet_tui.sources.managers.files import HostFiles, settings, shell_settings
from kvmnet_tui.sources.managers.interfaces import Stanza, read_stanzas

NM_DEVICES: Final = "/run/NetworkManager/devices"
NM_PROFILES: Final = (
    "/etc/NetworkManager/system-connections",
    "/run/NetworkManager/system-connections",
    "/usr/lib/NetworkManager/system-connections",
)
NETWORKD_LINKS: Final = "/run/systemd/netif/links"
NETPLAN: Final = "/etc/netplan"
WICKED_STATES: Final = "/run/wicked"
WICKED_CONFIG: Final = "/etc/sysconfig/network"
IFSTATE: Final = "/run/network/ifstate"
IFCFG: Final = "/etc/sysconfig/network-scripts"
WATCHED: Final = (
    NM_DEVICES,
    *NM_PROFILES,
    NETWORKD_LINKS,
    "/run/systemd/network",
    NETPLAN,
    WICKED_STATES,
    WICKED_CONFIG,
    "/run/network",
    "/etc/network",
    "/etc/network/interfaces.d",
    IFCFG,
)

_UNCONFIGURED: Final = {"", "unmanaged", "pending", "initialized", "linger"}
_NETPLAN_FILE: Final = re.compile(r"/run/systemd/network/\d+-netplan-(?P<id>.+)\.network")


class NetworkManager:
    """NetworkManager's device states; a profile it made up for what others did is no ownership."""

    def __init__(self, files: HostFiles, running: frozenset[str]) -> None:
        self._files = files
        alive = "NetworkManager" in running
        self._devices = set(files.names(NM_DEVICES)) if alive else set()

    def manager_of(self, index: int, name: str) -> Manager | None:
        """The claim on a link, None without one."""
        path = f"{NM_DEVICES}/{index}"
        if str(index) not in self._devices:
            return None
        device = settings(self._files.text(path))
        if device.get("device.managed") != "true":
            return None
        uuid = device.get("device.connection-uuid", "")
        config, generated = self._profile(uuid, name)
        if generated:
            return Manager("nobody", f"{config}: nm-generated=true", watches_only=True)
        said = f"connection-uuid={uuid}" if uuid else "managed=true"
        return Manager("NetworkManager", f"{path}: {said}", config, self._bond_options(config))

    def _bond_options(self, config: str) -> tuple[tuple[str, str], ...]:
        """The profile's [bond] section, or what its ifcfg file says."""
        if config.startswith(IFCFG):
            return bonding_opts(shell_settings(self._files.text(config)))
        profile = settings(self._files.text(config)) if config else {}
        return tuple(
            (key.removeprefix("bond."), value)
            for key, value in profile.items()
            if key.startswith("bond.")
        )

    def _profile(self, uuid: str, name: str) -> tuple[str, bool]:
        """Where the profile is kept, and whether NetworkManager generated it."""
        if not uuid:
            return "", False
        if uuid in self._profiles:
            return self._profiles[uuid]
        # Profiles are for root to read; generated ones are kept here under the link's name.
        unread = f"{NM_PROFILES[1]}/{name}.nmconnection"
        if unread in self._unreadable:
            return unread, True
        return self._ifcfg.get(uuid, ""), False

    @cached_property
    def _profiles(self) -> dict[str, tuple[str, bool]]:
        return {
            profile.get("connection.uuid", ""): (
                path,
                profile.get(".nmmeta.nm-generated") == "true",
            )
            for path in self._paths
            if (profile := settings(self._files.text(path)))
        }

    @cached_property
    def _unreadable(self) -> set[str]:
        return {path for path in self._paths if not self._files.text(path)}

    @property
    def _paths(self) -> list[str]:
        return [f"{folder}/{one}" for folder in NM_PROFILES for one in self._files.names(folder)]

    @cached_property
    def _ifcfg(self) -> dict[str, str]:
        return {
            words["UUID"]: path
            for path, words in read_ifcfg(self._files, IFCFG).items()
            if words.get("UUID")
        }


class Networkd:
    """systemd-networkd's link states; a network file that netplan generated is netplan's."""

    def __init__(self, files: HostFiles, running: frozenset[str]) -> None:
        self._files = files
        alive = "systemd-network" in running
        self._links = set(files.names(NETWORKD_LINKS)) if alive else set()

    def manager_of(self, index: int, name: str) -> Manager | None:
        """The claim on a link, None without one."""
        path = f"{NETWORKD_LINKS}/{index}"
        if str(index) not in self._links:
            return None
        link = settings(self._files.text(path))
        state, file = link.get("ADMIN_STATE", ""), link.get("NETWORK_FILE", "")
        if state in _UNCONFIGURED:
            return None
        netplan = _NETPLAN_FILE.fullmatch(file)
        if netplan:
            config = self._netplan_file(netplan["id"]) or self._netplan_file(name)
            return Manager("netplan", f"{path}: NETWORK_FILE={file}", config or NETPLAN)
        return Manager("networkd", f"{path}: ADMIN_STATE={state}", file)

    def _netplan_file(self, identifier: str) -> str:
        """The last of netplan's files that has the identifier for a key; later ones overrule."""
        key = re.compile(rf"^\s+[\"']?{re.escape(identifier)}[\"']?\s*:", re.MULTILINE)
        files = [f"{NETPLAN}/{one}" for one in self._files.names(NETPLAN) if one.endswith(".yaml")]
        return next((path for path in reversed(files) if key.search(self._files.text(path))), "")


class Wicked:
    """wicked's link states and its ifcfg files."""

    def __init__(self, files: HostFiles, running: frozenset[str]) -> None:
        self._alive = "wickedd" in running
        self._states = set(files.names(WICKED_STATES)) if self._alive else set()
        self._config = ifcfg_by_name(files, WICKED_CONFIG) if self._alive else {}

    def manager_of(self, index: int, name: str) -> Manager | None:
        """The claim on a link, None without one."""
        config = self._config.get(name, "")
        state = f"state-{index}.xml"
        if state in self._states:
            return Manager("wicked", f"{WICKED_STATES}/{state}", config)
        return Manager("wicked", config, config) if config else None


class Ifupdown:
    """ifupdown's state file, and the stanzas of /etc/network/interfaces."""

    def __init__(self, files: HostFiles, running: frozenset[str]) -> None:  # noqa: ARG002
        lines = files.text(IFSTATE).splitlines()
        self._states = {line.partition("=")[0]: line for line in lines if "=" in line}
        self._stanzas: Mapping[str, Stanza] = read_stanzas(files)

    def manager_of(self, index: int, name: str) -> Manager | None:  # noqa: ARG002
        """The claim on a link, None without one."""
        stanza = self._stanzas.get(name)
        config = stanza.path if stanza else ""
        if name in self._states:
            return Manager("ifupdown", f"{IFSTATE}: {self._states[name]}", config)
        return Manager("ifupdown", f"{config}: {stanza.line}", config) if stanza else None


class Ifcfg:
    """The Red Hat family's ifcfg files, for the network service or nobody else who took them."""

    def __init__(self, files: HostFiles, running: frozenset[str]) -> None:  # noqa: ARG002
        self._files = files
        self._config = ifcfg_by_name(files, IFCFG)

    def manager_of(self, index: int, name: str) -> Manager | None:  # noqa: ARG002
        """The claim on a link, None without one."""
        path = self._config.get(name)
        if path is None:
            return None
        words = shell_settings(self._files.text(path))
        said = words.get("NM_CONTROLLED")
        evidence = f"{path}: NM_CONTROLLED={said}" if said else path
        return Manager("ifcfg", evidence, path, bonding_opts(words))


def bonding_opts(words: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """An ifcfg file's BONDING_OPTS="mode=1 miimon=100", option by option."""
    pairs = (word.partition("=") for word in words.get("BONDING_OPTS", "").split())
    return tuple((key, value) for key, equals, value in pairs if equals)


def read_ifcfg(files: HostFiles, folder: str) -> dict[str, dict[str, str]]:
    """The folder's ifcfg files by path; copies that editors and packages leave are none."""
    return {
        f"{folder}/{one}": shell_settings(files.text(f"{folder}/{one}"))
        for one in files.names(folder)
        if one.startswith("ifcfg-") and not one.endswith(_COPIES)
    }


_COPIES: Final = ("~", ".bak", ".orig", ".rpmsave", ".rpmnew", ".rpmorig", ".old")


def ifcfg_by_name(files: HostFiles, folder: str) -> dict[str, str]:
    """Link name to the ifcfg file for it: by DEVICE, else by the file's own name."""
    return {
        words.get("DEVICE") or PurePosixPath(path).name.removeprefix("ifcfg-"): path
        for path, words in read_ifcfg(files, folder).items()
    }


_Claim = Callable[[int, str], Manager | None]
_BACKENDS: Final = (NetworkManager, Networkd, Wicked, Ifupdown, Ifcfg)
NOBODY: Final = Manager("nobody")


def read_managers(root: Path, links: Mapping[int, str]) -> dict[int, Manager]:
    """Who manages each link (name by index), with the evidence. Blocks."""
    files = HostFiles(root)
    running = files.running()
    claims = [backend(files, running).manager_of for backend in _BACKENDS]
    return {index: _first_claim(claims, index, name) for index, name in links.items()}


def _first_claim(claims: Iterable[_Claim], index: int, name: str) -> Manager:
    """The first owner there is; else what speaks against one; else nobody."""
    nobody = NOBODY
    for claim in claims:
        manager = claim(index, name)
        if manager is not None and manager.name != NOBODY.name:
            return manager
        nobody = manager or nobody
    return nobody


def fingerprint(root: Path) -> object:
    """Compares equal while nothing that `read_managers` reads has changed. Blocks."""
    files = HostFiles(root)
    return files.running(), [stamp for folder in WATCHED for stamp in files.stamps(folder)]
