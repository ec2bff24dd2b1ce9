// A disk that can be watched, filled and cut off. Loaded into the server by LD_PRELOAD, it stands between the server and the
// system's calls for files, and does four things below one folder:
//
// - It keeps a journal of what was written, synced, made, renamed and removed, from which powercut.py works out what a disk
//   may hold after a power cut. Removed files and overwritten bytes are kept aside, as a cut may bring them back.
// - It refuses bytes with ENOSPC when as many were written as the driver allows.
// - It counts operations by what they are for: a write of the log's WAL, of a table file in a compaction, and so on.
// - It ends the process with SIGKILL at the operation that the driver names: before it, after it, or with part of it done.
//
// The journal is written by the system's calls alone, so that it survives the SIGKILL as files do. The words of a line that
// says what is done come before the deed where the deed can be undone by looking at the folder later, and after it otherwise;
// powercut.py says what it makes of lines whose end is missing.
//
// Files written through FILE * pass by unseen. RocksDB's own log, LOG, is the only one, and nobody relies on it.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#pragma GCC visibility push(default)

// MARK: What the driver shares with it

enum { stores = 5, operations = 12, greatest_descriptor = 65536 };

enum store { catalog_store, tables_store, log_store, loads_store, other_store };

enum operation {
    wal_write, wal_sync, flush_write, compaction_write, table_write, manifest_write, manifest_sync, current_rename,
    link_table, unlink_table, directory_sync, other_operation
};

enum moment { before, within, after };

// control.py has the same layout.
struct control {
    _Atomic int64_t room;             // bytes that may still be written; below 0: any number
    _Atomic int64_t refused;          // how often ENOSPC was the answer
    _Atomic uint64_t trap_operations[stores];  // a bit for each operation that the trap waits for, by store
    _Atomic int64_t trap_countdown;   // 0: no trap. At 1 the next such operation is the last
    _Atomic int32_t trap_moment;
    _Atomic int32_t sprung;           // 1 + store * operations + operation, once the trap has
    _Atomic uint64_t ignored_syncs[stores];  // a bit for each kind of sync that is answered and not done
    _Atomic uint64_t counts[stores * operations];
};

static char root[PATH_MAX];
static size_t root_length;
static char graveyard[PATH_MAX];
static int journal = -1;  // no journal is kept without MASER_DISK_JOURNAL
static struct control *control;
static _Atomic uint64_t last_id;
static pthread_mutex_t names = PTHREAD_MUTEX_INITIALIZER;

struct descriptor {
    bool is_watched, is_directory;
    dev_t device;
    ino_t inode;
    int store, kind;
    int flags;
};
static struct descriptor descriptors[greatest_descriptor];

// What a file is, by its name.
enum file_kind { other_file, wal_file, table_file, manifest_file, current_file };

__attribute__((constructor)) static void begin(void) {
    const char *folder = getenv("MASER_DISK_ROOT"), *shared = getenv("MASER_DISK_CONTROL");
    const char *lines = getenv("MASER_DISK_JOURNAL"), *aside = getenv("MASER_DISK_GRAVEYARD");
    if (folder == NULL || shared == NULL) return;
    int file = (int)syscall(SYS_openat, AT_FDCWD, shared, O_RDWR | O_CLOEXEC, 0);
    void *memory = file < 0 ? MAP_FAILED : mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (memory == MAP_FAILED) _exit(97);
    syscall(SYS_close, file);
    if (lines != NULL) {
        // High up, where nobody takes it for a descriptor of his own.
        int low = (int)syscall(SYS_openat, AT_FDCWD, lines, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        journal = low < 0 ? -1 : (int)syscall(SYS_fcntl, low, F_DUPFD_CLOEXEC, 1000);
        if (journal < 0) _exit(98);
        syscall(SYS_close, low);
        snprintf(graveyard, sizeof graveyard, "%s", aside == NULL ? "" : aside);
        last_id = (uint64_t)getpid() << 32;
    }
    snprintf(root, sizeof root, "%s", folder);
    root_length = strlen(root);
    control = memory;
    unsetenv("LD_PRELOAD");
}

// MARK: Names

static bool ends_with(const char *name, const char *ending) {
    size_t length = strlen(name), wanted = strlen(ending);
    return length >= wanted && strcmp(name + length - wanted, ending) == 0;
}

// The path below the root that a call means, without doubled and trailing slashes; false where it is elsewhere.
static bool below_root(int folder, const char *path, char *clean) {
    if (control == NULL || path == NULL) return false;
    char whole[2 * PATH_MAX];
    if (path[0] == '/') {
        snprintf(whole, sizeof whole, "%s", path);
    } else if (folder == AT_FDCWD) {
        char current[PATH_MAX];
        if (syscall(SYS_getcwd, current, sizeof current) <= 0) return false;
        snprintf(whole, sizeof whole, "%s/%s", current, path);
    } else {
        char link[64], target[PATH_MAX];
        snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
        ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, target, sizeof target - 1);
        if (length <= 0) return false;
        target[length] = 0;
        snprintf(whole, sizeof whole, "%s/%s", target, path);
    }
    size_t length = 0;
    for (const char *at = whole; *at != 0 && length < PATH_MAX - 1; at++) {
        if (*at == '/' && at[1] == '/') continue;
        clean[length++] = *at;
    }
    while (length > 1 && clean[length - 1] == '/') length--;
    clean[length] = 0;
    if (strncmp(clean, root, root_length) != 0 || (clean[root_length] != '/' && clean[root_length] != 0)) return false;
    const char *name = strrchr(clean, '/') + 1;
    return strcmp(name, "LOG") != 0 && strncmp(name, "LOG.old", 7) != 0;
}

static int store_of(const char *clean) {
    static const char *const folders[] = {"/catalog", "/tables", "/log", "/loads"};
    const char *rest = clean + root_length;
    for (int store = 0; store < 4; store++) {
        size_t length = strlen(folders[store]);
        if (strncmp(rest, folders[store], length) == 0 && (rest[length] == '/' || rest[length] == 0)) return store;
    }
    return other_store;
}

static int kind_of(const char *clean) {
    const char *name = strrchr(clean, '/') + 1;
    if (ends_with(name, ".log")) return wal_file;
    if (ends_with(name, ".sst")) return table_file;
    if (strncmp(name, "MANIFEST-", 9) == 0) return manifest_file;
    if (strcmp(name, "CURRENT") == 0) return current_file;
    return other_file;
}

// Closing goes by unseen where it is fclose or closedir that does it, and the number may be another file's now.
static struct descriptor *watched(int file) {
    if (control == NULL || file < 0 || file >= greatest_descriptor || !descriptors[file].is_watched) return NULL;
    struct descriptor *descriptor = &descriptors[file];
    struct stat found;
    if (fstat(file, &found) == 0 && found.st_ino == descriptor->inode && found.st_dev == descriptor->device) {
        return descriptor;
    }
    descriptor->is_watched = false;
    return NULL;
}

static void watch(int file, const char *clean, int flags) {
    if (file < 0 || file >= greatest_descriptor) return;
    struct stat found;
    if (fstat(file, &found) != 0) return;
    descriptors[file] = (struct descriptor){
        .is_watched = S_ISREG(found.st_mode) || S_ISDIR(found.st_mode), .is_directory = S_ISDIR(found.st_mode),
        .device = found.st_dev, .inode = found.st_ino, .store = store_of(clean), .kind = kind_of(clean), .flags = flags};
}

// MARK: The journal

enum line {
    process_line = 1, create_line, mkdir_line, rename_line, unlink_line, rmdir_line, link_line, cancel_line,
    write_line = 16, truncate_line, done_line, sync_line, directory_sync_line, everything_synced_line, beyond_model_line
};

struct __attribute__((packed)) header {
    uint32_t length;  // of the whole line
    uint32_t kind;
    uint64_t id;      // what a line of the kind done or cancel belongs to
    uint64_t file;    // its inode
    int64_t offset, size;
    uint32_t first_bytes, second_bytes;  // paths, or the bytes that were there before
};

static void put(uint32_t kind, uint64_t id, uint64_t file, int64_t offset, int64_t size, const void *first,
                size_t first_bytes, const void *second, size_t second_bytes) {
    if (journal < 0) return;
    struct header header = {(uint32_t)(sizeof header + first_bytes + second_bytes), kind, id, file, offset, size,
                            (uint32_t)first_bytes, (uint32_t)second_bytes};
    struct iovec parts[3] = {{&header, sizeof header}, {(void *)first, first_bytes}, {(void *)second, second_bytes}};
    // One call, so that lines of several threads do not mingle.
    if (syscall(SYS_writev, journal, parts, 3) != (long)header.length) _exit(99);
}

static uint64_t next_id(void) { return ++last_id; }

static void beyond_model(const char *what) {
    put(beyond_model_line, next_id(), 0, 0, 0, what, strlen(what), NULL, 0);
}

static int64_t size_of(int file, uint64_t *inode) {
    struct stat found;
    if (fstat(file, &found) != 0) return 0;
    *inode = found.st_ino;
    return found.st_size;
}

// Says that bytes will be written, or cut off, and keeps what was there.
static uint64_t put_change(uint32_t kind, int file, int64_t offset, int64_t size) {
    if (journal < 0) return 0;
    uint64_t inode = 0, id = next_id();
    int64_t end = size_of(file, &inode);
    int64_t lost = kind == truncate_line ? end - offset : (offset + size < end ? size : end - offset);
    char *old = lost > 0 ? malloc((size_t)lost) : NULL;
    int64_t kept = 0;
    if (old != NULL) {
        // The descriptor may be for writing only.
        char path[64];
        snprintf(path, sizeof path, "/proc/self/fd/%d", file);
        int readable = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
        while (readable >= 0 && kept < lost) {
            long count = syscall(SYS_pread64, readable, old + kept, lost - kept, offset + kept);
            if (count <= 0) break;
            kept += count;
        }
        if (readable >= 0) syscall(SYS_close, readable);
    }
    put(kind, id, inode, offset, size, old, (size_t)kept, NULL, 0);
    free(old);
    return id;
}

static void put_done(uint64_t id, int64_t size) { put(done_line, id, 0, 0, size, NULL, 0, NULL, 0); }

// MARK: The trap and the room

static bool is_trap(int store, int operation, int moment) {
    if (moment == before) atomic_fetch_add(&control->counts[store * operations + operation], 1);
    if (control->trap_countdown <= 0 || !(control->trap_operations[store] >> operation & 1)) return false;
    if (control->trap_moment != moment) return false;
    return atomic_fetch_sub(&control->trap_countdown, 1) == 1;
}

static void spring(int store, int operation) {
    control->sprung = 1 + store * operations + operation;
    syscall(SYS_kill, syscall(SYS_getpid), SIGKILL);
    for (;;) pause();
}

static void pass(int store, int operation, int moment) {
    if (is_trap(store, operation, moment)) spring(store, operation);
}

static int operation_of_write(const struct descriptor *descriptor) {
    switch (descriptor->kind) {
        case wal_file: return wal_write;
        case manifest_file: return manifest_write;
        case table_file: {
            // RocksDB names the threads of its two pools so: flushes have the one, compactions the other.
            char name[17] = "";
            prctl(PR_GET_NAME, name);
            if (strncmp(name, "rocksdb:high", 12) == 0) return flush_write;
            if (strncmp(name, "rocksdb:low", 11) == 0) return compaction_write;
            return table_write;
        }
        default: return other_operation;
    }
}

// How many of the bytes there is room for.
static int64_t take_room(int64_t wanted) {
    int64_t room = control->room;
    while (room >= 0) {
        int64_t taken = wanted < room ? wanted : room;
        if (atomic_compare_exchange_weak(&control->room, &room, room - taken)) return taken;
    }
    return wanted;
}

static long no_room(void) {
    atomic_fetch_add(&control->refused, 1);
    errno = ENOSPC;
    return -1;
}

// MARK: Bytes

static ssize_t write_at(int file, const void *bytes, size_t count, int64_t offset, bool is_positioned) {
    struct descriptor *descriptor = watched(file);
    int operation = operation_of_write(descriptor);
    pass(descriptor->store, operation, before);
    int64_t allowed = take_room((int64_t)count);
    if (allowed == 0 && count > 0) return no_room();
    bool is_torn = is_trap(descriptor->store, operation, within);
    if (is_torn) allowed = allowed / 2;
    if (!is_positioned) {
        uint64_t inode = 0;
        offset = descriptor->flags & O_APPEND ? size_of(file, &inode) : syscall(SYS_lseek, file, 0, SEEK_CUR);
    }
    uint64_t id = put_change(write_line, file, offset, allowed);
    long written = is_positioned ? syscall(SYS_pwrite64, file, bytes, allowed, offset)
                                 : syscall(SYS_write, file, bytes, allowed);
    if (is_torn) spring(descriptor->store, operation);
    put_done(id, written);
    pass(descriptor->store, operation, after);
    return written;
}

ssize_t write(int file, const void *bytes, size_t count) {
    if (watched(file) == NULL) return syscall(SYS_write, file, bytes, count);
    return write_at(file, bytes, count, 0, false);
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) {
    if (watched(file) == NULL) return syscall(SYS_pwrite64, file, bytes, count, offset);
    return write_at(file, bytes, count, offset, true);
}
ssize_t pwrite64(int file, const void *bytes, size_t count, off_t offset) { return pwrite(file, bytes, count, offset); }

// Piece by piece: a caller has to expect that fewer bytes are written.
ssize_t writev(int file, const struct iovec *parts, int count) {
    if (watched(file) == NULL) return syscall(SYS_writev, file, parts, count);
    for (int i = 0; i < count; i++) {
        if (parts[i].iov_len > 0) return write(file, parts[i].iov_base, parts[i].iov_len);
    }
    return 0;
}

ssize_t pwritev(int file, const struct iovec *parts, int count, off_t offset) {
    if (watched(file) == NULL) return syscall(SYS_pwritev, file, parts, count, offset, 0);
    for (int i = 0; i < count; i++) {
        if (parts[i].iov_len > 0) return pwrite(file, parts[i].iov_base, parts[i].iov_len, offset);
    }
    return 0;
}
ssize_t pwritev64(int file, const struct iovec *parts, int count, off_t offset) {
    return pwritev(file, parts, count, offset);
}

// Callers go on with read and write where a file system cannot do these.
ssize_t sendfile(int out, int in, off_t *offset, size_t count) {
    if (watched(out) == NULL) return syscall(SYS_sendfile, out, in, offset, count);
    errno = EINVAL;
    return -1;
}
ssize_t sendfile64(int out, int in, off_t *offset, size_t count) { return sendfile(out, in, offset, count); }

ssize_t copy_file_range(int in, off_t *from, int out, off_t *to, size_t count, unsigned flags) {
    if (watched(out) == NULL) return syscall(SYS_copy_file_range, in, from, out, to, count, flags);
    errno = EXDEV;
    return -1;
}

int ftruncate(int file, off_t size) {
    if (watched(file) == NULL) return (int)syscall(SYS_ftruncate, file, size);
    uint64_t id = put_change(truncate_line, file, size, 0);
    int result = (int)syscall(SYS_ftruncate, file, size);
    put_done(id, result);
    return result;
}
int ftruncate64(int file, off_t size) { return ftruncate(file, size); }

int truncate(const char *path, off_t size) {
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0) return -1;
    int result = ftruncate(file, size);
    close(file);
    return result;
}
int truncate64(const char *path, off_t size) { return truncate(path, size); }

int fallocate(int file, int mode, off_t offset, off_t size) {
    if (watched(file) == NULL) return (int)syscall(SYS_fallocate, file, mode, offset, size);
    int64_t room = control->room;
    if (room >= 0 && size > room) return (int)no_room();
    // Only what keeps the size changes nothing that could be lost; RocksDB uses no other.
    if (!(mode & FALLOC_FL_KEEP_SIZE) || mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE)) {
        beyond_model("fallocate that changes the size");
    }
    return (int)syscall(SYS_fallocate, file, mode, offset, size);
}
int fallocate64(int file, int mode, off_t offset, off_t size) { return fallocate(file, mode, offset, size); }

int posix_fallocate(int file, off_t offset, off_t size) {
    if (watched(file) != NULL) beyond_model("posix_fallocate");
    return syscall(SYS_fallocate, file, 0, offset, size) == 0 ? 0 : errno;
}
int posix_fallocate64(int file, off_t offset, off_t size) { return posix_fallocate(file, offset, size); }

void *mmap(void *address, size_t size, int protection, int flags, int file, off_t offset) {
    if (watched(file) != NULL && protection & PROT_WRITE && flags & MAP_SHARED) beyond_model("mmap for writing");
    return (void *)syscall(SYS_mmap, address, size, protection, flags, file, offset);
}
void *mmap64(void *address, size_t size, int protection, int flags, int file, off_t offset) {
    return mmap(address, size, protection, flags, file, offset);
}

// A full disk says that it is.
int statvfs(const char *path, struct statvfs *found) {
    int (*system)(const char *, struct statvfs *) = (int (*)(const char *, struct statvfs *))dlsym(RTLD_NEXT, "statvfs");
    char clean[PATH_MAX];
    int result = system(path, found);
    if (result == 0 && below_root(AT_FDCWD, path, clean) && control->room >= 0) {
        found->f_bfree = found->f_bavail = (fsblkcnt_t)(control->room / (int64_t)found->f_frsize);
    }
    return result;
}
int statvfs64(const char *path, struct statvfs64 *found) { return statvfs(path, (struct statvfs *)found); }

// MARK: Syncs

static int synced(int file, long number) {
    struct descriptor *descriptor = watched(file);
    if (descriptor == NULL) return (int)syscall(number, file);
    int operation = descriptor->is_directory            ? directory_sync
                    : descriptor->kind == wal_file      ? wal_sync
                    : descriptor->kind == manifest_file ? manifest_sync
                                                        : other_operation;
    pass(descriptor->store, operation, before);
    uint64_t inode = 0, id = next_id();
    size_of(file, &inode);
    if (control->ignored_syncs[descriptor->store] >> operation & 1) return 0;
    // A change that is told is done when the lock is free.
    if (descriptor->is_directory) pthread_mutex_lock(&names);
    put(descriptor->is_directory ? directory_sync_line : sync_line, id, inode, 0, 0, NULL, 0, NULL, 0);
    if (descriptor->is_directory) pthread_mutex_unlock(&names);
    pass(descriptor->store, operation, within);
    // With a journal it alone decides what is synced: the machine itself stays up, and need not wait for its disk.
    int result = journal < 0 ? (int)syscall(number, file) : 0;
    if (result == 0) put_done(id, 0);
    pass(descriptor->store, operation, after);
    return result;
}

int fsync(int file) { return synced(file, SYS_fsync); }
int fdatasync(int file) { return synced(file, SYS_fdatasync); }

// It promises nothing about a power cut: no line.
int sync_file_range(int file, off_t offset, off_t size, unsigned flags) {
    if (watched(file) != NULL) return 0;
    return (int)syscall(SYS_sync_file_range, file, offset, size, flags);
}

void sync(void) { put(everything_synced_line, next_id(), 0, 0, 0, NULL, 0, NULL, 0); }
int syncfs(int file) {
    (void)file;
    sync();
    return 0;
}

// MARK: Files come and go

static int open_file(int folder, const char *path, int flags, mode_t mode) {
    char clean[PATH_MAX];
    if (!below_root(folder, path, clean)) return (int)syscall(SYS_openat, folder, path, flags, mode);
    int file = -1;
    if (flags & O_CREAT) {
        pthread_mutex_lock(&names);
        file = (int)syscall(SYS_openat, folder, path, flags | O_EXCL, mode);
        if (file >= 0) {
            uint64_t inode = 0;
            size_of(file, &inode);
            put(create_line, next_id(), inode, 0, 0, clean, strlen(clean), NULL, 0);
        }
        int reason = errno;
        pthread_mutex_unlock(&names);
        errno = reason;
        if (file < 0 && (errno != EEXIST || flags & O_EXCL)) return -1;
    }
    if (file < 0) {
        file = (int)syscall(SYS_openat, folder, path, flags & ~(O_TRUNC | O_CREAT), mode);
        if (file < 0) return -1;
        watch(file, clean, flags);
        if (flags & O_TRUNC && ftruncate(file, 0) != 0) {
            int reason = errno;
            close(file);
            errno = reason;
            return -1;
        }
        return file;
    }
    watch(file, clean, flags);
    return file;
}

static mode_t mode_of(int flags, va_list arguments) {
    return flags & (O_CREAT | __O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
}

#define OPEN(NAME, PARAMETERS, LAST, FOLDER, PATH, FLAGS) \
    int NAME PARAMETERS {                                  \
        va_list arguments;                                 \
        va_start(arguments, LAST);                         \
        mode_t mode = mode_of(FLAGS, arguments);           \
        va_end(arguments);                                 \
        return open_file(FOLDER, PATH, FLAGS, mode);       \
    }
OPEN(open, (const char *path, int flags, ...), flags, AT_FDCWD, path, flags)
OPEN(open64, (const char *path, int flags, ...), flags, AT_FDCWD, path, flags)
OPEN(openat, (int folder, const char *path, int flags, ...), flags, folder, path, flags)
OPEN(openat64, (int folder, const char *path, int flags, ...), flags, folder, path, flags)

// What a fortified build calls where no mode is given.
int __open_2(const char *path, int flags) { return open_file(AT_FDCWD, path, flags, 0); }
int __open64_2(const char *path, int flags) { return open_file(AT_FDCWD, path, flags, 0); }
int __openat_2(int folder, const char *path, int flags) { return open_file(folder, path, flags, 0); }
int __openat64_2(int folder, const char *path, int flags) { return open_file(folder, path, flags, 0); }

int creat(const char *path, mode_t mode) { return open_file(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, mode); }
int creat64(const char *path, mode_t mode) { return creat(path, mode); }

int close(int file) {
    if (control != NULL && file == journal) return 0;
    struct descriptor *descriptor = watched(file);
    if (descriptor != NULL) descriptor->is_watched = false;
    return (int)syscall(SYS_close, file);
}

static int copied(int file, int copy) {
    if (copy >= 0 && copy < greatest_descriptor && file >= 0 && file < greatest_descriptor && copy != file) {
        descriptors[copy] = descriptors[file];
    }
    return copy;
}
int dup(int file) { return copied(file, (int)syscall(SYS_dup, file)); }
int dup3(int file, int wanted, int flags) { return copied(file, (int)syscall(SYS_dup3, file, wanted, flags)); }
int dup2(int file, int wanted) {
    if (file == wanted) return syscall(SYS_fcntl, file, F_GETFD) < 0 ? -1 : file;
    return dup3(file, wanted, 0);
}

// Keeps the file that a name means, as long as a cut may bring it back.
static uint64_t keep(int folder, const char *path) {
    struct stat found;
    if (fstatat(folder, path, &found, AT_SYMLINK_NOFOLLOW) != 0) return 0;
    if (journal < 0 || !S_ISREG(found.st_mode)) return found.st_ino;
    char place[PATH_MAX + 32];
    snprintf(place, sizeof place, "%s/%llu", graveyard, (unsigned long long)found.st_ino);
    // It may be there already, under another of its names.
    syscall(SYS_linkat, folder, path, AT_FDCWD, place, 0);
    return found.st_ino;
}

// One change of a folder: told first, taken back where it failed.
static int change(uint32_t kind, uint64_t inode, const char *first, const char *second, long number, long a, long b,
                  long c, long d, long e) {
    uint64_t id = next_id();
    put(kind, id, inode, 0, 0, first, strlen(first), second, second == NULL ? 0 : strlen(second));
    int result = (int)syscall(number, a, b, c, d, e);
    int reason = errno;
    if (result != 0) put(cancel_line, id, 0, 0, 0, NULL, 0, NULL, 0);
    errno = reason;
    return result;
}

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags) {
    char old[PATH_MAX], new[PATH_MAX];
    bool is_from = below_root(from_folder, from, old), is_to = below_root(to_folder, to, new);
    if (!is_from || !is_to) {
        if (is_from || is_to) beyond_model("rename across the edge of the folder");
        return (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
    }
    if (flags != 0) beyond_model("renameat2 with flags");
    int store = store_of(new), operation = kind_of(new) == current_file ? current_rename : other_operation;
    pass(store, operation, before);
    pthread_mutex_lock(&names);
    keep(to_folder, to);
    struct stat found = {0};
    if (fstatat(from_folder, from, &found, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(found.st_mode)) {
        beyond_model("rename of a folder");
    }
    int result = change(rename_line, found.st_ino, old, new, SYS_renameat2, from_folder, (long)from, to_folder, (long)to, 0);
    pthread_mutex_unlock(&names);
    pass(store, operation, after);
    return result;
}
int renameat(int from_folder, const char *from, int to_folder, const char *to) {
    return renameat2(from_folder, from, to_folder, to, 0);
}
int rename(const char *from, const char *to) { return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0); }

int unlinkat(int folder, const char *path, int flags) {
    char clean[PATH_MAX];
    if (!below_root(folder, path, clean)) return (int)syscall(SYS_unlinkat, folder, path, flags);
    int store = store_of(clean), operation = kind_of(clean) == table_file ? unlink_table : other_operation;
    if (!(flags & AT_REMOVEDIR)) pass(store, operation, before);
    pthread_mutex_lock(&names);
    uint64_t inode = keep(folder, path);
    int result = change(flags & AT_REMOVEDIR ? rmdir_line : unlink_line, inode, clean, NULL, SYS_unlinkat, folder,
                        (long)path, flags, 0, 0);
    pthread_mutex_unlock(&names);
    if (!(flags & AT_REMOVEDIR)) pass(store, operation, after);
    return result;
}
int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }
int remove(const char *path) {
    int result = unlink(path);
    return result != 0 && (errno == EISDIR || errno == EPERM) ? rmdir(path) : result;
}

int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags) {
    char old[PATH_MAX], new[PATH_MAX];
    bool is_from = below_root(from_folder, from, old), is_to = below_root(to_folder, to, new);
    if (!is_from || !is_to) {
        if (is_from || is_to) beyond_model("link across the edge of the folder");
        return (int)syscall(SYS_linkat, from_folder, from, to_folder, to, flags);
    }
    int store = store_of(new), operation = kind_of(new) == table_file ? link_table : other_operation;
    pass(store, operation, before);
    pthread_mutex_lock(&names);
    struct stat found = {0};
    fstatat(from_folder, from, &found, AT_SYMLINK_NOFOLLOW);
    int result = change(link_line, found.st_ino, old, new, SYS_linkat, from_folder, (long)from, to_folder, (long)to, flags);
    pthread_mutex_unlock(&names);
    pass(store, operation, after);
    return result;
}
int link(const char *from, const char *to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }

int symlinkat(const char *target, int folder, const char *path) {
    char clean[PATH_MAX];
    if (below_root(folder, path, clean)) beyond_model("symlink");
    return (int)syscall(SYS_symlinkat, target, folder, path);
}
int symlink(const char *target, const char *path) { return symlinkat(target, AT_FDCWD, path); }

int mkdirat(int folder, const char *path, mode_t mode) {
    char clean[PATH_MAX];
    if (!below_root(folder, path, clean)) return (int)syscall(SYS_mkdirat, folder, path, mode);
    if (control->room == 0) return (int)no_room();
    pthread_mutex_lock(&names);
    int result = (int)syscall(SYS_mkdirat, folder, path, mode);
    int reason = errno;
    struct stat found = {0};
    if (result == 0 && fstatat(folder, path, &found, AT_SYMLINK_NOFOLLOW) == 0) {
        put(mkdir_line, next_id(), found.st_ino, 0, 0, clean, strlen(clean), NULL, 0);
    }
    pthread_mutex_unlock(&names);
    errno = reason;
    return result;
}
int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }
