#!/usr/bin/env bash
# The reproducibility smoke test: ten sprites from a seed, twice the same.
set -euo pipefail

usage() {
    cat <<'TEXT'
Usage: repro/run.sh [--engine none] [--count N] [--seed N] [--out DIR] [--timeout SECONDS]
                    [--host NAME] [--python PATH]

Makes pixel-art sprites with a small diffusion model from a seed, on CUDA or the CPU, and proves
that they can be made again.

  --engine none      without a container, the only engine of this version
  --count N          how many images, 1 to 1000 (10); fewer are the first of more
  --seed N           the seed, 0 or more (7)
  --out DIR          where the files go (reproducibility)
  --timeout SECONDS  what all of it may take (300)
  --host NAME        the host's name in the documents (localhost)
  --python PATH      a Python with torch, numpy and safetensors; unless given $FOUNDATION_PYTHON, else
                     the probe runtime's

Writes image_00.png ..., contact_sheet.png, manifest.json, environment.json, reproducibility.json.
Exit status: 0 passed; 1 the smoke test failed; 2 usage, or something is missing.
TEXT
}

refuse() {
    printf 'repro: %s\n' "$1" >&2
    exit 2
}

value() {
    [ $# -ge 2 ] || refuse "$1: a value is missing; see --help"
    printf '%s' "$2"
}

engine=none
python=${FOUNDATION_PYTHON:-}
arguments=()
while [ $# -gt 0 ]; do
    # --name=value and --name value mean the same.
    case $1 in
        --*=*) set -- "${1%%=*}" "${1#*=}" "${@:2}" ;;
    esac
    case $1 in
        -h | --help)
            usage
            exit 0
            ;;
        --engine) engine=$(value "$@") ;;
        --python) python=$(value "$@") ;;
        --count | --seed | --out | --timeout | --host) arguments+=("$1=$(value "$@")") ;;
        *) refuse "$1: no such option; see --help" ;;
    esac
    shift 2
done

case $engine in
    none) ;;
    docker | podman)
        refuse "--engine $engine: containers come with a later version; type: repro/run.sh --engine none"
        ;;
    *) refuse "--engine $engine: no such engine; type: repro/run.sh --engine none" ;;
esac

if [ -z "$python" ]; then
    [ -n "${XDG_DATA_HOME:-${HOME:-}}" ] || refuse "HOME is not set; name a Python with --python"
    share=${XDG_DATA_HOME:-${HOME:-}/.local/share}
    python=$share/dgx-spark-foundation/runtime/bin/python
fi
[ -x "$python" ] || refuse "$python: no such Python; make it with: ansible-playbook foundation.yml --tags WS-01"

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
export PYTHONPATH=${here%/*}
export PYTHONDONTWRITEBYTECODE=1
# Without it cuBLAS may add in another order on every run: see torch.use_deterministic_algorithms.
export CUBLAS_WORKSPACE_CONFIG=:4096:8
# Threads that wait for each other by spinning make an image take seconds on a busy host.
export OMP_WAIT_POLICY=PASSIVE
exec "$python" "$here/generate.py" "${arguments[@]}"
