#!/bin/sh
# In the image's build only: byte code of the sources, and the bill of materials.
set -eu
python3 -m compileall -q --invalidation-mode unchecked-hash /opt/foundation
mkdir /opt/foundation/sbom
python3 /build/image/sbom.py /build/report.json \
    /opt/foundation/repro/model.safetensors /opt/foundation/sbom/sbom.cdx.json
find /opt/foundation -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
