#!/usr/bin/env bash
# What the scenarios need on the machine that runs them; `arm64` adds the emulation of aarch64.
set -euo pipefail

packages=(podman runc netavark aardvark-dns mmdebstrap openssh-client)
if [ "${1:-}" = arm64 ] && [ "$(uname -m)" != aarch64 ]; then
    packages+=(qemu-user-static binfmt-support arch-test)
fi
missing=()
for package in "${packages[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
if [ "${#missing[@]}" -gt 0 ]; then
    if [ "$(id -u)" -ne 0 ]; then
        echo "make molecule: needs root, and ${missing[*]}; run: sudo apt-get install ${missing[*]}" >&2
        exit 2
    fi
    apt-get -o DPkg::Lock::Timeout=300 -qq update
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -qq install --yes \
        --no-install-recommends "${missing[@]}" >/dev/null
fi
if [ "$(id -u)" -ne 0 ]; then
    echo "make molecule: found user $(id -un), expected root, who may start hosts; run: sudo make molecule" >&2
    exit 2
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
