"""Who keeps a host's network configuration over a reboot, and how a change is tried with each."""
