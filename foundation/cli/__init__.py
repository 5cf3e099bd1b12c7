"""The `foundation` command: a module a command, named as it is typed, and what they share."""
