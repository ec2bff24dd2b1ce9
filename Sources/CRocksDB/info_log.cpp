#include "info_log.h"

#include <sys/time.h>

#include <algorithm>
#include <ctime>

namespace {

constexpr size_t longest_line = 4096;

}  // namespace

InfoLog::InfoLog(const std::string &directory, uint64_t greatest_bytes)
    : rocksdb::Logger(rocksdb::InfoLogLevel::INFO_LEVEL), path_(directory + "/LOG"), greatest_bytes_(greatest_bytes) {
    open();
    if (bytes_ >= greatest_bytes_) roll();
}

InfoLog::~InfoLog() {
    Close().PermitUncheckedError();
    if (file_ != nullptr) fclose(file_);
}

void InfoLog::open() {
    file_ = fopen(path_.c_str(), "ae");
    bytes_ = 0;
    if (file_ != nullptr && fseek(file_, 0, SEEK_END) == 0) bytes_ = uint64_t(ftell(file_));
}

void InfoLog::roll() {
    if (file_ != nullptr) fclose(file_);
    rename(path_.c_str(), (path_ + ".old").c_str());
    open();
}

void InfoLog::Logv(const char *format, va_list arguments) {
    char line[longest_line];
    timeval now;
    gettimeofday(&now, nullptr);
    tm parts;
    gmtime_r(&now.tv_sec, &parts);
    size_t length = strftime(line, sizeof line, "%Y-%m-%dT%H:%M:%S", &parts);
    length += size_t(snprintf(line + length, sizeof line - length, ".%06ldZ ", long(now.tv_usec)));
    // The last byte is kept for the end of the line.
    int wanted = vsnprintf(line + length, sizeof line - length - 1, format, arguments);
    if (wanted < 0) return;
    length = std::min(length + size_t(wanted), sizeof line - 2);
    if (line[length - 1] != '\n') line[length++] = '\n';

    std::lock_guard<std::mutex> lock(mutex_);
    if (file_ == nullptr) return;
    fwrite(line, 1, length, file_);
    fflush(file_);
    bytes_ += length;
    if (bytes_ >= greatest_bytes_) roll();
}
