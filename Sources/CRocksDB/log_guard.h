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

    void OnMemTableSealed(const rocksdb::MemTableInfo &) override {
        // A failure stops the database by itself.
        if (rocksdb::DB *database = db.load()) database->SyncWAL().PermitUncheckedError();
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
