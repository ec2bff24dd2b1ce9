"""The memory that the driver shares with disk.c: what the server's disk has done, and what it is to do."""

import ctypes
import mmap
import os
import shutil
import subprocess

STORES = ["catalog", "tables", "log", "loads", "other"]
OPERATIONS = [
    "wal_write", "wal_sync", "flush_write", "compaction_write", "table_write", "manifest_write", "manifest_sync",
    "current_rename", "link_table", "unlink_table", "directory_sync", "other",
]
MOMENTS = ["before", "within", "after"]


class Layout(ctypes.Structure):
    _fields_ = [
        ("room", ctypes.c_int64),
        ("refused", ctypes.c_int64),
        ("trap_operations", ctypes.c_uint64 * len(STORES)),
        ("trap_countdown", ctypes.c_int64),
        ("trap_moment", ctypes.c_int32),
        ("sprung", ctypes.c_int32),
        ("ignored_syncs", ctypes.c_uint64 * len(STORES)),
        ("counts", ctypes.c_uint64 * (len(STORES) * len(OPERATIONS))),
    ]


class Control:
    def __init__(self, path):
        self.path = path
        with open(path, "wb") as file:
            file.truncate(ctypes.sizeof(Layout))
        descriptor = os.open(path, os.O_RDWR)
        self.memory = mmap.mmap(descriptor, ctypes.sizeof(Layout))
        os.close(descriptor)
        self.page = Layout.from_buffer(self.memory)
        self.page.room = -1

    def set_trap(self, operations, countdown, moment):
        """Ends the server at the so-manieth of the operations, [(store, operation)], that it begins from now on."""
        self.clear_trap()
        for store in range(len(STORES)):
            self.page.trap_operations[store] = 0
        for store, operation in operations:
            self.page.trap_operations[STORES.index(store)] |= 1 << OPERATIONS.index(operation)
        self.page.trap_moment = MOMENTS.index(moment)
        self.page.trap_countdown = countdown

    def ignore_syncs(self, store, operation):
        """From now on the disk lies: it says that such syncs are done, and does nothing."""
        self.page.ignored_syncs[STORES.index(store)] |= 1 << OPERATIONS.index(operation)

    def clear_trap(self):
        self.page.trap_countdown = 0
        self.page.sprung = 0

    @property
    def sprung(self):
        """The store and operation at which the trap ended the server, or None."""
        number = self.page.sprung
        return number and (STORES[(number - 1) // len(OPERATIONS)], OPERATIONS[(number - 1) % len(OPERATIONS)]) or None

    def count(self, store, operation):
        return self.page.counts[STORES.index(store) * len(OPERATIONS) + OPERATIONS.index(operation)]

    def counts(self):
        return {
            f"{store} {operation}": self.count(store, operation)
            for store in STORES
            for operation in OPERATIONS
            if self.count(store, operation)
        }


def compile_library(folder):
    """The preload library, built from disk.c beside this file; its path."""
    library = os.path.join(folder, "disk.so")
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "disk.c")
    compiler = next((name for name in ("cc", "gcc", "clang") if shutil.which(name)), "cc")
    command = [compiler, "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-U_FORTIFY_SOURCE", "-o", library, source]
    subprocess.run([*command, "-lpthread", "-ldl"], check=True)
    return library


def environment(library, control, root, journal=None, graveyard=None):
    """What makes a program that is started with it use the library."""
    variables = {"LD_PRELOAD": library, "MASER_DISK_ROOT": root, "MASER_DISK_CONTROL": control.path}
    if journal:
        variables.update(MASER_DISK_JOURNAL=journal, MASER_DISK_GRAVEYARD=graveyard)
    return variables
