"""What a disk may hold after a power cut, by the journal that disk.c keeps.

The model, and why it is fair. An application may rely on this alone:

- Bytes are there that were written before an fsync or fdatasync of their file began, once it has ended. Of bytes written
  since, any part may be there: none, all, a beginning, or some pages of 4,096 bytes and not others. Where a page is not
  there, the bytes of before are, or zeros beyond the former end. sync_file_range promises nothing.
- A name is there, or gone, that was made, renamed or removed before an fsync of its *folder* began, once that has ended.
  Changes since may have happened or not, each for itself, but in order where they concern the same name. An fsync of a
  file says nothing of its name (ext4 would keep it; fsync(2) says not to rely on that), nor of the folders above it.
- A rename happens whole or not at all, also over another file and between folders.

What comes back, after a removal or a truncation that was not synced, is what was there.

The journal's lines come in the order of the calls. A write counts as written when its call has ended, and is at risk from
when it began; a sync covers what had ended when it began. A kill may fall between a deed and its line: such a file is
empty and without a line, and goes; or a line may be there and no deed: it is taken back.

What is beyond the model (writing through memory maps, renamed folders and such) is in the journal too, and ends the run.
"""

import os
import shutil
import struct

from torn import lose

HEADER = struct.Struct("<IIQQqqII")
LINES = {
    1: "process", 2: "create", 3: "mkdir", 4: "rename", 5: "unlink", 6: "rmdir", 7: "link", 8: "cancel",
    16: "write", 17: "truncate", 18: "done", 19: "sync", 20: "directory_sync", 21: "everything_synced", 22: "beyond_model",
}


class BeyondModel(Exception):
    """The server did something to its files that the model does not know, or the model has lost track of them."""


class File:
    def __init__(self, inode, size):
        self.inode, self.size = inode, size
        self.changes = []  # that no sync covers, oldest first


class Change:
    """Bytes written or cut off, until a sync covers them."""

    def __init__(self, kind, offset, size, old, old_size):
        self.kind, self.offset, self.size, self.old, self.old_size = kind, offset, size, old, old_size
        self.has_ended = self.is_synced = False


class Folder:
    def __init__(self, inode):
        self.inode = inode
        self.now = {}  # name: File or Folder
        self.synced = {}


class Naming:
    """A change of names, until a sync of a folder covers it: [(folder, name, what it names from then on or None)]."""

    def __init__(self, steps, paths):
        self.steps, self.paths = steps, paths
        self.before = [folder.now.get(name) for folder, name, _ in steps]
        self.is_synced = False

    def has_happened(self):
        return all(inode_of(path) == (node and node.inode) for path, (_, _, node) in zip(self.paths, self.steps))


class Disk:
    """A folder on a disk whose power may be cut. It is made here, and is on the disk."""

    def __init__(self, root, graveyard):
        self.root, self.graveyard = root, graveyard
        os.makedirs(root)
        self.top = Folder(inode_of(root))
        self.files = {}  # inode: File, of those that may still be on the disk
        self.folders = {self.top.inode: self.top}
        self.namings = []  # in order
        self.open = {}  # id: what a line with its end is still to be
        os.makedirs(graveyard, exist_ok=True)

    # The journal

    def read(self, path):
        """Takes in what a process has left. What it had begun and not ended stays so."""
        with open(path, "rb") as file:
            data = file.read()
        at = 0
        while at + HEADER.size <= len(data):
            length, kind, identity, inode, offset, size, first, second = HEADER.unpack_from(data, at)
            if at + length > len(data):
                break  # the last words of a killed process
            start = at + HEADER.size
            parts = data[start : start + first], data[start + first : start + first + second]
            getattr(self, LINES[kind])(identity, inode, offset, size, *parts)
            at += length
        self.settle_last_deeds()

    def settle_last_deeds(self):
        """The process has ended: what it was about to do is done or not, and stays so."""
        places = self.places()
        for what in self.open.values():
            if isinstance(what, tuple) and isinstance(what[1], Change):
                file, change = what
                change.has_ended = True
                if file.inode in places:
                    file.size = os.path.getsize(places[file.inode])
        # Changes of names come one at a time, so that the last one alone may be a mere intention.
        if self.namings and self.namings[-1] in self.open.values() and not self.namings[-1].has_happened():
            self.take_back(self.namings[-1])
        self.open = {}
        self.forget_untold(self.top, self.root)
        self.tidy(places)

    def forget_untold(self, folder, path):
        """What was made by a process that was killed before it could say so: as if it had been killed before."""
        for name in os.listdir(path):
            place, node = os.path.join(path, name), folder.now.get(name)
            if isinstance(node, Folder):
                self.forget_untold(node, place)
            elif node is None and os.path.isdir(place):
                os.rmdir(place)
            elif node is None and os.path.getsize(place) == 0 and not is_passed_by(name):
                os.remove(place)

    def tidy(self, places):
        """Lets go of removed files that no cut can bring back."""
        reachable = set()

        def reach(node):
            if isinstance(node, File):
                reachable.add(node.inode)
            elif node is not None and node not in seen:
                seen.add(node)
                for names in (node.now, node.synced):
                    for below in names.values():
                        reach(below)

        seen = set()
        reach(self.top)
        for naming in self.namings:
            for node in naming.before + [step[2] for step in naming.steps]:
                reach(node)
        self.files = {inode: file for inode, file in self.files.items() if inode in reachable}
        for name in os.listdir(self.graveyard):
            if int(name) not in reachable:
                os.remove(os.path.join(self.graveyard, name))

    def place(self, path):
        """The folder that a path is in, and its name there."""
        parts = os.path.relpath(path.decode(), self.root).split("/")
        folder = self.top
        for name in parts[:-1]:
            folder = folder.now[name]
        return folder, parts[-1]

    def create(self, identity, inode, offset, size, path, _):
        file = self.files[inode] = File(inode, 0)
        self.naming(identity, [(*self.place(path), file)], path)

    def mkdir(self, identity, inode, offset, size, path, _):
        folder = self.folders[inode] = Folder(inode)
        self.naming(identity, [(*self.place(path), folder)], path)

    def rename(self, identity, inode, offset, size, old, new):
        (folder, name), (target, new_name) = self.place(old), self.place(new)
        node = folder.now.get(name)
        if node is not None:  # else it fails, and a cancel follows
            self.naming(identity, [(folder, name, None), (target, new_name, node)], old, new)

    def link(self, identity, inode, offset, size, old, new):
        folder, name = self.place(old)
        if name in folder.now:
            self.naming(identity, [(*self.place(new), folder.now[name])], new)

    def unlink(self, identity, inode, offset, size, path, _):
        folder, name = self.place(path)
        if name in folder.now:
            self.naming(identity, [(folder, name, None)], path)

    rmdir = unlink

    def naming(self, identity, steps, *paths):
        naming = Naming(steps, paths)
        for folder, name, node in steps:
            assign(folder.now, name, node)
        self.namings.append(naming)
        self.open[identity] = naming

    def cancel(self, identity, *_):
        if identity in self.open:
            self.take_back(self.open.pop(identity))

    def take_back(self, naming):
        self.namings.remove(naming)
        for (folder, name, _), node in zip(naming.steps, naming.before):
            assign(folder.now, name, node)

    def write(self, identity, inode, offset, size, old, _):
        file = self.files[inode]
        change = Change("write", offset, size, old, file.size)
        file.changes.append(change)
        file.size = max(file.size, offset + size)
        self.open[identity] = file, change

    def truncate(self, identity, inode, offset, size, old, _):
        file = self.files[inode]
        change = Change("truncate", offset, 0, old, file.size)
        file.changes.append(change)
        file.size = offset
        self.open[identity] = file, change

    def sync(self, identity, inode, *_):
        file = self.files[inode]
        self.open[identity] = file, [change for change in file.changes if change.has_ended]

    def directory_sync(self, identity, inode, *_):
        folder = self.folders.get(inode)
        covered = [naming for naming in self.namings if any(step[0] is folder for step in naming.steps)]
        self.open[identity] = None, covered

    def done(self, identity, inode, offset, size, *_):
        file, what = self.open.pop(identity)
        if isinstance(what, Change):
            what.has_ended = True
            if what.kind == "write" and size != what.size:
                raise BeyondModel(f"a write of {what.size} bytes wrote {size}")
        elif file is not None:
            for change in what:
                change.is_synced = True
            file.changes = [change for change in file.changes if not change.is_synced]
        else:
            self.keep(naming for naming in what if not naming.is_synced)
            self.namings = [naming for naming in self.namings if not naming.is_synced]

    def everything_synced(self, *_):
        self.keep(self.namings)
        self.namings = []
        for file in self.files.values():
            file.changes = []

    def beyond_model(self, identity, inode, offset, size, what, _):
        raise BeyondModel(what.decode())

    def process(self, *_):
        pass

    @staticmethod
    def keep(namings):
        for naming in namings:
            naming.is_synced = True
            for folder, name, node in naming.steps:
                assign(folder.synced, name, node)

    # The cut

    def cut(self, random):
        """Takes away what was not synced, or some of it. The server must have ended. Returns what was lost, in numbers."""
        self.check()
        lost = {"bytes": 0, "names": 0, "files": 0}
        manner = random.choice(["all", "some", "some", "some"])
        gone = set()  # names, of which later changes cannot have happened either
        for naming in self.namings:
            steps = {(folder, name) for folder, name, _ in naming.steps}
            if manner == "all" or steps & gone or random.random() < 0.4:
                gone |= steps
                lost["names"] += 1
            else:
                self.keep([naming])
        self.namings, self.open = [], {}

        places = self.places()
        rebuilt = self.root + ".rebuilt"
        kept = set()
        self.rebuild(self.top, rebuilt, places, kept)
        for inode in kept:
            file = self.files[inode]
            if file.changes:
                count = lose(file, places[inode], manner, random)
                lost["bytes"] += count
                lost["files"] += count > 0
        shutil.rmtree(self.root)
        os.rename(rebuilt, self.root)
        shutil.rmtree(self.graveyard)
        os.makedirs(self.graveyard)
        self.files = {inode: self.files[inode] for inode in kept}
        self.folders = {}
        self.settle(self.top, self.root)
        return lost

    def places(self):
        """Where each file can be reached, under whatever name."""
        places = {}
        for top in (self.graveyard, self.root):
            for folder, _, names in os.walk(top):
                for name in names:
                    path = os.path.join(folder, name)
                    places[os.lstat(path).st_ino] = path
        return places

    def rebuild(self, folder, path, places, kept):
        os.mkdir(path)
        for name, node in folder.synced.items():
            if isinstance(node, Folder):
                self.rebuild(node, os.path.join(path, name), places, kept)
                continue
            if node.inode not in places:
                raise BeyondModel(f"{name} should be on the disk, and nothing is left of it")
            os.link(places[node.inode], os.path.join(path, name))
            places[node.inode] = os.path.join(path, name)
            kept.add(node.inode)
        folder.now = dict(folder.synced)

    def settle(self, folder, path):
        """What is there now is what the disk has."""
        self.folders[os.lstat(path).st_ino] = folder
        for name, node in folder.synced.items():
            place = os.path.join(path, name)
            if isinstance(node, Folder):
                self.settle(node, place)
            else:
                node.size, node.changes = os.lstat(place).st_size, []

    # Trust

    def check(self):
        """Every file and every byte on the disk is known, but for what a killed process had no time to tell."""
        problems = []
        self.compare(self.top, self.root, problems)
        if problems:
            raise BeyondModel("; ".join(problems))

    def compare(self, folder, path, problems):
        found = set(os.listdir(path)) if os.path.isdir(path) else set()
        for name in sorted(found | set(folder.now)):
            place, node = os.path.join(path, name), folder.now.get(name)
            if is_passed_by(name):
                continue
            if node is None:
                problems.append(f"{place} is not in the journal")
            elif isinstance(node, Folder):
                self.compare(node, place, problems)
            elif name not in found:
                problems.append(f"{place} is gone")
            elif os.path.getsize(place) != node.size:
                problems.append(f"{place} has {os.path.getsize(place)} bytes, and {node.size} by the journal")


def is_passed_by(name):
    """RocksDB's own log: disk.c does not see what is written to it, and nobody relies on it."""
    return name == "LOG" or name.startswith("LOG.old")


def inode_of(path):
    try:
        return os.lstat(path).st_ino
    except FileNotFoundError:
        return None


def assign(names, name, node):
    if node is None:
        names.pop(name, None)
    else:
        names[name] = node
