#!/usr/bin/env bash
# The workstreams in order, then the gate: foundation.yml and gate.yml, which hold all the logic.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: scripts/spawn_foundation_orchestrator.sh [OPTION...]

Runs the workstreams in order over the inventory: WS-01, then WS-02 and WS-03 for hosts where WS-01
passed; then the gate, also where a host failed on the way. Options are those of ansible-playbook
and go to both playbooks, such as -i inventory/sparks.yml, --limit spark-01, --check or -e NAME=VALUE;
relative paths start at the project's root.

Exit status: 0 everything ran and the gate passed, 2 no .venv, else that of ansible-playbook.
TEXT
}

case "${1:-}" in
  -h | --help) usage; exit 0 ;;
esac
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
if [[ ! -x .venv/bin/ansible-playbook ]]; then
  echo "spawn_foundation_orchestrator.sh: $PWD/.venv is missing: run make setup there first" >&2
  exit 2
fi
export ANSIBLE_CONFIG="$PWD/ansible.cfg"
status=0
.venv/bin/ansible-playbook foundation.yml "$@" || status=$?
.venv/bin/ansible-playbook gate.yml "$@" || exit $?
exit "$status"
