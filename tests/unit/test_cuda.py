from python_probes.software import cuda

NVCC = "Cuda compilation tools, release 12.8, V12.8.93\n"


def test_nvcc_on_path(box):
    box.says("nvcc", NVCC)

    section = cuda.collect(box.system, {}, box.note)

    assert (section["nvcc_version"], section["nvcc_on_path"]) == ("12.8.93", True)
    assert section["nvcc_path"].endswith("/nvcc")


def test_nvcc_on_path_that_fails(box):
    box.says("nvcc", "cannot execute", 126)

    assert cuda.collect(box.system, {}, box.note)["nvcc_version"] is None
    assert "cannot execute" in box.messages("unusable")


def test_nvcc_that_cannot_run_here_is_told_by_version_json(box):
    box.file("/usr/local/cuda-13.0/version.json",
             '{"cuda": {"version": "13.0.3"}, "cuda_nvcc": {"version": "13.0.88"}}')  # fmt: skip
    box.file("/usr/local/cuda-13.0/bin/nvcc", b"\x7fELF of another machine", mode=0o755)
    box.link("/usr/local/cuda", "cuda-13.0")

    section = cuda.collect(box.system, {}, box.note)

    assert (section["nvcc_path"], section["nvcc_version"]) == (
        "/usr/local/cuda-13.0/bin/nvcc",
        "13.0.88",
    )
    assert section["nvcc_source"] == "version.json"
    assert box.problems == []


def test_version_json_does_not_speak_for_an_nvcc_that_fails(box):
    box.file("/usr/local/cuda-13.0/version.json",
             '{"cuda": {"version": "13.0.2"}, "cuda_nvcc": {"version": "13.0.88"}}')  # fmt: skip
    box.file("/usr/local/cuda-13.0/bin/nvcc", "#!/bin/sh\necho broken >&2; exit 1", mode=0o755)

    section = cuda.collect(box.system, {}, box.note)

    assert (section["nvcc_version"], section["nvcc_source"]) == (None, None)
    assert "broken" in box.messages("unusable")


def test_nvcc_that_cannot_run_and_no_version_json(box):
    box.file("/usr/local/cuda-9.0/version.txt", "CUDA Version 9.0.176")
    box.file("/usr/local/cuda-9.0/bin/nvcc", "broken")

    section = cuda.collect(box.system, {}, box.note)

    assert section["toolkits"] == [{"path": "/usr/local/cuda-9.0", "version": "9.0.176"}]
    assert section["nvcc_version"] is None
    assert str(box.root) not in box.messages("unusable")


def test_several_toolkits_newest_first_each_once(box):
    for version in ("9.2", "12.8", "13.0"):
        box.file(f"/usr/local/cuda-{version}/version.json",
                 f'{{"cuda": {{"version": "{version}.1"}}}}')  # fmt: skip
    box.link("/usr/local/cuda-13", "cuda-13.0")
    box.link("/usr/local/cuda", "/usr/local/cuda-12.8")

    section = cuda.collect(box.system, {}, box.note)

    assert [kit["version"] for kit in section["toolkits"]] == ["13.0.1", "12.8.1", "9.2.1"]
    assert section["default_path"] == "/usr/local/cuda-12.8"
    assert "nvcc is neither" in box.messages("missing")


def test_a_toolkit_without_version_json_is_told_by_dpkg_then_by_nvcc(box):
    script = "#!/bin/sh\necho 'Cuda compilation tools, release 13.0, V13.0.88'"
    box.file("/usr/local/cuda-13.0/bin/nvcc", script, mode=0o755)

    by_package = cuda.collect(box.system, {"cuda-toolkit-13-0": "13.0.3-1"}, box.note)
    by_nvcc = cuda.collect(box.system, {}, box.note)

    assert by_package["toolkits"][0]["version"] == "13.0.3"
    assert by_nvcc["toolkits"][0]["version"] == "13.0"
    assert by_nvcc["nvcc_version"] == "13.0.88"
