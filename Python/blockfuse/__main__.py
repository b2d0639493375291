"""`python -m blockfuse …` becomes the program `blockfuse …`, so signals and exit statuses are its own."""

import os
import sys

from ._program import program_path

program = str(program_path())
os.execv(program, [program, *sys.argv[1:]])
