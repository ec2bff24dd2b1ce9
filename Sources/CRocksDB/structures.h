// What the opaque structures of CRocksDB.h are, and the few conversions that every part of the shim needs.
#pragma once

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/perf_level.h>
#include <rocksdb/sst_file_writer.h>
#include <rocksdb/write_batch.h>
#include <rocksdb/write_buffer_manager.h>

#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "CRocksDB.h"

struct maser_rocks_memory {
    std::shared_ptr<rocksdb::Cache> cache;
    std::shared_ptr<rocksdb::WriteBufferManager> memtables;
};

struct maser_rocks_family {
    // nullptr once the database is closed.
    rocksdb::ColumnFamilyHandle *handle;
};

class LogGuard;

struct maser_rocks_database {
    // nullptr once it is closed.
    rocksdb::DB *db;
    std::shared_ptr<LogGuard> guard;
    std::shared_ptr<rocksdb::Cache> cache;
    // Handles must end before the database does, so it knows those that are still held.
    std::mutex families_mutex;
    std::set<maser_rocks_family *> families;
};

struct maser_rocks_batch {
    rocksdb::WriteBatch batch;
    rocksdb::Status first_error;
};

struct maser_rocks_value {
    rocksdb::PinnableSlice bytes;
};

/// By ascending keys, but for `slices`. The vectors only grow.
struct maser_rocks_reader {
    struct place {
        /// The first bytes of the key; of two keys the one with the greater number is the greater.
        uint64_t prefix;
        size_t index;
    };
    std::vector<place> order;
    std::vector<rocksdb::Slice> keys;
    std::vector<rocksdb::PinnableSlice> pinned;
    std::vector<rocksdb::Status> statuses;
    /// In the order of the caller.
    std::vector<maser_rocks_slice> slices;
    size_t used = 0;
};

struct maser_rocks_snapshot {
    const rocksdb::Snapshot *snapshot;
};

struct maser_rocks_iterator {
    // RocksDB keeps pointers to the bounds.
    std::string lower_bytes, upper_bytes;
    rocksdb::Slice lower, upper;
    std::unique_ptr<rocksdb::Iterator> iterator;
};

struct maser_rocks_sst_writer {
    std::unique_ptr<rocksdb::SstFileWriter> writer;
};

namespace maser {

maser_rocks_status report(const rocksdb::Status &status);

inline rocksdb::Slice slice(maser_rocks_slice bytes) {
    return rocksdb::Slice(bytes.data == nullptr ? "" : static_cast<const char *>(bytes.data), bytes.size);
}

inline maser_rocks_slice slice(const rocksdb::Slice &bytes) {
    return {bytes.data() == nullptr ? "" : bytes.data(), bytes.size()};
}

/// RocksDB counts every comparison of keys for the calling thread, which costs a quarter of an insertion, and nobody reads
/// it. A thread is told once or many times.
inline void stop_counting() { rocksdb::SetPerfLevel(rocksdb::PerfLevel::kDisable); }

inline rocksdb::ReadOptions read_options(const maser_rocks_snapshot *snapshot) {
    rocksdb::ReadOptions options;
    if (snapshot != nullptr) options.snapshot = snapshot->snapshot;
    return options;
}

rocksdb::DBOptions database_options(const maser_rocks_database_options &options, const maser_rocks_memory &memory);

/// Takes the merge operator's context over.
rocksdb::ColumnFamilyOptions family_options(const maser_rocks_family_options &options,
                                            const std::shared_ptr<rocksdb::Cache> &cache);

std::shared_ptr<rocksdb::MergeOperator> merge_operator(const maser_rocks_merge_operator &callbacks);

}  // namespace maser
