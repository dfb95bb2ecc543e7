#!/bin/busybox sh
# First process of the booting guest: every NIC, also one plugged in later, asks for a lease.
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
for module in /modules/*.ko; do
    insmod "$module"
done
hostname "$(sed 's/.*guest=\([^ ]*\).*/\1/' /proc/cmdline)"
ip link set lo up

cat > /bin/on-lease <<'END'
#!/bin/busybox sh
if [ "$1" = bound ] || [ "$1" = renew ]; then
    ip addr flush dev "$interface"
    ip addr add "$ip/$mask" dev "$interface"
    echo "lease $interface $ip" > /dev/ttyS0
fi
END
cat > /bin/on-lease6 <<'END'
#!/bin/busybox sh
case "$reason" in
BOUND6 | RENEW6 | REBIND6)
    ip -6 addr add "$new_ip6_address/64" dev "$interface"
    echo "lease $interface $new_ip6_address" > /dev/ttyS0
    ;;
RELEASE6 | STOP6 | EXPIRE6)
    ip -6 addr del "$old_ip6_address/64" dev "$interface"
    ;;
esac
END
chmod +x /bin/on-lease /bin/on-lease6

ask() {
    ip link set "$1" up
    udhcpc -q -f -t 10 -T 1 -s /bin/on-lease -i "$1" -x "hostname:$(hostname)"
}

(
    seen=" "
    while true; do
        for path in /sys/class/net/eth*; do
            number=$(cat "$path/ifindex" 2> /dev/null) || continue
            case "$seen" in
            *" $number "*) ;;
            *)
                seen="$seen$number " # a NIC that comes after another has its name, but not this
                ask "${path##*/}" &
                ;;
            esac
        done
        sleep 0.2
    done
) &

for port in /sys/class/virtio-ports/*; do
    if [ "$(cat "$port/name")" = org.qemu.guest_agent.0 ]; then
        qemu-ga -m virtio-serial -p "/dev/${port##*/}" -t /run &
    fi
done

until ip -4 addr show dev eth0 2> /dev/null | grep -q inet; do
    sleep 0.1
done
echo ready > /dev/ttyS0
while true; do
    wait
    sleep 1
done
