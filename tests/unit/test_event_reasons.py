import pynvml
import pytest
from hypothesis import given
from hypothesis import strategies as st

from python_probes.nvidia.event_reasons import event_reason_names


def test_no_reason_is_an_empty_list():
    assert event_reason_names(0) == []


def test_reasons_come_lowest_bit_first():
    assert event_reason_names(0x84) == ["sw_power_cap", "hw_power_brake_slowdown"]


def test_a_bit_without_a_name_is_kept():
    assert event_reason_names(0x8001) == ["gpu_idle", "bit_0x8000"]


def test_a_negative_mask_is_refused():
    with pytest.raises(ValueError, match="negative"):
        event_reason_names(-1)


@given(st.integers(min_value=0, max_value=2**64 - 1))
def test_every_set_bit_has_one_name(mask):
    assert len(set(event_reason_names(mask))) == bin(mask).count("1")


@pytest.mark.parametrize(
    "name",
    [
        "GpuIdle",
        "ApplicationsClocksSetting",
        "SwPowerCap",
        "HwSlowdown",
        "SyncBoost",
        "SwThermalSlowdown",
        "HwThermalSlowdown",
        "HwPowerBrakeSlowdown",
        "DisplayClockSetting",
    ],
)
def test_names_are_those_of_nvml(name):
    snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)[1:]
    assert event_reason_names(getattr(pynvml, f"nvmlClocksEventReason{name}")) == [snake]
