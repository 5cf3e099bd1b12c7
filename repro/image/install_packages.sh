#!/bin/sh
# In the image's build only: /opt/runtime, an environment without pip, and pip's report in /build.
# Neither byte code nor file times depend on the clock, so that the same inputs give the same image.
set -eu
requirements=/build/${REQUIREMENTS:-requirements-$(uname -m).txt}
[ -f "$requirements" ] || {
    echo "${requirements##*/}: not a requirements file of this project; see repro/Dockerfile" >&2
    exit 2
}
# A folder of wheels that holds anything is the only place that is asked.
from=
[ -z "$(ls -A /wheels 2> /dev/null)" ] || from='--no-index --find-links /wheels'
python3 -m venv /build/tools
python3 -m venv --without-pip /opt/runtime
pip() { /build/tools/bin/pip --python /opt/runtime/bin/python "$@"; }

# shellcheck disable=SC2086 # two options or none
pip install $from --require-hashes --only-binary :all: --no-deps \
    --report /build/report.json --requirement "$requirements"
if [ -n "$(ls -A /built)" ]; then
    pip install --no-index --no-deps /built/*.whl
fi
pip check
# Packages carry some files for newer Pythons, which do not compile.
python3 -m compileall -q --invalidation-mode unchecked-hash /opt/runtime/lib > /dev/null || true
find /opt/runtime -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
