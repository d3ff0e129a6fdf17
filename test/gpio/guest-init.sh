#!/bin/busybox sh
# The first program of the emulated machine. It sees the host's files read-only, below a layer of memory for what is
# written, and hands over to the script that the test talks to.
/bin/busybox --install -s /bin
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
while read -r module; do insmod "$module" || echo "No $module." >&2; done < /modules.list
mount -t configfs config /sys/kernel/config
mkdir /host /top /all
mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose,msize=262144 host /host
mount -t tmpfs top /top
mkdir /top/upper /top/work
mount -t overlay -o lowerdir=/host,upperdir=/top/upper,workdir=/top/work overlay /all
ip link set lo up
ip link set eth0 up
ip addr add 10.0.2.15/24 dev eth0
for folder in dev proc sys; do mount --move "/$folder" "/all/$folder"; done
# A program that has ended well leaves what Node made of its TypeScript to the next one, which then starts in half the time.
export NODE_COMPILE_CACHE=/tmp/node-compile-cache
# What is written after "--" on the kernel's line comes as words: the program to run.
exec chroot /all "$@"
