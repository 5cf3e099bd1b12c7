#!/usr/bin/env bash
# The reproducibility smoke test: ten sprites from a seed, twice the same. See run.sh --help.
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
export PYTHONPATH=${here%/*}
export PYTHONDONTWRITEBYTECODE=1

# What starts the test needs Python 3.10 and nothing else; what makes the images may be another one.
runtime=${XDG_DATA_HOME:-${HOME:-}/.local/share}/dgx-spark-foundation/runtime/bin/python
for python in python3 "${FOUNDATION_PYTHON:-}" "$runtime"; do
    if [ -n "$python" ] && "$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2> /dev/null; then
        exec "$python" "$here/launch" "$@"
    fi
done
echo "repro: no Python 3.10 or newer; install one (apt install python3)" >&2
exit 2
