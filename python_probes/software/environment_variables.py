"""Environment variables that change what a program does, by an allow list and never a secret."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..core.system import Note

ALLOWED = (
    "CUBLAS_WORKSPACE_CONFIG",
    "CUDA_CACHE_PATH",
    "CUDA_DEVICE_ORDER",
    "CUDA_HOME",
    "CUDA_LAUNCH_BLOCKING",
    "CUDA_MODULE_LOADING",
    "CUDA_PATH",
    "CUDA_VISIBLE_DEVICES",
    "FOUNDATION_IMAGE_DIGEST",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "MKL_NUM_THREADS",
    "NCCL_IB_HCA",
    "NCCL_SOCKET_IFNAME",
    "NVIDIA_DRIVER_CAPABILITIES",
    "NVIDIA_TF32_OVERRIDE",
    "NVIDIA_VISIBLE_DEVICES",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "PYTHONHASHSEED",
    "PYTORCH_ALLOC_CONF",
    "PYTORCH_CUDA_ALLOC_CONF",
    "PYTORCH_NVML_BASED_CUDA_CHECK",
    "TORCH_CUDA_ARCH_LIST",
    "TORCH_NCCL_ASYNC_ERROR_HANDLING",
    "TRITON_PTXAS_PATH",
)

# A URL with a user name, the beginnings of well-known tokens, and words that announce a secret.
_CREDENTIALS = re.compile(
    r"://[^/\s@]*@"
    r"|\b(?:gh[pousr]_|github_pat_|hf_|nvapi-|sk-|xox[abprs]-|AKIA|glpat-|eyJ)[A-Za-z0-9_-]{8,}"
    r"|-----BEGIN "
    r"|(?i:password|passwd|secret|token|api[_-]?key|credential)\s*[=:]"
)


def variables(note: Note, environment: Mapping[str, str]) -> dict[str, str]:
    """Those of `environment` that are on the allow list; one that looks like a secret is left out.

    The problem that is noted then names the variable and not its value.
    """
    kept = {}
    for name in ALLOWED:
        value = environment.get(name)
        if value is None:
            continue
        if _CREDENTIALS.search(value):
            note("withheld", f"variables: {name} looks as if it held a credential; left out")
        else:
            kept[name] = value
    return kept
