"""Starts the generator: `python -m repro.generate`, or this folder as a program.

The launcher takes the folder: `-m` puts the user's current folder before all others on the path.
"""

import sys

from repro.generate.generator import main

if __name__ == "__main__":
    sys.exit(main())
