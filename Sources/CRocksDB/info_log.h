// What RocksDB tells about itself, kept in `LOG` beside the database, with `LOG.old` before it.
//
// RocksDB's own logger ends the process when the disk is full: Debian builds the library with its assertions, and one of
// them holds that nobody writes to a file after a write to it failed, which the logger does. This one gives the line up.
#pragma once

#include <rocksdb/env.h>

#include <cstdio>
#include <mutex>
#include <string>

class InfoLog final : public rocksdb::Logger {
public:
    InfoLog(const std::string &directory, uint64_t greatest_bytes);
    ~InfoLog() override;

    using rocksdb::Logger::Logv;
    void Logv(const char *format, va_list arguments) override;

protected:
    rocksdb::Status CloseImpl() override { return rocksdb::Status::OK(); }

private:
    void open();
    void roll();

    const std::string path_;
    const uint64_t greatest_bytes_;
    std::mutex mutex_;
    FILE *file_ = nullptr;
    uint64_t bytes_ = 0;
};
