#!/usr/bin/env python3
"""Makes the files of this folder again; needs pyarrow 26.0.1. What is in them is what SourceVectorTests.swift expects."""

import datetime
import decimal
import gzip
import os

import pyarrow as pa
import pyarrow.orc as orc
import pyarrow.parquet as pq

os.chdir(os.path.dirname(os.path.abspath(__file__)))

UTC = datetime.timezone.utc
EARLY = datetime.datetime(1969, 12, 31, 23, 59, 59, 250000)
LATE = datetime.datetime(2013, 1, 5, 6, 7, 8, 123456)


def columns(*, orc_only=False):
    """By name: type, and the values of the first two rows; the third is NULL."""
    made = {
        "i8": (pa.int8(), -128, 127),
        "i16": (pa.int16(), -32768, 32767),
        "i32": (pa.int32(), -(2**31), 2**31 - 1),
        "i64": (pa.int64(), -(2**63), 2**63 - 1),
        "f32": (pa.float32(), -1.5, 0.1),
        "f64": (pa.float64(), -0.1, 1e300),
        "money": (pa.decimal128(15, 2), decimal.Decimal("-12345678901.23"), decimal.Decimal("0.10")),
        "whole": (pa.decimal128(20, 0), decimal.Decimal(-(2**63)), decimal.Decimal(7)),
        "text": (pa.string(), "", "naïve"),
        "bin": (pa.binary(), b"\x00\xff", b"abc"),
        "flag": (pa.bool_(), True, False),
        "day": (pa.date32(), datetime.date(1969, 12, 31), datetime.date(2013, 1, 5)),
        "ts_ns": (pa.timestamp("ns"), EARLY, LATE),
        "list": (pa.list_(pa.int64()), [1], []),
    }
    if orc_only:
        return made
    made |= {
        "u8": (pa.uint8(), 0, 255),
        "u16": (pa.uint16(), 0, 65535),
        "u32": (pa.uint32(), 0, 2**32 - 1),
        "u64": (pa.uint64(), 0, 2**63 - 1),
        "u64_beyond": (pa.uint64(), 0, 2**64 - 1),
        "f16": (pa.float16(), -0.5, 65504.0),
        "wide": (pa.decimal256(60, 3), decimal.Decimal("-" + "9" * 40 + ".125"), decimal.Decimal("0.001")),
        "large_text": (pa.large_string(), "", "naïve"),
        "view": (pa.string_view(), "short", "a text that is longer than twelve bytes"),
        "large_bin": (pa.large_binary(), b"\x00\xff", b"abc"),
        "fixed": (pa.binary(3), b"\x00\x01\x02", b"abc"),
        "word": (pa.dictionary(pa.int8(), pa.string()), "one", "two"),
        "code": (pa.dictionary(pa.int32(), pa.binary()), b"\xff", b""),
        "day_ms": (pa.date64(), datetime.date(1969, 12, 31), datetime.date(2013, 1, 5)),
        "ts_s": (pa.timestamp("s"), EARLY.replace(microsecond=0), LATE.replace(microsecond=0)),
        "ts_ms": (pa.timestamp("ms"), EARLY, LATE.replace(microsecond=123000)),
        "ts_us": (pa.timestamp("us"), EARLY, LATE),
        "ts_zone": (
            pa.timestamp("us", "Europe/Berlin"), EARLY.replace(tzinfo=UTC), LATE.replace(tzinfo=UTC)),
        "clock": (pa.time64("us"), datetime.time(1), datetime.time(2)),
        "nothing": (pa.null(), None, None),
    }
    return made


def table(columns):
    return pa.table({name: pa.array([first, second, None], type) for name, (type, first, second) in columns.items()})


def rows(count):
    """Several row groups and pages, in which every seventh name is NULL."""
    return pa.table({
        "id": pa.array(range(count), pa.int64()),
        "name": pa.array([None if i % 7 == 3 else f"name {i % 50}" for i in range(count)], pa.string()),
        "score": pa.array([i / 4 for i in range(count)], pa.float64()),
        "seen": pa.array([i * 1_000_000 for i in range(count)], pa.timestamp("us", "UTC")),
    })


pq.write_table(table(columns()), "types.parquet")
orc.write_table(table(columns(orc_only=True)), "types.orc")
pq.write_table(table({"at": (pa.timestamp("ns"), EARLY, LATE)}), "int96.parquet", use_deprecated_int96_timestamps=True)
pq.write_table(
    rows(3000), "rows.parquet", row_group_size=700, data_page_size=1000, compression="zstd",
    write_page_checksum=True)
orc.write_table(rows(3000), "rows.orc", compression="zstd")
pq.write_table(rows(0), "empty.parquet")
pq.write_table(pa.table({"text": pa.array([b"good", b"\xc3", b"\xa9"], pa.binary())}), "not-utf8.parquet")
pq.write_table(pa.table([pa.array([1]), pa.array([2])], names=["id", "id"]), "twice.parquet")

lines = "".join(f"{i},name {i}\n" for i in range(200)).encode()
with open("rows.csv.gz", "wb") as file:
    # Two members, as `cat a.gz b.gz` makes them.
    file.write(gzip.compress(b"id,name\n" + lines[:1000], mtime=0) + gzip.compress(lines[1000:], mtime=0))
objects = "".join('{"id": %d, "name": "name %d"}\n' % (i, i) for i in range(200)).encode()
with open("rows.jsonl.zst", "wb") as file:
    for part in (objects[:1000], objects[1000:]):
        file.write(pa.Codec("zstd").compress(part, asbytes=True))
