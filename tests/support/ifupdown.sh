#!/bin/sh
# Runs a command beside ifupdown. Started as `unshare --net --mount sh THIS TREE COMMAND...`, where
# TREE is the folder that Debian's packages ifupdown and bridge-utils are unpacked in ("" for none).
#
# Links: ens32, which /etc/network/interfaces configures, and ens36, which it does not.
set -eu
tree=$1
shift
mount --make-rprivate /
for place in /run /var/lib; do
    mount -t tmpfs none "$place"
done
mount -t sysfs none /sys
mkdir /run/network

ip link set lo up
for number in 32 36; do
    ip link add "ens$number" type veth peer name "far$number"
    ip link set "far$number" up
done

if [ -n "$tree" ]; then
    mount -t tmpfs none /etc/network
    cp -R "$tree/etc/network/." /etc/network
    cat >/etc/network/interfaces <<'TEXT'
auto lo
iface lo inet loopback

auto ens32
iface ens32 inet static
    address 10.1.1.2/24
    gateway 10.1.1.1
TEXT
    # Where everybody looks, the guard too, who trusts no PATH.
    mount -t tmpfs none /usr/local/sbin
    cp -P "$tree"/sbin/* /usr/local/sbin
    ifup -a >&2
else
    ip address add 10.1.1.2/24 dev ens32
    ip link set ens32 up
    ip route add default via 10.1.1.1
fi

"$@"
