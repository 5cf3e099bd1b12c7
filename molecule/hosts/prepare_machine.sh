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
fi
