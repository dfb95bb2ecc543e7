"""Who manages each link: NetworkManager, networkd, netplan, wicked, ifupdown, ifcfg or nobody."""

from kvmnet_tui.sources.managers.source import ManagersSource

__all__ = ["ManagersSource"]
