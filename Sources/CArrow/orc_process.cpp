#ifdef MASER_ARROW

#include "orc_process.h"

#include <arrow/io/interfaces.h>
#include <arrow/ipc/writer.h>
#include <arrow/util/key_value_metadata.h>

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <exception>

// What the two say to each other: the process, the file's columns as an Arrow stream without rows; the other side, how many
// columns it wants and which, each as 32 bits; the process, their rows as an Arrow stream. A failure is its exit code 1 and a line
// on standard error.

namespace {

// By its name, before `main`: any program that can read ORC files is its own reader of them, tests too.
constexpr char process_name[] = "maser-orc-reader";
constexpr rlim_t greatest_memory = rlim_t(4) << 30;
constexpr size_t greatest_words = 4096;
constexpr int socket_bytes = 4 << 20;

arrow::Status failed(const char *doing) {
    return arrow::Status::IOError(doing, " failed: ", std::strerror(errno));
}

bool read_fully(int descriptor, void *target, size_t count) {
    char *next = static_cast<char *>(target);
    while (count > 0) {
        ssize_t done = ::read(descriptor, next, count);
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) return false;
        next += done;
        count -= static_cast<size_t>(done);
    }
    return true;
}

// The process

// Arrow's own stream over a descriptor asks a file for its place.
struct Output final : arrow::io::OutputStream {
    int64_t position = 0;
    bool is_closed = false;

    arrow::Status Write(const void *data, int64_t count) override {
        const char *next = static_cast<const char *>(data);
        for (int64_t left = count; left > 0;) {
            ssize_t done = ::write(STDOUT_FILENO, next, static_cast<size_t>(left));
            if (done < 0 && errno == EINTR) continue;
            if (done < 0) return failed("handing rows over");
            next += done;
            left -= done;
        }
        position += count;
        return arrow::Status::OK();
    }

    arrow::Status Close() override {
        is_closed = true;
        return arrow::Status::OK();
    }

    bool closed() const override { return is_closed; }
    arrow::Result<int64_t> Tell() const override { return position; }
};

arrow::Status serve(const char *path) {
    ARROW_ASSIGN_OR_RAISE(auto file, open_orc_here(path));
    auto output = std::make_shared<Output>();
    auto figures = arrow::key_value_metadata(
        {"rows", "bytes"}, {std::to_string(file->rows), std::to_string(file->bytes)});
    ARROW_ASSIGN_OR_RAISE(auto columns, arrow::ipc::MakeStreamWriter(output, file->schema->WithMetadata(figures)));
    ARROW_RETURN_NOT_OK(columns->Close());

    uint32_t count = 0;
    // Nobody wants its rows.
    if (!read_fully(STDIN_FILENO, &count, sizeof count)) return arrow::Status::OK();
    std::vector<int32_t> wanted(count);
    if (!read_fully(STDIN_FILENO, wanted.data(), count * sizeof(int32_t))) return arrow::Status::OK();
    ARROW_RETURN_NOT_OK(file->start(std::vector<int>(wanted.begin(), wanted.end()), false));

    std::shared_ptr<arrow::ipc::RecordBatchWriter> rows;
    while (true) {
        ARROW_ASSIGN_OR_RAISE(auto batch, file->next(0));
        if (!batch) break;
        ARROW_RETURN_NOT_OK(batch->Validate());
        if (!rows) {
            ARROW_ASSIGN_OR_RAISE(rows, arrow::ipc::MakeStreamWriter(output, batch->schema()));
        }
        ARROW_RETURN_NOT_OK(rows->WriteRecordBatch(*batch));
    }
    return rows ? rows->Close() : arrow::Status::OK();
}

[[noreturn]] void run(const char *path) {
    // Nobody wants a core, or a backtrace, of a file that is damaged, nor that it takes the machine's memory with it.
    rlimit none{0, 0}, memory{greatest_memory, greatest_memory};
    setrlimit(RLIMIT_CORE, &none);
    setrlimit(RLIMIT_AS, &memory);
    for (int number : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGPIPE}) signal(number, SIG_DFL);
    std::string message;
    try {
        arrow::Status status = serve(path);
        if (status.ok()) _exit(0);
        message = status.message();
    } catch (const std::bad_alloc &) {
        message = "it asks for more memory than there is";
    } catch (const std::exception &exception) {
        message = exception.what();
    } catch (...) {
        message = "it cannot be read";
    }
    if (message.size() > greatest_words) message.resize(greatest_words);
    [[maybe_unused]] ssize_t written = ::write(STDERR_FILENO, message.data(), message.size());
    _exit(1);
}

__attribute__((constructor)) void run_where_named(int count, char **arguments) {
    if (count == 2 && std::strcmp(arguments[0], process_name) == 0) run(arguments[1]);
}

}  // namespace

// The other side

arrow::Result<std::unique_ptr<ORCProcess>> ORCProcess::start(const std::string &path) {
    int sockets[2], errors[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) return failed("making a socket");
    if (pipe2(errors, O_CLOEXEC) != 0) {
        auto status = failed("making a pipe");
        close(sockets[0]);
        close(sockets[1]);
        return status;
    }
    // As much as the system lets it: a larger one spares both sides waiting.
    setsockopt(sockets[1], SOL_SOCKET, SO_SNDBUF, &socket_bytes, sizeof socket_bytes);

    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_adddup2(&actions, sockets[1], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, sockets[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, errors[1], STDERR_FILENO);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    char name[] = "maser-orc-reader";
    std::string argument = path;
    char *arguments[] = {name, argument.data(), nullptr};
    pid_t process = -1;
    int code = posix_spawn(&process, "/proc/self/exe", &actions, &attributes, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    close(sockets[1]);
    close(errors[1]);
    std::unique_ptr<ORCProcess> started(new ORCProcess(process, sockets[0], errors[0]));
    if (code != 0) {
        started->process = -1;
        return arrow::Status::IOError("starting a process to read it failed: ", std::strerror(code));
    }
    return started;
}

ORCProcess::~ORCProcess() {
    close(socket);
    close(errors);
    if (process > 0) {
        kill(process, SIGKILL);
        while (waitpid(process, nullptr, 0) < 0 && errno == EINTR) {}
    }
}

arrow::Result<int64_t> ORCProcess::read(int64_t count, void *target) {
    int64_t done = 0;
    while (done < count) {
        ssize_t more = recv(socket, static_cast<char *>(target) + done, static_cast<size_t>(count - done), 0);
        // It ended, with words of the other side still unread.
        if (more < 0 && errno == ECONNRESET) break;
        if (more < 0 && errno == EINTR) continue;
        if (more < 0) return failed("listening to its reader");
        if (more == 0) break;
        done += more;
    }
    return done;
}

arrow::Status ORCProcess::write(const void *bytes, size_t count) {
    const char *next = static_cast<const char *>(bytes);
    while (count > 0) {
        ssize_t done = send(socket, next, count, MSG_NOSIGNAL);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return wait(failed("speaking to its reader"));
        next += done;
        count -= static_cast<size_t>(done);
    }
    return arrow::Status::OK();
}

arrow::Status ORCProcess::wait(const arrow::Status &otherwise) {
    if (process <= 0) return otherwise;
    // Where it is not at its end it is not waited for: nobody listens to it any more.
    shutdown(socket, SHUT_RDWR);
    std::string words = last_words();
    int status = 0;
    while (waitpid(process, &status, 0) < 0 && errno == EINTR) {}
    process = -1;
    if (WIFSIGNALED(status) && WTERMSIG(status) != SIGPIPE) {
        return arrow::Status::Invalid(
            "it is damaged: the process that read it ended with ", strsignal(WTERMSIG(status)));
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0 && !words.empty()) return arrow::Status::Invalid(words);
    return otherwise;
}

std::string ORCProcess::last_words() {
    std::string words(greatest_words, '\0');
    size_t length = 0;
    while (length < words.size()) {
        ssize_t more = ::read(errors, words.data() + length, words.size() - length);
        if (more < 0 && errno == EINTR) continue;
        if (more <= 0) break;
        length += static_cast<size_t>(more);
    }
    words.resize(length);
    return words;
}

#endif
