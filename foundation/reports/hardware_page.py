"""docs/hardware.md: what every host measured, for people to read.

Nothing is filled in: a value that was not read says so with the probe's own reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jmespath

from ..core.errors import DocumentError, Json, one_line
from ..documents.store import Document
from ..evaluation.evidence import Evidence, unread_reason

_HEAD = """\
# Hardware

Written by `ansible-playbook foundation.yml` from the documents of each host. Edits are lost: run
it again instead. Every figure was measured on the host it stands under.
"""
_GIB = 2**30
Format = Callable[[Any], str]
Columns = Mapping[str, tuple[str, Format]]
_NONE_IS_AN_ANSWER = ("rdma_device",)


def _gib(value: float) -> str:
    return f"{value / _GIB:.1f} GiB"


def _gb(value: float) -> str:
    return f"{value / 1e9:.0f} GB"


def _yes_no(value: bool) -> str:
    return "yes" if value else "no"


def _with_unit(unit: str) -> Format:
    def show(value: float) -> str:
        return f"{value:g} {unit}"

    return show


_DEVICE: Columns = {
    "Name": ("name", str),
    "UUID": ("uuid", str),
    "PCI": ("pci_bus_id", str),
    "PCI id": ("pci_device_id", str),
    "Compute capability": ("compute_capability", str),
    "CUDA cores": ("cuda_cores", str),
    "VBIOS": ("vbios_version", str),
    "Memory": ("memory_total_bytes", _gib),
    "Temperature": ("temperature_celsius", _with_unit("°C")),
    "Power draw": ("power_draw_watts", _with_unit("W")),
    "Power limit": ("power_limit_watts", _with_unit("W")),
    "SM clock": ("sm_clock_mhz", _with_unit("MHz")),
    "Largest SM clock": ("maximum_sm_clock_mhz", _with_unit("MHz")),
    "Performance state": ("performance_state", str),
}
_SECTIONS: Mapping[str, Columns] = {
    "CPU": {
        "Architecture": ("data.cpu.architecture", str),
        "Logical CPUs": ("data.cpu.logical_cpus", str),
        "Clusters": ("data.cpu.clusters", lambda found: "; ".join(map(_cluster, found))),
        "NUMA nodes": ("length(data.cpu.numa_nodes)", str),
    },
    "Memory": {
        "Total": ("data.memory.total_bytes", _gib),
        "Available": ("data.memory.available_bytes", _gib),
        "Swap": ("data.memory.swap_total_bytes", _gib),
        "Page size": ("data.memory.page_size_bytes", _with_unit("bytes")),
        "Shared with the GPU": ("data.memory.architecture", str),
        "How that is known": ("data.memory.architecture_evidence", str),
    },
    "Platform": {
        "Vendor": ("data.platform.vendor", str),
        "Product": ("data.platform.product_name", str),
        "Firmware": ("data.platform.bios_version", str),
        "Operating system": ("data.platform.operating_system.pretty_name", str),
        "Kernel": ("data.platform.kernel", str),
        "Clock synchronised": ("data.platform.time_synchronized", _yes_no),
    },
    "Software": {
        "Loaded driver": ("data.software.driver.loaded_version", str),
        "Installed driver": ("data.software.driver.installed_version", str),
        "CUDA of the driver": (
            "data.gpu.cuda_driver_version"
            " || (data.gpu.present == `false` && 'no NVIDIA GPU') || `null`",
            str,
        ),
        "nvcc": ("data.software.cuda.nvcc_version", str),
        "Docker": ("data.software.docker.server_version", str),
        "NVIDIA runtime registered": (
            "data.software.docker.nvidia_runtime_registered",
            _yes_no,
        ),
        "Container toolkit": ("data.software.container_toolkit.version", str),
        "DCGM": ("data.software.dcgm.version", str),
        "fio": ("data.software.fio.version", str),
    },
}
_DISKS: Columns = {
    "Name": ("name", str),
    "Model": ("model", str),
    "Firmware": ("firmware", str),
    "Transport": ("transport", str),
    "Size": ("size_bytes", _gb),
}
_FILE_SYSTEMS: Columns = {
    "Mounted at": ("mount_point", str),
    "Source": ("source", str),
    "Type": ("type", str),
    "Size": ("size_bytes", _gib),
    "Free": ("available_bytes", _gib),
}
_INTERFACES: Columns = {
    "Name": ("name", str),
    "Driver": ("driver", str),
    "Speed": ("speed_mbps", _with_unit("Mb/s")),
    "MTU": ("mtu", str),
    "Carrier": ("carrier", _yes_no),
    "RDMA": ("rdma_device", str),
}


def render(documents_by_host: Mapping[str, Mapping[str, Document | DocumentError]]) -> str:
    """The page as Markdown, one part for each host in the order of their names.

    A document that is absent or not valid is named with its reason. Raises nothing for those.
    """
    parts = [_HEAD]
    for host in sorted(documents_by_host):
        evidence = Evidence(host, documents_by_host[host])
        parts.append("\n".join(_host(host, evidence)))
    if not documents_by_host:
        parts.append("No host has been measured yet: run `ansible-playbook foundation.yml`.")
    return "\n".join(parts).rstrip() + "\n"


def _host(host: str, evidence: Evidence) -> Iterator[str]:
    yield from (f"## {_cell(host)}", "")
    baseline = evidence.readable.get("hardware_baseline")
    if baseline is None:
        yield from (_absent(evidence, "hardware_baseline"), "")
    else:
        yield from (f"Hardware read at {baseline['collected_at']}.", "")
        yield from _gpus(baseline)
        for title, rows in _SECTIONS.items():
            yield from (f"### {title}", "", "| | |", "|---|---|")
            for label, (path, show) in rows.items():
                value = jmespath.search(path, baseline) if _section(baseline, path) else None
                yield f"| {label} | {_value(value, show, path, baseline)} |"
            yield ""
        yield from _list("Disks", "storage.devices", _DISKS, baseline)
        yield from _list("File systems", "storage.file_systems", _FILE_SYSTEMS, baseline)
        yield from _list("Network", "network.interfaces", _INTERFACES, baseline)
    yield from ("### Figures", "")
    benchmark = evidence.readable.get("benchmark")
    if benchmark is None:
        yield from (_absent(evidence, "benchmark"), "")
    else:
        yield from _figures(benchmark)


def _gpus(baseline: Document) -> Iterator[str]:
    gpu = baseline["data"]["gpu"]
    yield from ("### GPU", "")
    if gpu is None or gpu["present"] is None:
        yield from (f"not read: {_cell(unread_reason('data.gpu', baseline))}", "")
    elif not gpu["devices"]:
        text = "No NVIDIA GPU."
        if gpu["present"]:
            reason = unread_reason("data.gpu.devices", baseline)
            text = f"There is an NVIDIA GPU that does not answer: {_cell(reason)}"
        yield from (text, "")
    for device in gpu["devices"] if gpu else ():
        yield from ("| | |", "|---|---|")
        for label, (key, show) in _DEVICE.items():
            value = _value(device[key], show, f"data.gpu.devices.{key}", baseline)
            yield f"| {label} | {value} |"
        yield ""


def _list(title: str, path: str, columns: Columns, document: Document) -> Iterator[str]:
    """A table of the list at `section.key`, a line for each entry."""
    yield from (f"### {title}", "")
    name, _, key = path.partition(".")
    section = document["data"][name]
    if section is None or not section[key]:
        none = "none" if section is not None else "not read"
        yield from (f"{none}: {_cell(unread_reason(f'data.{path}', document))}", "")
        return
    yield f"| {' | '.join(columns)} |"
    yield f"|{'---|' * len(columns)}"
    for entry in section[key]:
        cells = (_short(entry[column], column, show) for column, show in columns.values())
        yield f"| {' | '.join(cells)} |"
    yield ""


def _short(value: Json, column: str, show: Format) -> str:
    """A cell of a list, where reasons would not fit: they are in the document's problems."""
    if value is None:
        return "none" if column in _NONE_IS_AN_ANSWER else "not read"
    return _cell(show(value))


def _figures(benchmark: Document) -> Iterator[str]:
    data = benchmark["data"]
    device = data["device"]["name"] or data["device"]["kind"]
    build = data["build"]["torch"]
    yield (
        f"Measured at {benchmark['collected_at']} on {_cell(device)} with "
        f"{'torch ' + _cell(build) if build else 'no torch'}, level {data['level']}."
    )
    yield from ("", "| Figure | Median | Spread | Samples | How |", "|---|---|---|---|---|")
    for name, figure in sorted(data["figures"].items()):
        spread = "too few samples" if figure["spread"] is None else f"{figure['spread']:.1%}"
        value = f"{figure['value']:.4g} {figure['unit']}"
        samples, method = len(figure["samples"]), _cell(figure["method"])
        yield f"| `{name}` | {value} | {spread} | {samples} | {method} |"
    for skipped in data["skipped"]:
        name, reason = _cell(skipped["figure"]), _cell(skipped["reason"])
        yield f"| `{name}` | not measured: {reason} | | | |"
    yield ""


def _value(value: Json, show: Format, path: str, document: Document) -> str:
    if value is None or value == []:
        return f"not read: {_cell(unread_reason(path, document))}"
    return _cell(show(value))


def _section(document: Document, path: str) -> bool:
    """Whether the section that a path enters was read: JMESPath's length() refuses null."""
    name = path.rpartition("(")[2].split(".")[1]
    return document["data"][name] is not None


def _cluster(cluster: Mapping[str, Any]) -> str:
    name = cluster["name"] or cluster["part"] or "unnamed"
    clock = "" if cluster["maximum_mhz"] is None else f" at up to {cluster['maximum_mhz']} MHz"
    return f"{cluster['cores']} x {name}{clock}"


def _absent(evidence: Evidence, kind: str) -> str:
    blocker = evidence.blockers[kind]
    return f"not read: {_cell(blocker.message)}: {_cell(blocker.remediation.text)}"


def _cell(text: str) -> str:
    """Text of a host as it stands in a table: no markup of its own."""
    return "".join(f"\\{c}" if c in "\\|`*[]<>" else c for c in one_line(text))
