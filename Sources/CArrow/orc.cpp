#ifdef MASER_ARROW

#include "file.h"
#include "orc_process.h"

#if __has_include(<arrow/adapters/orc/adapter.h>)

#include <arrow/adapters/orc/adapter.h>
#include <arrow/io/file.h>
#include <arrow/ipc/reader.h>
#include <arrow/util/key_value_metadata.h>

#include <charconv>
#include <utility>

// Arrow's reader of ORC trusts the lengths and indexes in a file further than its reader of Parquet does: a damaged one can end
// the process. So the file is read by a process of its own, and its rows come from there.

namespace {

// A batch's rows are decided on before its file is read: few enough that wide ones are no burden.
constexpr int64_t batch_rows = 4096;

// What reads it, where it is read.
struct ORCFile final : maser_arrow_file {
    std::unique_ptr<arrow::adapters::orc::ORCFileReader> reader;
    std::shared_ptr<arrow::RecordBatchReader> batches;

    // From front to back: a reader of single stripes would seek by the file's row index.
    arrow::Status start(const std::vector<int> &columns, bool) override {
        std::vector<std::string> names;
        for (int column : columns) names.push_back(schema->field(column)->name());
        return reader->GetRecordBatchReader(batch_rows, names).Value(&batches);
    }

    arrow::Result<std::shared_ptr<arrow::RecordBatch>> next(int64_t) override {
        std::shared_ptr<arrow::RecordBatch> batch;
        ARROW_RETURN_NOT_OK(batches->ReadNext(&batch));
        return batch;
    }
};

// What the process that reads it says.
struct Words final : arrow::io::InputStream {
    std::shared_ptr<ORCProcess> process;
    int64_t position = 0;
    bool is_closed = false;

    explicit Words(std::shared_ptr<ORCProcess> process) : process(std::move(process)) {}

    arrow::Result<int64_t> Read(int64_t count, void *target) override {
        ARROW_ASSIGN_OR_RAISE(int64_t done, process->read(count, target));
        position += done;
        return done;
    }

    arrow::Result<std::shared_ptr<arrow::Buffer>> Read(int64_t count) override {
        ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateResizableBuffer(count, arrow::system_memory_pool()));
        ARROW_ASSIGN_OR_RAISE(int64_t done, Read(count, buffer->mutable_data()));
        if (done < count) ARROW_RETURN_NOT_OK(buffer->Resize(done));
        return buffer;
    }

    arrow::Status Close() override {
        is_closed = true;
        return arrow::Status::OK();
    }

    bool closed() const override { return is_closed; }
    arrow::Result<int64_t> Tell() const override { return position; }
};

struct RemoteORCFile final : maser_arrow_file {
    std::shared_ptr<ORCProcess> process;
    std::shared_ptr<Words> words;
    std::shared_ptr<arrow::RecordBatchReader> batches;

    arrow::Status begin(const std::string &path) {
        ARROW_ASSIGN_OR_RAISE(process, ORCProcess::start(path));
        words = std::make_shared<Words>(process);
        auto columns = open();
        if (!columns.ok()) return process->wait(columns.status());
        schema = (*columns)->schema();
        std::shared_ptr<arrow::RecordBatch> none;
        arrow::Status end = (*columns)->ReadNext(&none);
        if (!end.ok()) return process->wait(end);
        ARROW_ASSIGN_OR_RAISE(rows, figure("rows"));
        ARROW_ASSIGN_OR_RAISE(bytes, figure("bytes"));
        return arrow::Status::OK();
    }

    arrow::Status start(const std::vector<int> &columns, bool) override {
        std::vector<int32_t> message{static_cast<int32_t>(columns.size())};
        message.insert(message.end(), columns.begin(), columns.end());
        return process->write(message.data(), message.size() * sizeof(int32_t));
    }

    arrow::Result<std::shared_ptr<arrow::RecordBatch>> next(int64_t) override {
        std::shared_ptr<arrow::RecordBatch> batch;
        arrow::Status read = read_next(&batch);
        // Where it was killed its stream ends as if it were whole.
        if (!read.ok() || !batch) ARROW_RETURN_NOT_OK(process->wait(read));
        return batch;
    }

private:
    arrow::Result<std::shared_ptr<arrow::RecordBatchReader>> open() {
        arrow::ipc::IpcReadOptions options;
        options.memory_pool = arrow::system_memory_pool();
        options.use_threads = false;
        return arrow::ipc::RecordBatchStreamReader::Open(words, options);
    }

    arrow::Status read_next(std::shared_ptr<arrow::RecordBatch> *batch) {
        if (!batches) {
            // A file without rows has no stream of them.
            if (rows == 0) return arrow::Status::OK();
            ARROW_ASSIGN_OR_RAISE(batches, open());
        }
        return batches->ReadNext(batch);
    }

    arrow::Result<int64_t> figure(const char *name) {
        ARROW_ASSIGN_OR_RAISE(std::string text, schema->metadata()->Get(name));
        int64_t value = 0;
        auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error != std::errc() || value < 0) return arrow::Status::Invalid("its ", name, " are ", text);
        return value;
    }
};

}  // namespace

arrow::Result<std::unique_ptr<maser_arrow_file>> open_orc(const std::string &path) {
    auto file = std::make_unique<RemoteORCFile>();
    ARROW_RETURN_NOT_OK(file->begin(path));
    return file;
}

arrow::Result<std::unique_ptr<maser_arrow_file>> open_orc_here(const std::string &path) {
    ARROW_ASSIGN_OR_RAISE(auto input, arrow::io::ReadableFile::Open(path));
    auto file = std::make_unique<ORCFile>();
    ARROW_ASSIGN_OR_RAISE(file->bytes, input->GetSize());
    ARROW_ASSIGN_OR_RAISE(
        file->reader, arrow::adapters::orc::ORCFileReader::Open(std::move(input), arrow::system_memory_pool()));
    ARROW_ASSIGN_OR_RAISE(file->schema, file->reader->ReadSchema());
    file->rows = file->reader->NumberOfRows();
    return file;
}

#else

namespace {

arrow::Status unavailable() {
    return arrow::Status::NotImplemented("the Arrow that Maser was built with cannot read ORC");
}

}  // namespace

arrow::Result<std::unique_ptr<maser_arrow_file>> open_orc(const std::string &) { return unavailable(); }
arrow::Result<std::unique_ptr<maser_arrow_file>> open_orc_here(const std::string &) { return unavailable(); }

#endif

#endif
