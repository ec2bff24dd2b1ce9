#ifndef MASER_CARROW_ORC_PROCESS_H
#define MASER_CARROW_ORC_PROCESS_H

#ifdef MASER_ARROW

#include "file.h"

#include <sys/types.h>

// This program once more, as a process that reads one ORC file and ends: what a damaged file does to it, it does to nobody else.
class ORCProcess {
public:
    static arrow::Result<std::unique_ptr<ORCProcess>> start(const std::string &path);
    ~ORCProcess();

    // Up to so many bytes that it says; fewer only where it says no more.
    arrow::Result<int64_t> read(int64_t count, void *target);
    arrow::Status write(const void *bytes, size_t count);

    // Waits for its end, once it says no more: what it ended with where that is a failure, else what the caller makes of it.
    arrow::Status wait(const arrow::Status &otherwise);

private:
    ORCProcess(pid_t process, int socket, int errors) : process(process), socket(socket), errors(errors) {}

    std::string last_words();

    pid_t process;
    int socket;
    int errors;
};

#endif

#endif
