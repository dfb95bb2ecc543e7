#!/bin/sh
# Runs a command beside a real NetworkManager. Started as `unshare --net --mount sh THIS COMMAND...`.
#
# Links: ens32 with the profile `office`, ens36 with none, virbr0 made with `ip` before
# NetworkManager came, far32 and far36 unmanaged. What the daemons say goes to standard error.
set -eu
mount --make-rprivate /
for place in /run /etc/NetworkManager /var/lib; do
    mount -t tmpfs none "$place"
done
# NetworkManager waits for udev, and calls every link unmanaged, unless sysfs is read-only.
mount -t sysfs -o ro none /sys
mkdir -p /run/dbus /etc/NetworkManager/system-connections
# Names are asked of nobody here, and what NetworkManager learns of them stays here.
: >/run/resolv.conf
[ ! -e /etc/resolv.conf ] || mount --bind /run/resolv.conf /etc/resolv.conf

cat >/run/dbus.conf <<'EOF'
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=/run/dbus/system_bus_socket</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/><allow own="*"/><allow send_type="method_call"/>
    <allow send_destination="*"/><allow receive_sender="*"/>
  </policy>
</busconfig>
EOF
cat >/etc/NetworkManager/NetworkManager.conf <<'EOF'
[main]
plugins=keyfile
no-auto-default=*
[keyfile]
unmanaged-devices=interface-name:far*
EOF
cat >/etc/NetworkManager/system-connections/office.nmconnection <<'EOF'
[connection]
id=office
uuid=c71a5445-4ac6-47d1-a600-599e3d897028
type=ethernet
interface-name=ens32
[ipv4]
method=manual
address1=10.1.1.2/24,10.1.1.1
[ipv6]
method=disabled
EOF
chmod 600 /etc/NetworkManager/system-connections/office.nmconnection

ip link set lo up
for number in 32 36; do
    ip link add "ens$number" type veth peer name "far$number"
    ip link set "far$number" up
done
ip link add virbr0 type bridge
ip address add 192.168.122.1/24 dev virbr0
ip link set virbr0 up

dbus-daemon --config-file=/run/dbus.conf --nofork --nopidfile >&2 &
bus=$!
manager=
trap 'kill $manager $bus 2>/dev/null || true; wait' EXIT
for _ in $(seq 100); do
    [ -S /run/dbus/system_bus_socket ] && break
    sleep 0.05
done
NetworkManager --no-daemon --log-level=WARN >&2 &
manager=$!
echo $manager >/run/networkmanager.pid
nm-online --quiet --timeout=30 || nmcli --wait 30 connection up office >&2

"$@"
