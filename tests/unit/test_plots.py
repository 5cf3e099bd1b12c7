"""Pictures: what each shows, that doubt is visible, that the same figures give the same bytes."""

import shutil
import struct
import subprocess
import sys

import documents as made
import matplotlib as mpl
import pytest
import runs

from foundation.charts import bar_charts, history_chart, line_charts, plots, style
from foundation.core.errors import DocumentError
from foundation.history import run_history
from foundation.profiles.criteria import load_profiles

AUTO = load_profiles("auto")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """A Spark with a full run, a soak's series, a history and a baseline."""
    tmp_path = tmp_path_factory.mktemp("recorded")
    stored = runs.spark()
    stored["benchmark"]["data"]["figures"]["sustained.bf16"]["series"] = runs.series()
    stored["benchmark_baseline"] = runs.accepted(stored)
    for day in (16, 18, 20):
        collected = f"2026-10-{day}T11:00:00Z"
        entry = run_history.entry(made.HOST, runs.spark(collected=collected, noise=0.01), AUTO)
        if day == 18:
            entry["figures"]["gemm.bf16"]["faults"] = ["throttled"]
        run_history.append(run_history.path(tmp_path, made.HOST), entry)
    return runs.store(tmp_path, stored)


@pytest.fixture
def folder(recorded, tmp_path):
    """A copy that a test may alter."""
    return shutil.copytree(recorded, tmp_path / "documents")


def subject(folder):
    return plots.gather(folder, made.HOST, AUTO)


def drawn(chart, given):
    with style.settings():
        return chart(given)


def texts(figure):
    """Every text that a figure shows."""
    return [item.get_text() for item in figure.findobj(lambda one: hasattr(one, "get_text"))]


def panel(figure, title):
    return next(one for one in figure.axes if one.get_title(loc="left").startswith(title))


@pytest.mark.slow
def test_every_picture_is_a_png_of_1200_pixels(folder, tmp_path):
    paths = plots.draw(folder, tmp_path / "plots", made.HOST, AUTO)
    assert [path.name for path in paths] == [f"{name}.png" for name in plots.CHARTS]
    assert {path.parent for path in paths} == {tmp_path / "plots" / made.HOST}
    for path in paths:
        raw = path.read_bytes()
        assert raw[:8] == b"\x89PNG\r\n\x1a\n"
        assert struct.unpack(">I", raw[16:20]) == (1200,)
        assert b"tEXt" not in raw  # no date, no version of a program


def test_the_same_figures_give_the_same_bytes_whatever_a_user_has_set(folder, monkeypatch):
    def content():
        with style.settings():
            return style.png(bar_charts.storage(subject(folder)))

    first = content()
    monkeypatch.setitem(mpl.rcParams, "axes.facecolor", "red")
    monkeypatch.setitem(mpl.rcParams, "font.size", 30.0)
    assert content() == first


def test_nothing_is_written_when_nothing_may_be(tmp_path):
    folder = runs.store(tmp_path, made.plain())
    assert plots.draw(folder, tmp_path / "plots", made.HOST, AUTO, write=False)
    assert not (tmp_path / "plots").exists()


def test_no_settings_of_the_process_are_changed(folder):
    before = dict(mpl.rcParams)
    drawn(bar_charts.throughput, subject(folder))
    assert dict(mpl.rcParams) == before


def test_throughput_has_a_bar_for_each_precision_with_targets(folder):
    figure = drawn(bar_charts.throughput, subject(folder))
    gemm = panel(figure, "Matrix product by precision")
    labels = [tick.get_text() for tick in gemm.get_xticklabels()]
    assert labels == ["FP32", "TF32", "FP16", "BF16", "INT8", "FP8", "NVFP4"]
    assert gemm.get_ylabel() == "TFLOP/s or TOP/s"
    heights = dict(zip(labels, (patch.get_height() for patch in gemm.patches), strict=True))
    assert heights["BF16"] == pytest.approx(92)
    assert "92\n±0.4%" in texts(figure)
    assert {"required by the profile", "expected by the profile"} <= set(texts(figure))
    required = next(one for one in AUTO[0].criteria if one.id == "gemm_bf16").require.floor
    ends = [segment[0][1] for one in gemm.collections for segment in one.get_segments()]
    assert required in ends
    assert panel(figure, "CPU").get_ylabel() == "TFLOP/s"
    sweep = panel(figure, "BF16 product")
    assert next(tick.get_text() for tick in sweep.get_xticklabels()) == "BF16 2048"
    assert panel(figure, "Loads").get_ylabel() == "TFLOP/s"


def test_the_title_names_host_device_level_and_time(folder):
    for chart in (
        bar_charts.throughput,
        bar_charts.bandwidth,
        bar_charts.storage,
        line_charts.soak,
    ):
        title = drawn(chart, subject(folder)).get_suptitle()
        assert title.startswith(f"{made.HOST}: ")
        assert title.endswith("NVIDIA GB10, level full, 2026-10-20 11:00:00 UTC")


def test_a_figure_that_is_not_valid_is_grey_hatched_and_named(folder):
    stored = runs.spark()
    figures = stored["benchmark"]["data"]["figures"]
    figures["gemm.fp16"]["trace"]["event_reasons"] = ["hw_slowdown"]
    figures["storage.random_read"]["parameters"]["direct"] = False
    figures["sustained.bf16"].update(series=runs.series(), samples=[1.0])
    runs.store(folder, stored)
    given = subject(folder)
    gemm = panel(drawn(bar_charts.throughput, given), "Matrix product")
    assert [bool(patch.get_hatch()) for patch in gemm.patches].index(True) == 2
    assert [bool(patch.get_hatch()) for patch in gemm.patches].count(True) == 1
    assert any("invalid:\nthrottled" in text for text in texts(gemm.figure))
    assert any("invalid: page cache" in t for t in texts(drawn(line_charts.storage_latency, given)))
    assert any("is invalid: inconsistent" in text for text in texts(drawn(line_charts.soak, given)))


def test_bandwidth_has_its_four_parts(folder):
    figure = drawn(bar_charts.bandwidth, subject(folder))
    titles = ["GPU memory", "Between host and GPU", "Unified memory", "CPU memory"]
    assert [one.get_title(loc="left") for one in figure.axes] == titles
    assert {one.get_ylabel() for one in figure.axes} == {"GB/s"}
    assert len(panel(figure, "CPU memory").patches) == 4


def test_storage_shows_rates_and_requests_in_their_units(folder):
    figure = drawn(bar_charts.storage, subject(folder))
    assert panel(figure, "Disk, sequential").get_ylabel() == "GB/s"
    assert panel(figure, "Disk, 1 request").get_ylabel() == "IOPS"
    deep = panel(figure, "Disk, 64 requests")
    assert deep.get_ylabel() == "thousand IOPS"
    assert deep.patches[0].get_height() == pytest.approx(300)


def test_latency_is_logarithmic_over_percentiles(folder):
    axes = drawn(line_charts.storage_latency, subject(folder)).axes[0]
    assert axes.get_yscale() == "log"
    assert "µs" in axes.get_ylabel()
    assert [tick.get_text() for tick in axes.get_xticklabels()] == [
        "50 %",
        "95 %",
        "99 %",
        "99.9 %",
    ]
    assert len(axes.lines) == 4


def test_a_soak_shows_four_lines_over_minutes(folder):
    figure = drawn(line_charts.soak, subject(folder))
    assert [one.get_ylabel() for one in figure.axes] == ["TFLOP/s", "MHz", "W", "°C"]
    assert figure.axes[-1].get_xlabel() == "minutes since the load began"
    assert figure.axes[-1].lines[0].get_xdata()[-1] == pytest.approx(598 / 60)


def test_what_a_soak_could_not_read_is_left_out(folder):
    given = subject(folder)
    series = given.figures["sustained.bf16"]["series"]
    series["power_watts"] = [None] * len(series["seconds"])
    series["seconds"] = [second / 10 for second in series["seconds"]]
    given.figures["sustained.bf16"]["trace"]["event_reasons"] = ["sw_power_cap"]
    figure = drawn(line_charts.soak, given)
    assert [one.get_ylabel() for one in figure.axes] == ["TFLOP/s", "MHz", "°C"]
    assert figure.axes[-1].get_xlabel() == "seconds since the load began"
    assert any("sw_power_cap" in text for text in texts(figure))


def test_history_is_relative_to_the_baseline_and_marks_it(folder):
    figure = drawn(history_chart.history, subject(folder))
    gemm = panel(figure, "Matrix product")
    assert gemm.get_ylabel() == "% of the baseline"
    styles = [line.get_linestyle() for line in gemm.lines]
    assert ":" in styles  # when the baseline was measured
    crosses = [line for line in gemm.lines if line.get_marker() == "x" and len(line.get_xdata())]
    assert len(crosses) == 1
    assert any("bf16: 92 TFLOP/s" in text for text in texts(figure))
    assert "3 runs, 2026-10-16 to 2026-10-20" in figure.get_suptitle()


def test_history_without_a_baseline_starts_at_the_first_valid_run(folder):
    (folder / made.HOST / "benchmark_baseline.json").unlink()
    gemm = panel(drawn(history_chart.history, subject(folder)), "Matrix product")
    assert gemm.get_ylabel() == "% of the first valid run"
    assert gemm.lines[0].get_ydata()[0] == pytest.approx(100)


def test_a_family_that_is_only_partly_in_the_baseline_says_so(folder):
    given = subject(folder)
    del given.baseline["data"]["figures"]["gemm.fp16"]
    gemm = panel(drawn(history_chart.history, given), "Matrix product")
    assert gemm.get_ylabel() == "% of the baseline or first valid run"


def test_what_was_not_measured_has_no_picture(tmp_path):
    stored = made.spark()
    stored["benchmark"]["data"]["figures"] = {}
    runs.store(tmp_path, stored)
    assert plots.draw(tmp_path, tmp_path / "plots", made.HOST, AUTO) == []


def test_a_host_without_a_gpu_gets_what_it_measured(tmp_path):
    runs.store(tmp_path, made.plain())
    names = [path.stem for path in plots.draw(tmp_path, tmp_path / "p", made.HOST, AUTO)]
    assert names == ["throughput", "bandwidth", "storage", "storage_latency"]


def test_without_a_benchmark_there_is_nothing_to_draw(tmp_path):
    stored = made.spark()
    del stored["benchmark"]
    runs.store(tmp_path, stored)
    with pytest.raises(DocumentError, match="nothing to draw"):
        plots.draw(tmp_path, tmp_path / "plots", made.HOST, AUTO)


def test_the_gate_starts_without_matplotlib():
    code = "import sys, foundation.cli.main; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
