"""Starts the launcher: `python -m repro.launch`, or this folder as a program.

run.sh takes the folder: `-m` puts the user's current folder before all others on the path.
"""

import sys

from repro.launch.launcher import main

if __name__ == "__main__":
    sys.exit(main())
