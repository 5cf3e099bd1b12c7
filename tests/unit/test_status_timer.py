"""The role status_timer: units that systemd accepts, and what a run in check mode says."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).parents[2]
ROLE = PROJECT / "roles/status_timer"
BIN = Path(sys.executable).parent
SECRET = "T0P53CR37-6d1f"  # noqa: S105 - made up: what must be found nowhere
ACCOUNT = ["x", "1000", "1000", "", "/home/operator", "/bin/sh"]
needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)
Render = Callable[..., Path]


def playbook(path: Path, *arguments: str, **variables: object) -> subprocess.CompletedProcess[str]:
    """Run it with the variables in a file: -vvvv shows the command line with all it holds."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(variables, file)
        file.flush()
        return subprocess.run(
            [BIN / "ansible-playbook", path, *arguments, "--extra-vars", f"@{file.name}"],
            cwd=PROJECT,
            env={**os.environ, "ANSIBLE_CONFIG": str(PROJECT / "ansible.cfg"), "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )


@pytest.fixture
def render(tmp_path: Path) -> Render:
    """Write the role's units with the role's own variables, as its template task does."""

    def units(**variables: object) -> Path:
        target = tmp_path / "units"
        target.mkdir()
        play = {
            "hosts": "localhost",
            "connection": "local",
            "gather_facts": False,
            "vars_files": [str(ROLE / "defaults/main.yml"), str(ROLE / "vars/main.yml")],
            "tasks": [
                {
                    "ansible.builtin.template": {
                        "src": str(ROLE / f"templates/status.{kind}.j2"),
                        "dest": f"{target}/dgx-spark-foundation-status.{kind}",
                        "mode": "0644",
                    }
                }
                for kind in ("service", "timer")
            ],
        }
        path = tmp_path / "render.yml"
        path.write_text(yaml.safe_dump([play]))
        facts = {"getent_passwd": {"operator": ACCOUNT}}
        done = playbook(
            path,
            status_timer_connected={"stdout": "operator"},
            status_timer_accounts={"ansible_facts": facts},
            **{"status_timer_project": str(PROJECT), **variables},
        )
        assert done.returncode == 0, done.stdout
        return target

    return units


def setting(unit: str, name: str) -> list[str]:
    return re.findall(rf"^{name}=(.*)$", unit, re.MULTILINE)


def verify(folder: Path, scope: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", f"--{scope}", "verify", "--recursive-errors=no", *folder.iterdir()],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "XDG_RUNTIME_DIR": str(folder.parent)},
    )


@needs_systemd
def test_systemd_accepts_the_units_and_finds_them_hardened(render: Render) -> None:
    folder = render(status_timer_webhook_url=f"https://hooks.example/{SECRET}")
    done = verify(folder, "system")
    assert (done.returncode, done.stderr) == (0, "")
    unit = folder / "dgx-spark-foundation-status.service"
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=40", "--no-pager", unit],
        capture_output=True,
        text=True,
        check=False,
    )
    assert judged.returncode == 0, judged.stdout
    text = unit.read_text()
    assert setting(text, "User") == ["operator"]
    assert setting(text, "LoadCredential") == [
        "webhook_url:/etc/dgx-spark-foundation/status-webhook-url"
    ]
    assert setting(text, "ExecStart")[0].endswith(
        "--extra-vars=status_webhook_url_file=${CREDENTIALS_DIRECTORY}/webhook_url"
    )
    assert all(SECRET not in path.read_text() for path in folder.iterdir())


@needs_systemd
def test_a_user_unit_is_accepted_too(render: Render) -> None:
    folder = render(status_timer_scope="user", status_timer_webhook_url="https://hooks.example/x")
    done = verify(folder, "user")
    assert (done.returncode, done.stderr) == (0, "")
    text = (folder / "dgx-spark-foundation-status.service").read_text()
    assert setting(text, "User") == setting(text, "LoadCredential") == []
    file = "/home/operator/.config/dgx-spark-foundation/status-webhook-url"
    assert setting(text, "ExecStart")[0].endswith(f"--extra-vars=status_webhook_url_file={file}")


@needs_systemd
def test_the_default_schedule_is_every_four_hours() -> None:
    schedule = yaml.safe_load((ROLE / "defaults/main.yml").read_text())["status_timer_schedule"]
    done = subprocess.run(
        ["systemd-analyze", "calendar", "--iterations=7", "--base-time=2026-01-01 00:30", schedule],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "TZ": "UTC"},
    )
    times = re.findall(r"2026-01-0\d (\d\d:\d\d:\d\d)", done.stdout)
    assert times[:6] == [f"{hour:02}:00:00" for hour in (4, 8, 12, 16, 20, 0)]


@needs_systemd
def test_paths_with_unusual_characters_reach_the_command(render: Render, tmp_path: Path) -> None:
    project = tmp_path / "100% of $HOME, the café"
    project.mkdir()
    command = project / "ansible-playbook"
    command.symlink_to(BIN / "ansible-playbook")
    folder = render(
        status_timer_project=str(project),
        status_timer_inventories=['my "own" café.yml'],
        status_timer_ansible_playbook=str(command),
    )
    done = verify(folder, "system")
    assert (done.returncode, done.stderr) == (0, "")
    text = (folder / "dgx-spark-foundation-status.service").read_text()
    (started,) = setting(text, "ExecStart")
    assert shlex.split(started)[1] == '--inventory=my "own" café.yml'
    assert setting(text, "WorkingDirectory") == [str(project).replace("%", "%%")]
    # Not as \\u00e9, which systemd takes for u00e9 here.
    assert f'"{project}/reports"'.replace("%", "%%") in setting(text, "ReadWritePaths")


@pytest.mark.slow
@needs_systemd
@pytest.mark.parametrize("scope", ["system", "user"])
def test_check_mode_says_what_it_would_do_and_does_nothing(scope: str) -> None:
    place = Path("/etc") if scope == "system" else Path.home() / ".config"
    places = [place / "dgx-spark-foundation/status-webhook-url", place / "systemd/user"]
    before = [path.exists() for path in places]
    done = playbook(
        *(PROJECT / "playbooks/status_timer.yml", "--check", "--diff", "-vvvv"),
        status_timer_scope=scope,
        status_timer_webhook_url=f"https://[::1]:8443/{SECRET}",
    )
    assert done.returncode == 0, done.stdout
    assert "FutureWarning" not in done.stdout + done.stderr
    assert "+OnCalendar=*-*-* 00/4:00:00" in done.stdout
    assert "Keep the webhook's address" in done.stdout
    assert SECRET not in done.stdout + done.stderr
    assert [path.exists() for path in places] == before


@needs_systemd
@pytest.mark.parametrize(
    ("variables", "told"),
    [
        (
            {"status_timer_schedule": "every full moon"},
            "found status_timer_schedule every full moon",
        ),
        ({"status_timer_webhook_url": f"http://hooks.example/{SECRET}"}, "is no https address"),
        ({"status_timer_user": "nobody-by-this-name"}, "found no account nobody-by-this-name"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_written(
    variables: dict[str, str], told: str
) -> None:
    done = playbook(PROJECT / "playbooks/status_timer.yml", "--check", "-vvvv", **variables)
    assert done.returncode == 2
    assert told in " ".join(done.stdout.split())
    assert SECRET not in done.stdout + done.stderr
    assert "Write the units" not in done.stdout


def test_the_way_back_changes_nothing_where_nothing_is() -> None:
    done = playbook(PROJECT / "playbooks/status_timer.yml", "--check", status_timer_state="absent")
    assert done.returncode == 0, done.stdout
    assert "changed=0" in done.stdout
