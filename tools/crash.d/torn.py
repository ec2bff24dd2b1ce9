"""What a power cut leaves of bytes that no sync covers: none, all, a beginning, or single pages."""

PAGE = 4096


def lose(file, path, manner, random):
    """Makes of a file's content what a cut may leave; returns how many bytes it took or changed."""
    with open(path, "rb") as source:
        content = bytearray(source.read())
    whole = bytes(content)
    ways = ["none", "all", "beginning", "beginning"]
    if all(change.kind == "write" for change in file.changes):
        ways += ["pages", "pages"]
    way = "none" if manner == "all" else random.choice(ways)
    if way == "none":
        for change in reversed(file.changes):
            undo(content, change, 0)
    elif way == "beginning":
        count = random.randrange(len(file.changes) + 1)
        for change in reversed(file.changes[count:]):
            undo(content, change, 0)
        if count > 0 and file.changes[count - 1].kind == "write":
            change = file.changes[count - 1]
            undo(content, change, random.randrange(change.size + 1))
    elif way == "pages":
        lose_pages(content, file.changes, random)
    if bytes(content) == whole:
        return 0
    with open(path, "r+b") as target:
        target.write(content)
        target.truncate(len(content))
    same = sum(1 for old, new in zip(whole, content) if old == new) if len(whole) < 1 << 20 else 0
    return max(len(whole), len(content)) - same


def undo(content, change, kept_bytes):
    """Takes a change back, but for its first bytes."""
    if change.kind == "truncate":
        content[change.offset :] = change.old
        return
    start = change.offset + kept_bytes
    content[start : change.offset + len(change.old)] = change.old[kept_bytes:]
    end = max(change.old_size, start)
    if len(content) > end:
        del content[end:]


def lose_pages(content, changes, random):
    """Takes single pages back: to what they were, or to zeros beyond the former end."""
    share = random.choice([0.1, 0.5, 0.9])
    old_size = min(change.old_size for change in changes)
    before = bytearray(content)
    for change in reversed(changes):
        undo(before, change, 0)
    pages = {
        page
        for change in changes
        for page in range(change.offset // PAGE, (change.offset + max(change.size, 1) - 1) // PAGE + 1)
    }
    last = old_size
    for page in sorted(pages):
        start, end = page * PAGE, min((page + 1) * PAGE, len(content))
        if random.random() < share:
            was = bytes(before[start:end])
            content[start:end] = was + bytes(max(end - start, 0) - len(was))
        else:
            last = max(last, end)
    if random.random() < 0.5:
        del content[last:]  # else the new end is known, and its bytes are not
