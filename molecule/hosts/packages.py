"""Stand-ins for NVIDIA's packages: the real names, versions and dependencies, payload of our own.

What they hold is just enough for a role to be tried: an nvcc that says its version, an nvidia-ctk
that edits daemon.json as the real one does, a runtime that hands everything to runc. None of it
is NVIDIA's, and nothing here shows that NVIDIA's works.
"""

from __future__ import annotations

from dataclasses import dataclass, field

NVCC = """#!/bin/sh
echo "nvcc: NVIDIA (R) Cuda compiler driver (a stand-in)"
echo "Cuda compilation tools, release 13.0, V13.0.88"
"""
NVIDIA_CTK = '''#!/usr/bin/python3
"""A stand-in for `nvidia-ctk runtime configure --runtime=docker` and `nvidia-ctk cdi generate`."""
import json, pathlib, sys

arguments = sys.argv[1:]
options = dict(a.lstrip("-").split("=", 1) for a in arguments if "=" in a)
if arguments[:2] == ["runtime", "configure"] and options.get("runtime") == "docker":
    path = pathlib.Path(options.get("config", "/etc/docker/daemon.json"))
    settings = json.loads(path.read_text()) if path.exists() else {}
    settings.setdefault("runtimes", {})["nvidia"] = {"args": [], "path": "nvidia-container-runtime"}
    if "--cdi.enabled" in arguments:
        settings.setdefault("features", {})["cdi"] = True
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(settings, indent=4))
elif arguments[:2] == ["cdi", "generate"]:
    driver = pathlib.Path("/sys/module/nvidia/version").read_text().strip()
    print("cdiVersion: 0.5.0\\nkind: nvidia.com/gpu\\ndevices: [{name: all}]")
    print(f"containerEdits: {{env: [DRIVER={driver}]}}")
else:
    sys.exit(f"nvidia-ctk: this stand-in does not know {arguments}")
'''
RUNTIME = '#!/bin/sh\nexec runc "$@"\n'
HOOK = "#!/bin/sh\nexit 0\n"
DCGMI = """#!/bin/sh
if [ -e /sys/module/nvidia/version ]; then count=1; else count=0; fi
echo "$count GPU(s) found." | sed 's/1 GPU(s)/1 GPU/; s/0 GPU(s)/0 GPUs/'
"""
DCGM_UNIT = """[Unit]
Description=NVIDIA DCGM service (a stand-in)
[Service]
ExecStart=/bin/sleep infinity
[Install]
WantedBy=multi-user.target
"""


@dataclass(frozen=True)
class Package:
    """One Debian package; files are `path: (mode, text)`."""

    name: str
    version: str
    depends: str = ""
    provides: str = ""
    conflicts: str = ""
    files: dict[str, tuple[int, str]] = field(default_factory=dict)
    after_installation: str = ""
    before_removal: str = ""


def toolkit(version: str) -> list[Package]:
    """The NVIDIA Container Toolkit of one version, whose parts want each other's exact version."""
    return [
        Package("libnvidia-container1", version),
        Package("libnvidia-container-tools", version, f"libnvidia-container1 (= {version})"),
        Package(
            "nvidia-container-toolkit-base",
            version,
            files={"usr/bin/nvidia-ctk": (0o755, NVIDIA_CTK)},
        ),
        Package(
            "nvidia-container-toolkit",
            version,
            f"nvidia-container-toolkit-base (= {version}), libnvidia-container-tools (= {version})",
            files={
                "usr/bin/nvidia-container-runtime": (0o755, RUNTIME),
                "usr/bin/nvidia-container-runtime-hook": (0o755, HOOK),
            },
        ),
    ]


def driver(version: str) -> list[Package]:
    """Ubuntu's driver of one version, and its modules for the kernel of the look-alike."""
    upstream = version.partition("-")[0]
    return [
        Package(
            "nvidia-driver-580-open",
            version,
            f"libnvidia-compute-580 (= {version})",
            files={"usr/bin/nvidia-smi": (0o755, _nvidia_smi(upstream))},
        ),
        Package("libnvidia-compute-580", version),
    ]


def _nvidia_smi(version: str) -> str:
    # The image that it runs in has no /bin.
    return f'#!/usr/bin/sh\necho "GPU 0: NVIDIA GB10 (a stand-in for driver {version})"\n'


CUDA = [
    Package(
        "cuda-toolkit-config-common",
        "13.0.96-1",
        after_installation=(
            "update-alternatives --install /usr/local/cuda cuda /usr/local/cuda-13.0 130"
        ),
        before_removal="update-alternatives --remove cuda /usr/local/cuda-13.0",
    ),
    Package(
        "cuda-nvcc-13-0",
        "13.0.88-1",
        files={"usr/local/cuda-13.0/bin/nvcc": (0o755, NVCC)},
    ),
    Package(
        "cuda-toolkit-13-0",
        "13.0.3-1",
        "cuda-nvcc-13-0 (>= 13.0.88), cuda-toolkit-config-common (>= 13.0.96)",
    ),
    Package(
        "datacenter-gpu-manager-4-core",
        "1:4.4.2-1",
        files={
            "usr/bin/dcgmi": (0o755, DCGMI),
            "lib/systemd/system/nvidia-dcgm.service": (0o644, DCGM_UNIT),
        },
        after_installation="systemctl daemon-reload || true",
        before_removal="systemctl stop nvidia-dcgm.service || true",
    ),
    Package(
        "datacenter-gpu-manager-4-cuda13",
        "1:4.4.2-1",
        "datacenter-gpu-manager-4-core (= 1:4.4.2-1)",
    ),
    # What the pins of DGX OS keep away: the CUDA repository carries drivers of its own.
    *driver("580.178.04-1"),
]
DRIVER = [
    *driver("580.95.05-0ubuntu0.24.04.1"),
    Package("linux-modules-nvidia-580-open-6.17.0-1014-nvidia", "6.17.0-1014.14"),
]
KERNEL = "6.17.0-1014-nvidia"
# Docker's own packages around the engine of Debian's docker.io: see repository.py.
DOCKER_PARTS = [
    Package("docker-ce-cli", "5:29.0.2-1~debian.12~bookworm"),
    Package("containerd.io", "2.1.5-1~debian.12~bookworm", "containerd, runc"),
    Package("docker-buildx-plugin", "0.29.1-1~debian.12~bookworm"),
    Package("docker-compose-plugin", "2.40.3-1~debian.12~bookworm"),
]
DOCKER_VERSION = "5:29.0.2-1~debian.12~bookworm"
REPOSITORIES = {"cuda": CUDA, "toolkit": toolkit("1.18.0-1"), "spark": [*DRIVER]}
