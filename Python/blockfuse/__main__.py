"""`python -m blockfuse …` is the program `blockfuse …`: it takes the place of this process, so signals and exit statuses are its own."""

import os
import sys

from ._program import program_path

program = str(program_path())
os.execv(program, [program, *sys.argv[1:]])
