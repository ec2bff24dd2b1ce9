#include <cstdlib>
#include <cstring>

#include "info_log.h"
#include "log_guard.h"
#include "structures.h"

namespace {

maser_rocks_code code(const rocksdb::Status &status) {
    switch (status.code()) {
        case rocksdb::Status::kCorruption: return MASER_ROCKS_CORRUPTION;
        case rocksdb::Status::kIOError:
            return status.IsNoSpace() || status.subcode() == rocksdb::Status::kSpaceLimit ? MASER_ROCKS_NO_SPACE
                                                                                           : MASER_ROCKS_IO_ERROR;
        case rocksdb::Status::kNotSupported:
        case rocksdb::Status::kInvalidArgument: return MASER_ROCKS_INVALID_ARGUMENT;
        case rocksdb::Status::kIncomplete:
        case rocksdb::Status::kTimedOut:
        case rocksdb::Status::kBusy:
        case rocksdb::Status::kTryAgain: return MASER_ROCKS_BUSY;
        case rocksdb::Status::kColumnFamilyDropped: return MASER_ROCKS_FAMILY_DROPPED;
        default: return MASER_ROCKS_OTHER;
    }
}

/// RocksDB has no code for it: its own lock within a process and the file's lock between processes are both I/O errors.
bool is_lock_held(const rocksdb::Status &status) {
    std::string message = status.ToString();
    return status.IsIOError() && (message.find("lock hold by current process") != std::string::npos ||
                                  message.find("While lock file") != std::string::npos);
}

char *copy(const std::string &text) { return strdup(text.c_str()); }

maser_rocks_family *hold(maser_rocks_database *database, rocksdb::ColumnFamilyHandle *handle) {
    auto family = new maser_rocks_family{handle};
    std::lock_guard<std::mutex> lock(database->families_mutex);
    database->families.insert(family);
    return family;
}

}  // namespace

maser_rocks_status maser::report(const rocksdb::Status &status) {
    if (status.ok()) return {MASER_ROCKS_OK, nullptr};
    return {code(status), copy(status.ToString())};
}

void maser_rocks_free(void *memory) { free(memory); }

maser_rocks_status maser_rocks_list_families(const char *path, char ***names, size_t *count) {
    *names = nullptr;
    *count = 0;
    rocksdb::Status exists = rocksdb::Env::Default()->FileExists(std::string(path) + "/CURRENT");
    if (exists.IsNotFound()) return maser::report(rocksdb::Status::OK());
    if (!exists.ok()) return maser::report(exists);
    std::vector<std::string> found;
    rocksdb::Status status = rocksdb::DB::ListColumnFamilies(rocksdb::DBOptions(), path, &found);
    if (!status.ok()) return maser::report(status);
    *names = static_cast<char **>(malloc(found.size() * sizeof(char *)));
    for (const std::string &name : found) (*names)[(*count)++] = copy(name);
    return maser::report(status);
}

maser_rocks_status maser_rocks_open(const char *path, const maser_rocks_database_options *options,
                                    const maser_rocks_memory *memory, const char *const *names,
                                    const maser_rocks_family_options *family_options, size_t count,
                                    maser_rocks_database **database, maser_rocks_family **families) {
    maser::stop_counting();
    auto guard = std::make_shared<LogGuard>();
    rocksdb::DBOptions native = maser::database_options(*options, *memory);
    native.listeners.push_back(guard);
    if (options->create_if_missing) rocksdb::Env::Default()->CreateDirIfMissing(path).PermitUncheckedError();
    native.info_log = std::make_shared<InfoLog>(path, options->max_info_log_bytes);
    std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
    for (size_t i = 0; i < count; i++) {
        descriptors.emplace_back(names[i], maser::family_options(family_options[i], memory->cache));
    }
    std::vector<rocksdb::ColumnFamilyHandle *> handles;
    rocksdb::DB *db = nullptr;
    rocksdb::Status status = rocksdb::DB::Open(native, path, descriptors, &handles, &db);
    if (is_lock_held(status)) return {MASER_ROCKS_LOCK_HELD, copy(status.ToString())};
    if (!status.ok()) return maser::report(status);
    guard->db = db;
    auto opened = new maser_rocks_database;
    opened->db = db;
    opened->guard = guard;
    opened->cache = memory->cache;
    for (size_t i = 0; i < count; i++) families[i] = hold(opened, handles[i]);
    *database = opened;
    return maser::report(status);
}

maser_rocks_status maser_rocks_close(maser_rocks_database *database) {
    if (database->db == nullptr) return maser::report(rocksdb::Status::OK());
    rocksdb::Status synced = database->guard->Sync();
    {
        std::lock_guard<std::mutex> lock(database->families_mutex);
        for (maser_rocks_family *family : database->families) {
            database->db->DestroyColumnFamilyHandle(family->handle).PermitUncheckedError();
            family->handle = nullptr;
        }
        database->families.clear();
    }
    database->guard->db = nullptr;
    rocksdb::Status closed = database->db->Close();
    delete database->db;
    database->db = nullptr;
    return maser::report(synced.ok() ? closed : synced);
}

void maser_rocks_database_destroy(maser_rocks_database *database) {
    free(maser_rocks_close(database).message);
    delete database;
}

maser_rocks_status maser_rocks_create_family(maser_rocks_database *database, const char *name,
                                             const maser_rocks_family_options *options, maser_rocks_family **family) {
    rocksdb::ColumnFamilyHandle *handle = nullptr;
    rocksdb::Status status =
        database->db->CreateColumnFamily(maser::family_options(*options, database->cache), name, &handle);
    if (status.ok()) *family = hold(database, handle);
    return maser::report(status);
}

maser_rocks_status maser_rocks_drop_family(maser_rocks_database *database, maser_rocks_family *family) {
    return maser::report(database->db->DropColumnFamily(family->handle));
}

void maser_rocks_family_destroy(maser_rocks_database *database, maser_rocks_family *family) {
    {
        std::lock_guard<std::mutex> lock(database->families_mutex);
        // The database may have been closed in between, and have ended the handle.
        if (database->families.erase(family) == 1) {
            database->db->DestroyColumnFamilyHandle(family->handle).PermitUncheckedError();
        }
    }
    delete family;
}

maser_rocks_status maser_rocks_flush(maser_rocks_database *database, const maser_rocks_family *family) {
    return maser::report(database->db->Flush(rocksdb::FlushOptions(), family->handle));
}

maser_rocks_status maser_rocks_compact(maser_rocks_database *database, const maser_rocks_family *family) {
    rocksdb::CompactRangeOptions options;
    options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
    return maser::report(database->db->CompactRange(options, family->handle, nullptr, nullptr));
}

maser_rocks_status maser_rocks_sync_wal(maser_rocks_database *database) {
    return maser::report(database->guard->Sync());
}

maser_rocks_status maser_rocks_resume(maser_rocks_database *database) {
    rocksdb::Status status = database->db->Resume();
    if (status.ok()) database->guard->is_broken = false;
    return maser::report(status);
}

maser_rocks_status maser_rocks_ingest(maser_rocks_database *database, const maser_rocks_family *family,
                                      const char *const *files, size_t count, bool move_files) {
    rocksdb::IngestExternalFileOptions options;
    options.move_files = move_files;
    options.failed_move_fall_back_to_copy = true;
    return maser::report(
        database->db->IngestExternalFile(family->handle, std::vector<std::string>(files, files + count), options));
}

char *maser_rocks_property(maser_rocks_database *database, const maser_rocks_family *family, const char *name) {
    std::string value;
    return database->db->GetProperty(family->handle, name, &value) ? copy(value) : nullptr;
}

bool maser_rocks_integer_property(maser_rocks_database *database, const maser_rocks_family *family, const char *name,
                                  uint64_t *value) {
    return database->db->GetIntProperty(family->handle, name, value);
}
