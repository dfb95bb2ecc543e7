"""The kernel's route netlink: sockets, decoder, table and source."""

from kvmnet_tui.sources.netlink.source import NetlinkSource

__all__ = ["NetlinkSource"]
