"""The image model, its data and its training, tested in the probe runtime: it has torch.

The cases themselves are in image_model/: unittest, since the runtime has no pytest.
"""

import hashlib
import json
from pathlib import Path

import pytest
from box import REPOSITORY

SLOW = ("model_cases", "training_cases")
CASES = [
    pytest.param(path, id=path.stem, marks=[pytest.mark.slow] if path.stem in SLOW else [])
    for path in sorted((Path(__file__).parent / "image_model").glob("*_cases.py"))
]
REPRO = REPOSITORY / "repro"


@pytest.mark.parametrize("cases", CASES)
def test_cases_in_the_runtime(run_cases, cases):
    run_cases(cases, [REPOSITORY])


@pytest.mark.parametrize("kind", ["cpu", "cuda"])
def test_weights_training_record_and_references_belong_together(kind):
    digest = hashlib.sha256((REPRO / "model.safetensors").read_bytes()).hexdigest()
    reference = json.loads((REPRO / "references" / f"{kind}.json").read_text())

    assert json.loads((REPRO / "training" / "training.json").read_text())["model_sha256"] == digest
    assert reference["generator"]["model_sha256"] == digest
    assert len({image["sha256"] for image in reference["images"]}) == 10
    assert (REPRO / "model.safetensors").stat().st_size <= 4_000_000
