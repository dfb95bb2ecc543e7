"""Whether a guest's NIC can be reached from this host, and why not: ARP, NDP and ping."""
