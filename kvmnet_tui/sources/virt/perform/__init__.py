"""Who performs requests with libvirt, a module a domain."""
