"""The disk that forgets, tried on small programs: what they synced stays, and nothing else is sure to.

    python3 -m unittest discover --start-directory tools/crash.d
"""

import errno
import os
import random
import signal
import subprocess
import sys
import tempfile
import unittest

from control import Control, compile_library, environment
from powercut import BeyondModel, Disk

PROGRAM = """
import os, sys
def put(path, data, flags=0):
    file = os.open(path, os.O_WRONLY | os.O_CREAT | flags, 0o600)
    os.write(file, data)
    return file
def sync(path):
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(folder)
    os.close(folder)
os.chdir(sys.argv[1])
"""


class PowerCutTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.library = compile_library(cls.folder.name)

    def setUp(self):
        self.place = tempfile.mkdtemp(dir=self.folder.name)
        self.control = Control(self.place + "/control")
        self.disk = Disk(self.place + "/data", self.place + "/graveyard")
        self.runs = 0

    def run_program(self, text, expected=0):
        self.runs += 1
        journal = f"{self.place}/journal{self.runs}"
        variables = environment(self.library, self.control, self.disk.root, journal, self.disk.graveyard)
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", PROGRAM + text, self.disk.root], env={**os.environ, **variables}, timeout=20)
        self.assertEqual(done.returncode, expected)
        self.disk.read(journal)

    def content(self, name):
        try:
            with open(os.path.join(self.disk.root, name), "rb") as file:
                return file.read()
        except FileNotFoundError:
            return None

    def outcomes(self, name, text, before="", cuts=30):
        """What a file may hold after a cut that follows the program."""
        found = set()
        for seed in range(cuts):
            self.setUp()
            if before:
                self.run_program(before)
            self.run_program(text)
            self.disk.cut(random.Random(seed))
            found.add(self.content(name))
        return found

    def test_what_is_synced_with_its_name_stays(self):
        text = "os.fsync(put('a', b'kept')); sync('.')"
        self.assertEqual(self.outcomes("a", text, cuts=20), {b"kept"})

    def test_bytes_without_a_sync_may_be_there_or_not(self):
        found = self.outcomes("a", "file = put('a', b'kept'); os.fsync(file); sync('.'); os.write(file, b'lost')")
        self.assertTrue({b"kept", b"keptlost"} < found, found)
        self.assertTrue(all(content.startswith(b"kept") for content in found), found)
        self.assertIn(b"kept\0\0\0\0", found)

    def test_a_file_without_a_sync_of_its_folder_may_be_gone(self):
        self.assertEqual(self.outcomes("a", "os.fsync(put('a', b'kept'))"), {None, b"kept"})

    def test_a_folder_without_a_sync_of_the_one_above_may_be_gone(self):
        self.assertEqual(self.outcomes("d/a", "os.mkdir('d'); os.fsync(put('d/a', b'x')); sync('d')"), {None, b"x"})

    def test_a_rename_over_a_file_is_whole_or_not_at_all(self):
        before = "os.fsync(put('a', b'old')); sync('.')"
        text = "os.fsync(put('b', b'new')); os.rename('b', 'a')"
        self.assertEqual(self.outcomes("a", text, before), {b"old", b"new"})

    def test_a_rename_of_a_file_that_was_not_synced_may_leave_it_empty(self):
        found = self.outcomes("a", "put('b', b'new'); os.rename('b', 'a'); sync('.')")
        self.assertIn(b"", found)

    def test_a_removed_file_may_come_back(self):
        before = "os.fsync(put('a', b'old')); sync('.')"
        self.assertEqual(self.outcomes("a", "os.unlink('a')", before), {None, b"old"})
        self.assertEqual(self.outcomes("a", "os.unlink('a'); sync('.')", before, cuts=10), {None})

    def test_what_was_overwritten_or_cut_off_may_come_back(self):
        before = "os.fsync(put('a', b'old bytes')); sync('.')"
        found = self.outcomes("a", "put('a', b'NEW')", before)
        self.assertTrue({b"old bytes", b"NEW bytes"} <= found, found)
        self.assertEqual(self.outcomes("a", "put('a', b'', os.O_TRUNC)", before), {b"old bytes", b""})

    def test_a_hard_link_is_a_name_of_its_own(self):
        before = "os.fsync(put('a', b'x')); sync('.'); os.mkdir('d'); sync('.')"
        self.assertEqual(self.outcomes("d/b", "os.link('a', 'd/b'); os.unlink('a'); sync('d')", before, 20), {b"x"})
        self.assertEqual(self.outcomes("d/b", "os.link('a', 'd/b'); os.unlink('a')", before), {None, b"x"})

    def test_a_second_process_syncs_what_the_first_wrote(self):
        text = "file = os.open('a', os.O_RDONLY); os.fsync(file); sync('.')"
        self.assertEqual(self.outcomes("a", text, "put('a', b'x')", cuts=20), {b"x"})

    def test_a_kill_within_a_write_leaves_a_part_of_it(self):
        self.control.set_trap([("tables", "wal_write")], 2, "within")
        self.run_program(
            "os.mkdir('tables'); file = put('tables/1.log', b'first'); os.write(file, b'second')", -signal.SIGKILL)
        self.assertEqual(self.control.sprung, ("tables", "wal_write"))
        self.assertEqual(self.content("tables/1.log"), b"firstsec")
        self.disk.check()

    def test_a_full_disk_takes_what_fits_and_refuses_the_rest(self):
        self.control.page.room = 5
        self.run_program(
            "file = put('a', b'1234')\n"
            "assert os.write(file, b'5678') == 1\n"
            "try: os.write(file, b'6'); assert False\n"
            f"except OSError as error: assert error.errno == {errno.ENOSPC}\n")
        self.assertEqual((self.content("a"), self.control.page.refused), (b"12345", 1))

    def test_what_is_beyond_the_model_is_said(self):
        with self.assertRaises(BeyondModel):
            self.run_program(
                "import mmap\nfile = os.open('a', os.O_RDWR | os.O_CREAT)\nos.ftruncate(file, 4096)\n"
                "mmap.mmap(file, 4096)")
        with self.assertRaises(BeyondModel):
            with open(self.disk.root + "/unseen", "w") as file:
                file.write("x")
            self.disk.check()


if __name__ == "__main__":
    unittest.main()
