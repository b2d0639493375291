"""A hostile world for the job record: what a machine, a user and a disk can do to a job, drawn at random by seed.

`scene` makes a small job and what comes of it undisturbed, `program` runs commands and says what none may do, `judge` compares
record and voxels, read by others than blockfuse. Each of `strace_errors`, `storms`, `changed_inputs`, `damaged_databases` and
`damaged_outputs` is a kind of disturbance. `python -m hostile --minutes 60 --seed 1` runs all of them by turns.
"""
