"""libvirt as a source. Importing this package imports no libvirt: starting the program must not."""

from kvmnet_tui.sources.virt.source import VirtSource
from kvmnet_tui.sources.virt.timing import Timing

__all__ = ["Timing", "VirtSource"]
