#!/bin/sh
# In the image's build only: wheels in /built of all that requirements-source.txt names.
set -eu
mkdir -p /built
grep -q '^[A-Za-z0-9]' /build/requirements-source.txt || exit 0

command -v cc > /dev/null || {
    apt-get update
    apt-get install --yes --no-install-recommends build-essential python3-dev
}
# A folder of wheels that holds anything is the only place that is asked.
from=
[ -z "$(ls -A /wheels 2> /dev/null)" ] || from='--no-index --find-links /wheels'
python3 -m venv /build/tools
# shellcheck disable=SC2086 # two options or none
/build/tools/bin/pip install $from --require-hashes --requirement /build/requirements-build.txt
# The hashes are those of the source archives; what is built of them has no hash beforehand.
# shellcheck disable=SC2086
/build/tools/bin/pip wheel $from --require-hashes --no-deps --no-binary :all: --no-build-isolation \
    --wheel-dir /built --requirement /build/requirements-source.txt
