"""python_probes/core/system.py: the seams, with real files and real processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from box import REPOSITORY
from processes import wait_until

from python_probes.core.system import CommandError, System


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "etc").mkdir()
    (tmp_path / "usr/lib").mkdir(parents=True)
    return tmp_path


def executable(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_absolute_links_resolve_inside_the_root(root: Path) -> None:
    (root / "usr/lib/os-release").write_text("ID=spark\n")
    (root / "etc/alternatives").mkdir()
    (root / "etc/alternatives/release").symlink_to("/usr/lib/os-release")
    (root / "etc/os-release").symlink_to("/etc/alternatives/release")
    system = System(root)
    assert system.read("/etc/os-release") == "ID=spark"
    assert system.resolve("/etc/os-release") == "/usr/lib/os-release"


def test_links_cannot_leave_the_root(root: Path) -> None:
    (root / "etc/passwd-of-this-machine").symlink_to("../../../../../../../../etc/passwd")
    assert System(root).read("/etc/passwd-of-this-machine") is None


def test_a_loop_of_links_is_absent_not_a_crash(root: Path) -> None:
    (root / "etc/a").symlink_to("b")
    (root / "etc/b").symlink_to("/etc/a")
    system = System(root)
    assert system.read("/etc/a") is None
    assert not system.exists("/etc/a")
    assert system.list("/etc/a") == []


def test_the_live_root_reads_the_machine_itself() -> None:
    system = System()
    assert system.live
    assert system.read("/proc/sys/kernel/ostype") == "Linux"
    assert system.read_integer("/proc/self/oom_score_adj") is not None
    assert system.resolve("/proc/self") == f"/proc/{os.getpid()}"


def test_what_is_no_number_is_none(root: Path) -> None:
    (root / "etc/number").write_text("0x10\n")
    (root / "etc/word").write_text("[N/A]\n")
    system = System(root)
    assert system.read_integer("/etc/number", 16) == 16
    assert system.read_integer("/etc/word") is None
    assert system.read_integer("/etc/absent") is None


def test_bytes_that_are_no_text_are_read_all_the_same(root: Path) -> None:
    (root / "etc/firmware").write_bytes(b"\xff\xfeGX10\0\n")
    text = System(root).read("/etc/firmware")
    assert text is not None
    assert text.endswith("GX10")


def test_commands_come_from_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    executable(tmp_path / "uname", 'echo "replayed $1 $LC_ALL"')
    monkeypatch.setenv("PATH", str(tmp_path))
    assert System(tmp_path).run("uname", "-m") == "replayed -m C\n"


def test_a_replay_finds_no_command_outside_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CommandError, match="ldconfig: not found on PATH") as raised:
        System(tmp_path).run("ldconfig")
    assert raised.value.code == "missing"
    assert System().which("ldconfig") is not None


def test_arguments_reach_no_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    executable(tmp_path / "show", 'printf "%s" "$1"')
    monkeypatch.setenv("PATH", str(tmp_path))
    assert System().run("show", "$(id); `id`") == "$(id); `id`"


def test_a_failing_command_says_why(tmp_path: Path) -> None:
    command = executable(tmp_path / "fails", "echo half; echo 'no such device' >&2; exit 6")
    with pytest.raises(CommandError, match="exit status 6: no such device") as raised:
        System().run(str(command))
    assert (raised.value.code, raised.value.output) == ("failed", "half\n")


def test_a_command_that_cannot_start_says_why(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_bytes(b"\x7fELF no program")
    broken.chmod(0o755)
    with pytest.raises(CommandError) as raised:
        System().run(str(broken))
    assert raised.value.code == "unusable"


def test_an_answer_that_is_too_long_is_none(tmp_path: Path) -> None:
    command = executable(tmp_path / "floods", "echo begin; yes | head -c 9000000")
    with pytest.raises(CommandError, match="more than 8 MiB") as raised:
        System().run(str(command))
    assert raised.value.code == "truncated"
    assert raised.value.output.startswith("begin\n")


def test_lines_are_looked_at_as_they_come(tmp_path: Path) -> None:
    command = executable(
        tmp_path / "floods",
        f"yes {'x' * 89} | head -c 9000000; head -c 200000 /dev/zero; printf '\\nend'",
    )
    seen: dict[str, int] = {}
    longest = 0

    def look(line: str) -> None:
        nonlocal longest
        longest = max(longest, len(line))
        seen[line[:5]] = seen.get(line[:5], 0) + 1

    assert System().run(str(command), each_line=look) == ""
    assert seen["xxxxx"] == 9_000_000 // 90
    assert seen["end"] == 1
    assert longest == 65536


def test_errors_are_kept_apart(tmp_path: Path) -> None:
    command = executable(tmp_path / "fails", "echo out; echo err >&2; exit 14")
    with pytest.raises(CommandError) as raised:
        System().run(str(command))
    assert (raised.value.output, raised.value.errors, raised.value.status) == ("out\n", "err\n", 14)


def test_a_file_that_is_too_long_is_not_read_in_part(root: Path) -> None:
    (root / "etc/long").write_bytes(b"line\n" * 2_000_000)
    system = System(root)
    assert system.read("/etc/long") is None
    assert system.too_long == {"/etc/long"}
    assert sum(1 for _ in system.lines("/etc/long")) == 2_000_000 + 1


def test_a_hanging_command_is_killed_with_its_children(tmp_path: Path) -> None:
    command = executable(
        tmp_path / "hangs", f"sleep 300 & echo $! > {tmp_path}/child; trap '' TERM; wait"
    )
    with pytest.raises(CommandError, match=r"no answer in 0\.5 s") as raised:
        System(command_timeout=0.5).run(str(command))
    assert raised.value.code == "timeout"
    child = int((tmp_path / "child").read_text())
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and Path(f"/proc/{child}/cmdline").exists():
        if "Z" in Path(f"/proc/{child}/stat").read_text().split()[2]:
            break
        time.sleep(0.02)
    else:
        assert not Path(f"/proc/{child}").exists()


def test_a_command_does_not_outlive_the_run_that_is_interrupted(tmp_path: Path) -> None:
    program = (
        "import signal, sys; from python_probes.core.system import System\n"
        "def stop(*_): raise KeyboardInterrupt\n"
        "signal.signal(signal.SIGTERM, stop)\n"
        f"System().run('sh', '-c', 'trap \"echo asked > {tmp_path}/asked; exit\" TERM; "
        f"echo $$ > {tmp_path}/new; mv {tmp_path}/new {tmp_path}/pid; "
        "while :; do sleep 0.1; done', timeout=60)\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program], cwd=REPOSITORY, stderr=subprocess.DEVNULL
    )
    wait_until((tmp_path / "pid").exists)

    child.terminate()

    assert child.wait(20) != 0
    wait_until(lambda: not Path("/proc", (tmp_path / "pid").read_text().strip()).exists())
    assert (tmp_path / "asked").exists()


def test_a_command_can_be_told_to_end_with_its_starter(tmp_path: Path) -> None:
    program = (
        "from python_probes.core.parent_death import end_with_parent\n"
        "from python_probes.core.system import System\n"
        f"System().run('sh', '-c', 'echo $$ > {tmp_path}/new; mv {tmp_path}/new {tmp_path}/pid; "
        "exec sleep 60', timeout=60, before=end_with_parent)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", program], cwd=REPOSITORY)
    wait_until((tmp_path / "pid").exists)

    child.kill()
    child.wait()

    wait_until(lambda: not Path("/proc", (tmp_path / "pid").read_text().strip()).exists())
