#!/bin/sh
# First process of the lab's namespaces: lays an empty host over libvirt's folders, then waits.
# Arguments: the lab's folder, a Python interpreter. Ends, and the lab with it, when its standard
# input is closed.
set -e
folder=$1
python=$2

mount --make-rprivate /
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /run
for each in /var/lib/libvirt /etc/libvirt /var/log/libvirt /var/cache/libvirt; do
    mount -t tmpfs tmpfs "$each"
done
# libvirtd's sockets, where the test can reach them from outside the namespaces.
mkdir /run/libvirt
mount --bind "$folder/run" /run/libvirt

mkdir -p /etc/libvirt/qemu/networks/autostart
cp "$folder/default.xml" /etc/libvirt/qemu/networks/default.xml
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
