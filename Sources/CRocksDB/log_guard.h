// Keeps the log a log: after a power loss, what is left of it is a beginning of what was written, without a hole.
//
// RocksDB syncs a log file that was filled only when some family is flushed, and writes to the next one before that. A
// power loss in between can cut the older file at the end of a record and keep the newer one, and recovery does not see
// that records are missing. Positions in the newer file would then stand for merges that are gone. So the filled file is
// synced before anything is written to its successor: RocksDB calls the listener exactly there.
#pragma once

#include <rocksdb/listener.h>

#include <atomic>

#include "structures.h"

class LogGuard final : public rocksdb::EventListener {
public:
    std::atomic<rocksdb::DB *> db{nullptr};

    // Whether the log's files may not be touched: Debian builds the library with its assertions, and one of them ends the
    // process when a file is synced to which a write has failed.
    std::atomic<bool> is_broken{false};

    rocksdb::Status Sync() {
        rocksdb::DB *database = db.load();
        if (database == nullptr || is_broken) return rocksdb::Status::IOError("the log has failed before");
        return database->SyncWAL();
    }

    void OnMemTableSealed(const rocksdb::MemTableInfo &) override {
        // A failure stops the database by itself.
        Sync().PermitUncheckedError();
    }

    void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status *error) override {
        if (reason != rocksdb::BackgroundErrorReason::kCompaction &&
            error->severity() >= rocksdb::Status::kHardError) {
            is_broken = true;
        }
    }

    void OnErrorRecoveryEnd(const rocksdb::BackgroundErrorRecoveryInfo &info) override {
        if (info.new_bg_error.ok()) is_broken = false;
    }

    // Flushes and compactions that met a full disk go on by themselves when there is room, for nothing is lost. A write
    // that failed is another matter: its owner opens the database again and looks at what it holds.
    void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason reason, rocksdb::Status, bool *auto_recovery) override {
        if (reason == rocksdb::BackgroundErrorReason::kWriteCallback ||
            reason == rocksdb::BackgroundErrorReason::kMemTable) {
            *auto_recovery = false;
        }
    }
};
