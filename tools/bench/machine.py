"""The machine that a benchmark runs on, and the binary that it measures."""

import os
import platform
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# What benchmarks make and keep; git ignores it.
FOLDER = os.path.join(ROOT, ".build-bench")


def machine():
    with open("/proc/cpuinfo") as file:
        model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), platform.machine())
    return f"{os.cpu_count()} cores of {model}, Linux {platform.release()}"


def find_binary(path, product="maser"):
    if path:
        if not os.path.exists(path):
            raise FileNotFoundError(f"there is no {path}")
        return os.path.abspath(path)
    path = os.path.join(ROOT, ".build", "release", product)
    if not os.path.exists(path):
        print(f"building the release binary of {product}", flush=True)
        subprocess.run(["swift", "build", "-c", "release", "--product", product], cwd=ROOT, check=True)
    return path


def short(count):
    return f"{count // 1_000_000}m"
