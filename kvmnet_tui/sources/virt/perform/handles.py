"""libvirt's networks as performers use them: found, read and defined, in the call's thread."""

from typing import Any

import libvirt

from kvmnet_tui.i18n import _
from kvmnet_tui.netxml.network_plan import DELETE, MODIFY, Update
from kvmnet_tui.requests import RequestError
from kvmnet_tui.requests.networks import NetworkRef

SECTIONS = {
    "bridge": libvirt.VIR_NETWORK_SECTION_BRIDGE,
    "domain": libvirt.VIR_NETWORK_SECTION_DOMAIN,
    "ip": libvirt.VIR_NETWORK_SECTION_IP,
    "ip-dhcp-host": libvirt.VIR_NETWORK_SECTION_IP_DHCP_HOST,
    "ip-dhcp-range": libvirt.VIR_NETWORK_SECTION_IP_DHCP_RANGE,
    "forward": libvirt.VIR_NETWORK_SECTION_FORWARD,
    "forward-interface": libvirt.VIR_NETWORK_SECTION_FORWARD_INTERFACE,
    "forward-pf": libvirt.VIR_NETWORK_SECTION_FORWARD_PF,
    "portgroup": libvirt.VIR_NETWORK_SECTION_PORTGROUP,
    "dns-host": libvirt.VIR_NETWORK_SECTION_DNS_HOST,
    "dns-txt": libvirt.VIR_NETWORK_SECTION_DNS_TXT,
    "dns-srv": libvirt.VIR_NETWORK_SECTION_DNS_SRV,
}
COMMANDS = {
    "add": libvirt.VIR_NETWORK_UPDATE_COMMAND_ADD_LAST,
    "add-first": libvirt.VIR_NETWORK_UPDATE_COMMAND_ADD_FIRST,
    "add-last": libvirt.VIR_NETWORK_UPDATE_COMMAND_ADD_LAST,
    DELETE: libvirt.VIR_NETWORK_UPDATE_COMMAND_DELETE,
    MODIFY: libvirt.VIR_NETWORK_UPDATE_COMMAND_MODIFY,
}
LIVE = libvirt.VIR_NETWORK_UPDATE_AFFECT_LIVE
CONFIG = libvirt.VIR_NETWORK_UPDATE_AFFECT_CONFIG

# Daemons that do not know the flag, or do not find the schema it asks them to use.
_NO_VALIDATION = (libvirt.VIR_ERR_INVALID_ARG, libvirt.VIR_ERR_NO_SUPPORT)
_VALIDATE = getattr(libvirt, "VIR_NETWORK_DEFINE_VALIDATE", 0)
_CREATE_VALIDATE = getattr(libvirt, "VIR_NETWORK_CREATE_VALIDATE", 0)


def find(virt: Any, ref: NetworkRef) -> Any:
    """The network, as it is now; raises RequestError when it is gone."""
    try:
        return virt.networkLookupByUUIDString(ref.uuid)
    except libvirt.libvirtError as error:
        if error.get_error_code() != libvirt.VIR_ERR_NO_NETWORK:
            raise
        raise RequestError(
            _("There is no network {name} any more.").format(name=ref.name)
        ) from None


def stored_xml(handle: Any) -> str:
    """The text that is used from the next start."""
    try:
        return str(handle.XMLDesc(libvirt.VIR_NETWORK_XML_INACTIVE))
    except libvirt.libvirtError as error:
        if error.get_error_code() != libvirt.VIR_ERR_INVALID_ARG:
            raise
        return str(handle.XMLDesc(0))  # the test driver keeps one text


def define(virt: Any, xml: str) -> Any:
    """Define a network, checked against libvirt's schema where its daemon can."""
    if not _VALIDATE:
        return virt.networkDefineXML(xml)
    return _validated(
        lambda: virt.networkDefineXMLFlags(xml, _VALIDATE), lambda: virt.networkDefineXML(xml)
    )


def create(virt: Any, xml: str) -> Any:
    """Start a network from its text alone, checked as `define` does."""
    if not _CREATE_VALIDATE:
        return virt.networkCreateXML(xml)
    return _validated(
        lambda: virt.networkCreateXMLFlags(xml, _CREATE_VALIDATE),
        lambda: virt.networkCreateXML(xml),
    )


def _validated(checked: Any, unchecked: Any) -> Any:
    try:
        return checked()
    except libvirt.libvirtError as error:
        lacks_schema = "schema" in str(error) and error.get_int1() == 2  # ENOENT
        if error.get_error_code() not in _NO_VALIDATION and not lacks_schema:
            raise
    return unchecked()


def update(handle: Any, one: Update, flags: int) -> None:
    """One virNetworkUpdate."""
    handle.update(COMMANDS[one.command], SECTIONS[one.section], one.parent, one.xml, flags)


def words_of(error: libvirt.libvirtError) -> str:
    """What libvirt said."""
    return (error.get_error_message() or str(error)).strip()
