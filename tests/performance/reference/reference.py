"""Independent references for the figures of the benchmark suite, measured without its code.

On the machine whose GPU is measured, with nvcc, gcc and a Python that has torch and triton:

    python tests/performance/reference/reference.py > reference.json
    python tests/performance/reference/reference.py --only gemm memory transfer

On a DGX Spark nvcc is not on PATH: name it with `--nvcc /usr/local/cuda/bin/nvcc`, and give Triton
its assembler with TRITON_PTXAS_PATH=/usr/local/cuda/bin/ptxas. Let nothing else run meanwhile;
it takes some 80 s on an H100.

Prints one JSON object {figure: {"value", "unit", "method", "spread"}}. GPU computing is timed by
triton.testing.do_bench; memory, transfers and the CPU by reference.cu and stream.c beside this
file, which are built in a temporary folder. compare.py puts our figures beside these.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import PIPE
from typing import Any

FOLDER = Path(__file__).resolve().parent
REPEATS = 5
REST_SECONDS = 0.5  # a GPU that just met its power limit needs it to be fast again
SUSTAINED_SECONDS = 5.0
FAMILIES = ["gemm", "sweep", "attention", "convolution", "sustained", "memory", "transfer", "cpu"]

Figures = Iterator[tuple[str, dict[str, Any]]]


def main() -> None:
    """Print the references of the families asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", nargs="+", choices=FAMILIES, default=FAMILIES)
    parser.add_argument("--nvcc", default="nvcc")
    options = parser.parse_args()
    gcc = ["gcc", "-O3", "-fopenmp", "-march=native", "-fno-tree-loop-distribute-patterns"]
    nvcc = [options.nvcc, "-O3", "-arch=native", "-std=c++17"]
    sources: list[Callable[[], Figures]] = []
    if {"memory", "transfer"} & set(options.only):
        sources.append(lambda: _built(nvcc, "reference.cu"))
    if "cpu" in options.only:
        sources.append(lambda: _built(gcc, "stream.c"))
    sources += [_COMPUTE[family] for family in options.only if family in _COMPUTE]
    figures = {}
    for source in sources:
        for name, figure in source():
            figures[name] = figure
            print(f"{name}: {figure['value']:.4g} {figure['unit']}", file=sys.stderr)
    print(json.dumps(figures, indent=1))


def _built(compiler: list[str], source: str) -> Figures:
    """Build a program beside this file, run it, and read what it prints."""
    with tempfile.TemporaryDirectory() as folder:
        program = str(Path(folder) / "program")
        subprocess.run([*compiler, "-o", program, str(FOLDER / source)], check=True)
        printed = subprocess.run([program], check=True, stdout=PIPE).stdout
    yield from json.loads(printed).items()


def _bench(
    work: Callable[[], Any],
    operations: int,
    what: str,
    unit: str = "TFLOP/s",
    repeats: int = REPEATS,
) -> Any:
    from triton.testing import do_bench  # noqa: PLC0415 - only where the GPU computes

    values = []
    for _ in range(repeats):
        time.sleep(REST_SECONDS)
        milliseconds = do_bench(work, warmup=5, rep=20, return_mode="median")
        values.append(operations / milliseconds / 1e9)
    return _figure(values, unit, f"triton.testing.do_bench, {what}, median of {repeats}")


def _figure(values: list[float], unit: str, method: str) -> dict[str, Any]:
    middle = statistics.median(values)
    spread = (max(values) - min(values)) / middle
    return {"value": middle, "unit": unit, "method": method, "spread": spread}


def _product(name: str, size: int) -> Callable[[], Any]:
    """A product of two square matrices in the precision of this name."""
    import torch  # noqa: PLC0415 - only where the GPU computes

    torch.backends.cuda.matmul.allow_tf32 = name == "tf32"
    shape = (size, size)
    if name == "int8":
        left, right = (
            torch.randint(-127, 128, shape, device="cuda", dtype=torch.int8) for _ in range(2)
        )
        return lambda: torch._int_mm(left, right.t())
    drawn = [torch.randn(shape, device="cuda") for _ in range(2)]
    if name == "fp8":
        left, right = (one.to(torch.float8_e4m3fn) for one in drawn)
        scale = torch.ones((), device="cuda")
        return lambda: torch._scaled_mm(
            left, right.t(), scale_a=scale, scale_b=scale, out_dtype=torch.bfloat16
        )
    dtype = {"fp16": torch.float16, "bf16": torch.bfloat16}.get(name, torch.float32)
    left, right = (one.to(dtype) for one in drawn)
    result = torch.empty(shape, dtype=dtype, device="cuda")
    return lambda: torch.mm(left, right, out=result)


def _gemm() -> Figures:
    for name in ("fp32", "tf32", "fp16", "bf16", "int8", "fp8"):
        try:
            work = _product(name, 8192)
            work()
        except (RuntimeError, NotImplementedError, AttributeError) as error:
            print(f"gemm.{name}: {error}", file=sys.stderr)
            continue
        unit = "TOP/s" if name == "int8" else "TFLOP/s"
        yield f"gemm.{name}", _bench(work, 2 * 8192**3, f"{name} product of 8192^3", unit)


def _sweep() -> Figures:
    # The shorter the product, the more do_bench's own events matter: it meets one of two times,
    # 0.6 us apart.
    for size, repeats in ((2048, 4 * REPEATS), (4096, REPEATS)):
        work, what = _product("bf16", size), f"bf16 product of {size}^3"
        yield f"sweep.bf16_{size}", _bench(work, 2 * size**3, what, repeats=repeats)
    # do_bench calls so large a product too often not to meet the power limit.
    values = [2 * 16384**3 / _alone(_product("bf16", 16384)) / 1e12 for _ in range(REPEATS)]
    method = f"one bf16 product of 16384^3 between two events after a rest, median of {REPEATS}"
    yield "sweep.bf16_16384", _figure(values, "TFLOP/s", method)


def _alone(work: Callable[[], Any]) -> float:
    """The seconds of a single call after a rest and one call to wake the GPU up."""
    import torch  # noqa: PLC0415 - only where the GPU computes

    start, stop = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    time.sleep(REST_SECONDS)
    work()
    start.record()
    work()
    stop.record()
    stop.synchronize()
    return float(start.elapsed_time(stop)) / 1000.0


def _attention() -> Figures:
    import torch  # noqa: PLC0415 - only where the GPU computes

    batch, heads, tokens, width = 4, 32, 4096, 128
    query, key, value = (
        torch.randn(batch, heads, tokens, width, device="cuda", dtype=torch.bfloat16)
        for _ in range(3)
    )
    yield (
        "attention.bf16",
        _bench(
            lambda: torch.nn.functional.scaled_dot_product_attention(query, key, value),
            2 * 2 * batch * heads * tokens * tokens * width,
            f"torch SDPA {batch}x{heads}x{tokens}x{width}",
        ),
    )


def _convolution() -> Figures:
    import torch  # noqa: PLC0415 - only where the GPU computes

    torch.backends.cudnn.benchmark = True
    layers = [torch.nn.Conv2d(256, 256, 3, padding=1, bias=False) for _ in range(4)]
    stack = torch.nn.Sequential(*layers).to("cuda", torch.bfloat16)
    stack = stack.to(memory_format=torch.channels_last)
    images = torch.randn(32, 256, 64, 64, device="cuda", dtype=torch.bfloat16)
    images = images.to(memory_format=torch.channels_last)
    operations = 4 * 2 * 32 * 64 * 64 * 256 * 256 * 9
    with torch.inference_mode():
        yield (
            "convolution.bf16",
            _bench(lambda: stack(images), operations, "4 layers of Conv2d 3x3"),
        )


def _sustained() -> Figures:
    """One pair of events around products without a pause."""
    import torch  # noqa: PLC0415 - only where the GPU computes

    work = _product("bf16", 8192)
    start, stop = (torch.cuda.Event(enable_timing=True) for _ in range(2))

    def seconds(products: int) -> float:
        start.record()
        for _ in range(products):
            work()
        stop.record()
        stop.synchronize()
        return float(start.elapsed_time(stop)) / 1000.0

    seconds(2)
    products = max(1, round(SUSTAINED_SECONDS / (seconds(20) / 20)))
    values = [2 * 8192**3 * products / seconds(products) / 1e12]
    yield (
        "sustained.bf16",
        _figure(values, "TFLOP/s", f"{products} bf16 products of 8192^3 between two events"),
    )


_COMPUTE: dict[str, Callable[[], Figures]] = {
    "gemm": _gemm,
    "sweep": _sweep,
    "attention": _attention,
    "convolution": _convolution,
    "sustained": _sustained,
}


if __name__ == "__main__":
    main()
