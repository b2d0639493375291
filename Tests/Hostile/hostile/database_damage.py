"""Ways to damage a database: of bits, bytes and pages of its file, and of rows and values by SQL."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path

PAGE = 8192
TABLES = ["job", "view", "view_transform", "level", "brick", "run", "claim", "failure", "checksum", "run_sample"]
TABLES += ["work_order", "identity"]


def damage_file(rng: random.Random, path: Path) -> str:
    """Bits, bytes or pages that are others than were written; what was done."""
    data = bytearray(path.read_bytes())
    kind = rng.choice(["bits", "bits", "bytes", "page", "zeros", "swap", "cut"])
    pages = len(data) // PAGE
    page = rng.randrange(1, pages) * PAGE
    if kind == "bits":
        for _ in range(rng.randint(1, 4)):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    elif kind == "bytes":
        # where something is written; most of a page may be empty
        used = [i for i in range(page, page + PAGE) if data[i]]
        for i in rng.sample(used, min(len(used), rng.randint(1, 6))):
            data[i] = rng.randrange(256)
    elif kind == "page":
        data[page : page + PAGE] = rng.randbytes(PAGE)
    elif kind == "zeros":
        data[page : page + PAGE] = bytes(PAGE)
    elif kind == "swap":
        other = rng.randrange(1, pages) * PAGE
        data[page : page + PAGE], data[other : other + PAGE] = data[other : other + PAGE], data[page : page + PAGE]
    else:
        del data[rng.randrange(100, len(data)) :]
    with path.open("r+b") as file:
        file.write(data)
        file.truncate()
    return kind


def damage_value(rng: random.Random, value: object) -> object:
    """Another value of the same kind, as a flipped bit or a wrong program would leave it."""
    if isinstance(value, int):
        other = [value + 1, value - 1, 0, -1, 1 << 40, (1 << 63) - 1, -(1 << 63), value ^ (1 << rng.randrange(62))]
        return rng.choice(other)
    if isinstance(value, float):
        return rng.choice([value + 1.0, -value - 0.5, 0.0, 1e308, float("inf"), value * (1 + 2.0**-40) + 1e-9])
    if isinstance(value, str) and value:
        at = rng.randrange(len(value))
        return rng.choice([value[:at] + chr(ord(value[at]) % 127 + 1) + value[at + 1 :], value[:at], ""])
    if isinstance(value, bytes) and value:
        at = rng.randrange(len(value))
        flipped = bytes([value[at] ^ 1 << rng.randrange(8)])
        return rng.choice([value[:at] + flipped + value[at + 1 :], value[:at], value + b"\0"])
    return value


def damage_row(rng: random.Random, path: Path) -> str:
    """One row that is gone, or one value of a row that is another; what was done."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        done = _damage_row(rng, db)
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return done


def _damage_row(rng: random.Random, db: sqlite3.Connection) -> str:
    db.execute("PRAGMA foreign_keys = OFF")
    db.execute("PRAGMA ignore_check_constraints = ON")
    db.execute("DROP TRIGGER IF EXISTS job_state")
    tables = [t for t in TABLES if db.execute(f"SELECT count(*) FROM {t}").fetchone()[0] > 0]
    table = rng.choice(tables)
    columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
    row = rng.choice(db.execute(f"SELECT * FROM {table}").fetchall())
    where = " AND ".join(f"{c} IS ?" for c in columns)
    if rng.random() < 0.25:
        db.execute(f"DELETE FROM {table} WHERE {where}", row)
        return f"{table}: a row deleted"
    column = rng.randrange(len(columns))
    value = damage_value(rng, row[column])
    try:
        db.execute(f"UPDATE {table} SET {columns[column]} = ? WHERE {where}", (value, *row))
    except (sqlite3.IntegrityError, OverflowError):
        db.execute(f"DELETE FROM {table} WHERE {where}", row)
        return f"{table}: a row deleted"
    return f"{table}.{columns[column]}: {str(row[column])[:60]!r} -> {str(value)[:60]!r}"
