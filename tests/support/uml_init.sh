#!/bin/sh
# The first process of the kernel under test (see uml.py). The root is the host's own file system,
# read only; OUTBOX, the one folder that may be written, comes on the kernel's command line.
set -u
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# hostfs is told its folder by a bare path, which the newer fsconfig(2) has no word for.
export LIBMOUNT_FORCE_MOUNT2=always
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /run
mkdir -p /run/outbox /run/home /run/modules/lib
mount -t hostfs -o "$OUTBOX" none /run/outbox
ln -s /usr/lib/uml/modules /run/modules/lib/modules
modprobe -d /run/modules bonding max_bonds=0
for module in veth bridge dummy 8021q macvlan; do
    modprobe -d /run/modules "$module"
done
ip link set lo up
/bin/sh /run/outbox/command
