"""Prints foundation/handoff/rustc_captured.json anew, as the rustc on PATH answers.

python tests/capture_rustc.py > foundation/handoff/rustc_captured.json
"""

import json
import sys

from foundation.handoff.rust_names import FLAGS
from foundation.handoff.toolchain import Rustc, known_cpus


def capture(triples):
    """What the rustc on PATH answers for some CPUs of each target. Raises ToolchainError."""
    rustc = Rustc()
    targets = {}
    for triple, cpus in triples.items():
        by_cpu = {cpu: rustc.features(triple, cpu) for cpu in sorted(cpus)}
        base = "generic" if "generic" in by_cpu else "x86-64"
        # All at once: some, such as paca and pacg, are only taken together.
        refused = rustc.refused(triple, base, [f"+{name}" for name in FLAGS[triple]])
        targets[triple] = {
            "cpus": {c: " ".join(sorted(f)) for c, f in by_cpu.items() if f is not None},
            "stable_features": " ".join(n for n in sorted(FLAGS[triple]) if f"+{n}" not in refused),
        }
    return {"rustc": rustc.version, "llvm": rustc.llvm, "targets": targets}


if __name__ == "__main__":
    json.dump(capture({triple: known_cpus(triple) for triple in FLAGS}), sys.stdout, indent=1)
    print()
