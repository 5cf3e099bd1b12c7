"""`python -m foundation`: the same as the `foundation` command."""

import sys

from .cli import main

sys.exit(main())
