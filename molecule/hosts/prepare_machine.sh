#!/usr/bin/env bash
# What the scenarios need on the machine that runs them; `arm64` adds the emulation of aarch64.
# Exit status 3: this machine lets nobody start hosts. Everything else that is not 0 is a failure.
set -euo pipefail

cannot() {
    echo "make molecule: found $1, expected $2; run: $3" >&2
    exit 3
}

[ "$(id -u)" -eq 0 ] || cannot "user $(id -un)" "root, who may start hosts" "sudo make molecule"
command -v apt-get >/dev/null || cannot "no apt-get" "Debian or Ubuntu" "make molecule on one of them"

# What a container with systemd and Docker inside is made of, tried without one: a sandbox may lack it.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch"/{lower,upper,work,merged}
privileged="a machine on which root may start containers: a virtual machine, or a container with --privileged"
unshare --mount --net --pid --fork true 2>/dev/null ||
    cannot "a root that may not make namespaces" "$privileged" "unshare --mount --net --pid --fork true"
overlay=(mount -t overlay overlay -o "lowerdir=$scratch/lower,upperdir=$scratch/upper,workdir=$scratch/work" "$scratch/merged")
unshare --mount "${overlay[@]}" 2>/dev/null ||
    cannot "a root that may not mount overlay file systems on ${scratch%/*}" "$privileged" "grep overlay /proc/filesystems"
cgroups=/sys/fs/cgroup
[ -e "$cgroups/cgroup.controllers" ] || cgroups=$cgroups/systemd
{ mkdir "$cgroups/foundation-molecule" && rmdir "$cgroups/foundation-molecule"; } 2>/dev/null ||
    cannot "no cgroups that root may make in $cgroups" "$privileged" "mkdir $cgroups/foundation-molecule"
capabilities=$(sed -n 's/^CapEff:[[:space:]]*//p' /proc/self/status)
{ ((16#$capabilities >> 12 & 1)) && [ -w /proc/sys/net/ipv4/ip_forward ]; } || # bit 12: CAP_NET_ADMIN
    cannot "a root that may not set up networks" "$privileged" "grep CapEff /proc/self/status"

# netavark, podman's network, calls iptables and does not depend on it.
packages=(podman runc netavark iptables iproute2 aardvark-dns mmdebstrap openssh-client)
if [ "${1:-}" = arm64 ] && [ "$(uname -m)" != aarch64 ]; then
    packages+=(qemu-user-static binfmt-support arch-test)
fi
missing=()
for package in "${packages[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
if [ "${#missing[@]}" -gt 0 ]; then
    options=(-qq -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
    apt-get "${options[@]}" update
    DEBIAN_FRONTEND=noninteractive apt-get "${options[@]}" install --yes --no-install-recommends "${missing[@]}" >/dev/null
fi

if [ "${1:-}" = arm64 ] && [ "$(uname -m)" != aarch64 ]; then
    mountpoint -q /proc/sys/fs/binfmt_misc || mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
    test -e /proc/sys/fs/binfmt_misc/qemu-aarch64 || update-binfmts --enable qemu-aarch64
    # sudo on an emulated host needs the credentials of the program (C), which Debian's entry does not
    # ask for. The newest entry wins; it is gone with a reboot.
    if ! test -e /proc/sys/fs/binfmt_misc/molecule-aarch64; then
        interpreter=$(sed -n 's/^interpreter //p' /proc/sys/fs/binfmt_misc/qemu-aarch64)
        magic='\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00'
        mask='\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'
        printf '%s' ":molecule-aarch64:M::$magic:$mask:$interpreter:OCPF" >/proc/sys/fs/binfmt_misc/register
    fi
fi

# What the kernel lacks is found without the engine, so that what the engine then says is a failure.
network='ip link add proof0 type bridge && ip link add proof1 type veth peer name proof2 && iptables --table nat --new-chain PROOF'
said=$(unshare --net sh -c "$network" 2>&1) ||
    cannot "a kernel without bridges, veth or NAT (${said//$'\n'/ })" "$privileged" "unshare --net sh -c '$network'"

# A container with a network of its own: `cat` with its libraries, which shows its interfaces. The
# limits are those of machines.py.
proof=foundation-${scratch##*.}
proof=${proof,,} # as images may be called
podman=(timeout 120 podman --runtime runc)
clean_up() {
    "${podman[@]}" network rm --force "$proof" >/dev/null 2>&1 || true # with its containers
    "${podman[@]}" rmi --force "localhost/$proof" >/dev/null 2>&1 || true
    rm -rf "$scratch"
}
trap clean_up EXIT
prove() {
    mkdir "$scratch/root" &&
        ldd /bin/cat | grep -o '/[^ ]*' | xargs cp --parents --dereference --target-directory="$scratch/root" /bin/cat &&
        tar -C "$scratch/root" -c . | "${podman[@]}" import --quiet - "localhost/$proof" &&
        "${podman[@]}" network create "$proof" &&
        "${podman[@]}" run --rm --network "$proof" --ulimit=nofile=20000:20000 --ulimit=nproc=4000:4000 \
            "localhost/$proof" /bin/cat /proc/net/dev
}
if ! said=$(prove 2>&1) || [[ $said != *eth0:* ]]; then
    echo "make molecule: podman started no container with a network of its own; it said:" >&2
    echo "$said" >&2
    exit 1
fi
