#!/bin/sh
# First process of the lab's namespaces: lays an empty host over libvirt's folders, then waits.
# Argument: a Python interpreter. Ends, and the lab with it, when its standard input is closed.
set -e
python=$1

mount --make-rprivate /
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /run
for each in /var/lib/libvirt /etc/libvirt /var/log/libvirt /var/cache/libvirt; do
    mount -t tmpfs tmpfs "$each"
done
mkdir -p /etc/libvirt/qemu/networks/autostart
ln -s ../default.xml /etc/libvirt/qemu/networks/autostart/default.xml
cat > /etc/libvirt/qemu.conf <<'END'
user = "root"
group = "root"
security_driver = "none"
cgroup_controllers = []
namespaces = []
remember_owner = 0
stdio_handler = "file"
END
cat > /etc/libvirt/libvirtd.conf <<'END'
unix_sock_rw_perms = "0700"
unix_sock_ro_perms = "0777"
auth_unix_ro = "none"
auth_unix_rw = "none"
END
ip link set lo up

# The shell would leave dead children of others (daemons that fork) behind as zombies.
exec "$python" -c '
import signal, sys
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
print("ready", flush=True)
sys.stdin.read()
'
