#!/usr/bin/env python3
"""The rows that tools/bench/load loads: made once, kept below .build-bench/, and the same wherever they are made.

    tools/bench/load_data.py narrow 10000000 FILE.parquet      needs pyarrow

Rows of the narrow table come in no order of their keys, each of which is there once.
"""

import math
import os
import shutil
import subprocess
import sys
import tempfile

from machine import FOLDER

PACKAGES = ["pyarrow==26.0.1", "tpchgen-cli==4.0.0"]
LINEITEM_ROWS = 6_001_215

# A prime: times this, modulo the number of rows, visits every key once.
STRIDE = 7_368_787
BLOCK = 1_000_000
COUNTRIES = [f"{first}{second}" for first in "ABCDEFGHIJKLMN" for second in "ABCDEFGHIJKLMN"]


class NoData(Exception):
    pass


def row(index, rows):
    """(key, visits, spent, country) of the narrow table."""
    key = index * STRIDE % rows
    return key, key % 1000, key / 8, COUNTRIES[key % len(COUNTRIES)]


def narrow(rows):
    """The Parquet file with so many rows; 50 million take 0.8 GB and a minute to make."""
    return made(f"narrow-{rows}.parquet", lambda path: python(os.path.abspath(__file__), "narrow", str(rows), path))


def lineitem():
    """The Parquet file of TPC-H at scale 1."""
    def make(path):
        folder = tempfile.mkdtemp(prefix="tpch.", dir=FOLDER)
        try:
            program = os.path.join(packages(), "bin", "tpchgen-cli")
            must([program, "parquet", "-s", "1", "--tables=lineitem", f"--output-dir={folder}"])
            os.rename(os.path.join(folder, "lineitem.parquet"), path)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    return made("lineitem-1.parquet", make)


def redis_commands(path, rows, kind):
    """Redis's own protocol, for `redis-cli --pipe`: a hash a row, or a string of all its values."""
    names = [bulk(name) for name in ("HSET", "visits", "spent", "country", "SET")]
    with open(path, "w") as file:
        for start in range(0, rows, BLOCK // 10):
            lines = []
            for index in range(start, min(rows, start + BLOCK // 10)):
                key, visits, spent, country = row(index, rows)
                if kind == "hset":
                    lines.append(
                        f"*8\r\n{names[0]}{bulk(key)}{names[1]}{bulk(visits)}{names[2]}{bulk(spent)}{names[3]}{bulk(country)}")
                else:
                    lines.append(f"*3\r\n{names[4]}{bulk(key)}{bulk(f'{visits},{spent},{country}')}")
            file.write("".join(lines))


def bulk(value):
    text = str(value)
    return f"${len(text)}\r\n{text}\r\n"


def made(name, make):
    path = os.path.join(FOLDER, name)
    if not os.path.exists(path):
        os.makedirs(FOLDER, exist_ok=True)
        print(f"making {name}", flush=True)
        make(path + ".part")
        os.rename(path + ".part", path)
    return path


# Packages, in a folder of their own


def packages():
    """Comes from PyPI the first time (60 MB)."""
    folder = os.path.join(FOLDER, "load-python")
    if not os.path.isdir(folder):
        os.makedirs(FOLDER, exist_ok=True)
        partial = tempfile.mkdtemp(prefix="load-install.", dir=FOLDER)
        try:
            must([sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps",
                  "--root-user-action=ignore", "--target", partial, *PACKAGES])
            os.rename(partial, folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return folder


def environment():
    return {**os.environ, "PYTHONPATH": packages()}


def python(*arguments):
    must([sys.executable, *arguments], environment())


def must(command, variables=None):
    done = subprocess.run(command, capture_output=True, text=True, env=variables)
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise NoData(f"{' '.join(command[:4])} failed: {lines[-1] if lines else f'code {done.returncode}'}")


def write_narrow(rows, path):
    import pyarrow
    import pyarrow.compute as compute
    import pyarrow.parquet as parquet

    if math.gcd(STRIDE, rows) != 1:
        raise NoData(f"{rows} rows cannot be made: it is a multiple of {STRIDE}")
    names = pyarrow.array(COUNTRIES)
    schema = pyarrow.schema([
        ("key", pyarrow.int64()), ("visits", pyarrow.int64()), ("spent", pyarrow.float64()), ("country", pyarrow.string())])

    def modulo(values, divisor):
        return compute.subtract(values, compute.multiply(compute.divide(values, divisor), divisor))

    with parquet.ParquetWriter(path, schema) as file:
        for start in range(0, rows, BLOCK):
            index = pyarrow.array(range(start, min(rows, start + BLOCK)), pyarrow.int64())
            key = modulo(compute.multiply(index, STRIDE), rows)
            spent = compute.divide(key.cast(pyarrow.float64()), 8.0)
            columns = [key, modulo(key, 1000), spent, names.take(modulo(key, len(COUNTRIES)))]
            file.write_table(pyarrow.table(columns, schema=schema))


if __name__ == "__main__":
    _, kind, count, target = sys.argv
    if kind != "narrow":
        sys.exit(__doc__)
    write_narrow(int(count), target)
