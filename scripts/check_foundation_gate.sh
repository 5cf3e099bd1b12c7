#!/usr/bin/env bash
# The gate's verdict over stored documents; no host is asked.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: scripts/check_foundation_gate.sh [OPTION...]

Judges the stored documents and prints a line for each workstream, the phase gate's line, and what
to do for each host that does not pass. Options are those of `foundation gate`, such as
--documents DIR, --profile NAME, --expect HOST,HOST or --json FILE; relative paths start at the
project's root. To ask the hosts first: ansible-playbook gate.yml

Exit status: 0 passed, 1 not passed, 2 could not judge.
TEXT
}

case "${1:-}" in
  -h | --help) usage; exit 0 ;;
esac
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
if [[ ! -x .venv/bin/foundation ]]; then
  echo "check_foundation_gate.sh: $PWD/.venv is missing: run make setup there first" >&2
  exit 2
fi
exec .venv/bin/foundation gate "$@"
