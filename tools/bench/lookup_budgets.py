"""What one lookup costs that the hot-row cache answers, from frame in to frame out, held against the budgets in lookup_budgets.json.

Instructions are those of user space that callgrind counts; allocations are calls of malloc and its kin that a preloaded library
counts. Each figure is the difference of two runs by the difference of their lookups, so that connecting and what a server does
anyway cancel out.
"""

import json
import os
import re
import struct
import subprocess

from lookup_pair import BURST, CONNECTIONS, Pair
from maser_server import CannotMeasure
from redis_server import find

HERE = os.path.dirname(os.path.abspath(__file__))
BUDGETS = os.path.join(HERE, "lookup_budgets.json")

KEYS = 100_000
HOT_KEYS = 1000
KINDS = {"batched": ("batched", BURST), "pipelined": ("pipelined", BURST), "single": ("pipelined", 1)}
COUNTS = {"allocations": (200_000, 1_200_000), "instructions": (2_000, 12_000)}


class OverBudget(Exception):
    pass


def measure(binary, drive, put):
    with Pair(binary, drive, KEYS, redis=False) as pair:
        for tls in (False, True):
            path = os.path.join(pair.maser.folder, "malloc-count")
            pair.serve(tls, variables={"LD_PRELOAD": library("malloc_count", pair.maser.folder), "MASER_MALLOC_COUNT": path})
            report(put, pair, "allocations", tls, lambda: read_counter(path), "{:,.4f}")
        for tls in (False, True):
            out = os.path.join(pair.maser.folder, "callgrind-tls" if tls else "callgrind-plaintext")
            pair.maser.binary = without_debug_information(binary, pair.maser.folder)
            pair.serve(tls, wrapper=[
                find("valgrind"), "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={out}"],
                variables={"LD_PRELOAD": library("valgrind_sigsuspend", pair.maser.folder)})
            drive_hot(pair, "batched", BURST, COUNTS["instructions"][0])
            control(pair, "--instr=on")
            report(put, pair, "instructions", tls, lambda: read_instructions(pair, out), "{:,.0f}")


def report(put, pair, what, tls, read, form):
    """Puts what one hit costs, for each way of asking."""
    worst = 0
    for kind, (style, burst) in KINDS.items():
        drive_hot(pair, style, burst, COUNTS[what][0])
        costs = []
        before = read()
        for count in COUNTS[what]:
            lookups = drive_hot(pair, style, burst, count)
            after = read()
            costs.append((lookups, after - before))
            before = after
        (few, cost_of_few), (many, cost_of_many) = costs
        each = (cost_of_many - cost_of_few) / (many - few)
        name = f"{what}_per_hit_{kind}" + ("_tls" if tls else "")
        put(name, each, form.format(each))
        if burst > 1 and not tls:
            worst = max(worst, each)
    if not tls:
        put(f"{what}_per_hit", worst, f"{form.format(worst)}, the most of a burst in plaintext")


def drive_hot(pair, style, burst, count):
    """Asks for a few keys again and again; returns how many lookups that were."""
    run = pair.drive(
        "maser", keys=HOT_KEYS, style=style, burst=burst, connections=CONNECTIONS, count=count, warmup=0, seconds=600)
    return run["all_lookups"]


def hold(figures):
    """Every figure that has a budget against it."""
    with open(BUDGETS) as file:
        budgets = json.load(file)
    over = [
        f"{name} is {figures[name]:,.4g}, and may be {budget:,.4g}" for name, budget in budgets.items()
        if name in figures and figures[name] > budget]
    if over:
        raise OverBudget(f"over the budgets of {os.path.relpath(BUDGETS)}: {'; '.join(over)}")


def library(name, folder):
    """A library to preload, compiled from its source beside this file."""
    path = os.path.join(folder, f"{name}.so")
    subprocess.run([find("cc"), "-O2", "-shared", "-fPIC", "-o", path, os.path.join(HERE, f"{name}.c")], check=True)
    return path


def read_counter(path):
    with open(path, "rb") as file:
        return struct.unpack("<Q", file.read(8))[0]


def control(pair, *arguments):
    command = [find("callgrind_control"), *arguments, str(pair.maser.process.pid)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0 or "Error" in done.stdout + done.stderr:
        raise CannotMeasure(f"{' '.join(command)}: {(done.stdout + done.stderr).strip()[-300:]}")


def without_debug_information(binary, folder):
    """A copy, for valgrind gives up over what Swift writes there."""
    path = os.path.join(folder, "maser")
    subprocess.run([find("strip"), "--strip-debug", "-o", path, binary], check=True)
    return path


def read_instructions(pair, out):
    """Those since the server began, of all threads. Each dump begins to count anew."""
    control(pair, "--dump")
    total = 0
    for name in os.listdir(os.path.dirname(out)):
        if name.startswith(os.path.basename(out) + "."):
            with open(os.path.join(os.path.dirname(out), name)) as file:
                found = re.findall(r"^(?:summary|totals): *(\d+)", file.read(), re.MULTILINE)
            total += int(found[-1]) if found else 0
    return total
