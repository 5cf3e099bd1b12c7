"""Which torch is installed, asked in a process of its own.

Importing torch can crash, hang or miss a shared library; in a child process each of these costs
one field of the document.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from typing import Any

from ..core.system import CommandError, Note, System

_FIELDS = (
    "version",
    "cuda_version",
    "cudnn_version",
    "nccl_version",
    "arch_list",
    "git_version",
    "cuda_available",
)

# Runs in the child. `torch.cuda.get_arch_list` answers with an empty list where no GPU is
# present; the build's own flags do not depend on one.
_CHILD = """
import json

fields, errors = {}, {}

def ask(name, function):
    try:
        fields[name] = function()
    except Exception as error:
        fields[name] = None
        errors[name] = f"{type(error).__name__}: {error}"

def dotted(number):
    base = 10000 if number >= 90000 else 1000
    return f"{number // base}.{number % base // 100}.{number % 100}"

def cudnn():
    number = torch.backends.cudnn.version()
    return None if number is None else dotted(number)

def nccl():
    import torch.distributed
    if not torch.distributed.is_available() or not torch.distributed.is_nccl_available():
        return None
    return ".".join(str(part) for part in torch.cuda.nccl.version()[:3])

try:
    import torch
except BaseException as error:
    print("\\n" + json.dumps({"import_error": f"{type(error).__name__}: {error}"}))
else:
    ask("version", lambda: str(torch.__version__))
    ask("cuda_version", lambda: torch.version.cuda)
    ask("cudnn_version", cudnn)
    ask("nccl_version", nccl)
    ask("arch_list", lambda: (torch._C._cuda_getArchFlags() or "").split()
        if torch.version.cuda else [])
    ask("git_version", lambda: torch.version.git_version)
    ask("cuda_available", torch.cuda.is_available)
    print("\\n" + json.dumps({"fields": fields, "errors": errors}))
"""


def torch_build(
    system: System, note: Note, timeout: float, interpreter: str | None = None
) -> dict[str, Any] | None:
    """The `torch` object of the environment document, or None where torch gives no answer.

    `interpreter` is the Python that is asked, the running one unless given; `timeout` is in
    seconds. A CPU build has no CUDA, cuDNN or NCCL version: these are null without a problem.
    """
    if interpreter is None and importlib.util.find_spec("torch") is None:
        note("missing", f"torch: not installed for {sys.executable}")
        return None
    try:
        output = system.run(interpreter or sys.executable, "-c", _CHILD, timeout=timeout)
    except CommandError as error:
        note(error.code, f"torch: importing it gave no answer: {error}")
        return None
    try:
        answer = json.loads(output.strip().rpartition("\n")[2])
        if "import_error" in answer:
            note("unusable", f"torch: cannot be imported: {_one_line(answer['import_error'])}")
            return None
        fields: dict[str, Any] = {name: answer["fields"][name] for name in _FIELDS}
        errors = {name: _one_line(text) for name, text in answer["errors"].items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        note("unreadable", "torch: the process that imports it printed no answer")
        return None
    for name, text in errors.items():
        note("unreadable", f"torch: {name}: {text}")
    return fields


def _one_line(text: str) -> str:
    return " ".join(text.split())
