"""What NVIDIA asks to be done after each Xid, the GPU driver's report of a fault.

Source: the column "Resolution Bucket (Immediate Action)" of NVIDIA's Xid catalogue for driver 610,
https://docs.nvidia.com/deploy/xid-errors/analyzing-xid-catalog.html, read in November 2026. Three
entries say more than that column:

- 43 is IGNORE there, with the remark that a program hit a software fault and must end: RESTART_APP.
- Each case of 147 and 148 is IGNORE in the sheet that WORKFLOW_NVLINK5_ERR refers to.
- Codes in use that have no resolution there are NO_RESOLUTION here, codes it lacks are UNKNOWN.

A profile says which resolutions fail a host and which are a warning.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

NO_RESOLUTION = "NO_RESOLUTION"
UNKNOWN = "UNKNOWN"

_CATALOG = {
    # All but 142 are marked unused.
    "CONTACT_SUPPORT": "1-7 9-10 12 15-24 26-30 33-36 42 47 49-53 55-59 61 65 73 81 87 90-91 "
    "111-118 122-125 138 142",
    "RESTART_APP": "8 11 13 25 31-32 39-41 43 60 68-72 75-77 80 82-86 88-89 94 96-105 126-135 139",
    "IGNORE": "14 37-38 44 63 66-67 92-93 106-108 121 137 141 147-148 152-153 157 160-161",
    "RESET_GPU": "46 62 64 95 109-110 119-120 136 140 143 155-156 158",
    "RESTART_BM": "79",
    "RESTART_VM": "151",
    "CHECK_MECHANICALS": "54",
    "CHECK_UVM": "159",
    "UPDATE_SWFW": "78",
    "XID_154": "154",
    "WORKFLOW_XID_45": "45",
    "WORKFLOW_XID_48": "48",
    "WORKFLOW_NVLINK_ERR": "74",
    "WORKFLOW_NVLINK5_ERR": "144-146 149-150",
    NO_RESOLUTION: "162-172",
}


def _codes(text: str) -> list[int]:
    ranges = (part.partition("-") for part in text.split())
    return [code for low, _, high in ranges for code in range(int(low), int(high or low) + 1)]


RESOLUTIONS: dict[int, str] = {
    code: resolution for resolution, text in _CATALOG.items() for code in _codes(text)
}
"""The resolution by code; NVIDIA's words."""


def described(events: Sequence[Mapping[str, Any]]) -> list[str]:
    """One text for each of a host's Xid events: `RESTART_APP for Xid 31 (python3)`.

    It begins with the resolution, which is all that a constraint looks at: the programs' names are
    the host's words.
    """
    texts = []
    for event in events:
        code = event.get("code")
        programs = ", ".join(event.get("programs") or ())
        resolution = RESOLUTIONS.get(code, UNKNOWN) if isinstance(code, int) else UNKNOWN
        texts.append(f"{resolution} for Xid {code}{f' ({programs})' if programs else ''}")
    return texts
