"""repro/image/sbom.py: what pip reports becomes a bill of materials."""

import hashlib
import json
import os
import subprocess
import sys

import pytest
from box import REPOSITORY

SBOM = REPOSITORY / "repro" / "image" / "sbom.py"
MODEL = REPOSITORY / "repro" / "model.safetensors"


def bill(tmp_path, *archives, base=""):
    report = {
        "install": [
            {
                "metadata": {"name": "Typing_Extensions", "version": "4.16.0+cpu"},
                "download_info": {"archive_info": archive},
            }
            for archive in archives
        ]
    }
    (tmp_path / "report.json").write_text(json.dumps(report))
    done = subprocess.run(
        [sys.executable, SBOM, tmp_path / "report.json", MODEL, tmp_path / "sbom.json"],
        env={**os.environ, "BASE": base},
        capture_output=True,
        text=True,
        check=False,
    )
    return done, tmp_path / "sbom.json"


@pytest.mark.parametrize(
    "archive", [{"hashes": {"sha256": "a" * 64}}, {"hash": "sha256=" + "a" * 64}]
)
def test_package_version_and_hash(tmp_path, archive):
    done, path = bill(tmp_path, archive, base="docker.io/library/python:3.12@sha256:" + "b" * 64)

    assert done.returncode == 0, done.stderr
    document = json.loads(path.read_text())
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.5")
    package, model, base = document["components"]
    assert package["purl"] == "pkg:pypi/typing-extensions@4.16.0%2Bcpu"
    assert package["hashes"] == [{"alg": "SHA-256", "content": "a" * 64}]
    assert model["type"] == "machine-learning-model"
    digest = hashlib.sha256(MODEL.read_bytes()).hexdigest()
    assert model["hashes"] == [{"alg": "SHA-256", "content": digest}]
    assert base["hashes"] == [{"alg": "SHA-256", "content": "b" * 64}]


@pytest.mark.parametrize("archive", [{}, {"hash": "md5=" + "a" * 32}])
def test_a_package_without_a_hash_ends_the_build(tmp_path, archive):
    done, path = bill(tmp_path, archive)

    assert done.returncode != 0
    assert not path.exists()
