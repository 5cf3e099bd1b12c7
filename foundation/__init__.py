"""The controller: documents, criteria, gate and reports. Talks to hosts through Ansible only."""
