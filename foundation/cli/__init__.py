"""Subcommands of the `foundation` command, one module each: `register` adds it."""
