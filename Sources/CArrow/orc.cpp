#ifdef MASER_ARROW

#include "file.h"

#if __has_include(<arrow/adapters/orc/adapter.h>)

#include <arrow/adapters/orc/adapter.h>
#include <arrow/io/file.h>

#include <utility>

namespace {

// A batch's rows are decided on before its file is read: few enough that wide ones are no burden.
constexpr int64_t batch_rows = 4096;

struct ORCFile final : maser_arrow_file {
    std::unique_ptr<arrow::adapters::orc::ORCFileReader> reader;
    std::shared_ptr<arrow::RecordBatchReader> batches;

    // From front to back: a reader of single stripes would seek by the file's row index. Arrow's reader of ORC trusts that, and
    // other figures in the file, further than its reader of Parquet does: a damaged file can still end the process.
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

}  // namespace

arrow::Result<std::unique_ptr<maser_arrow_file>> open_orc(const std::string &path) {
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

arrow::Result<std::unique_ptr<maser_arrow_file>> open_orc(const std::string &) {
    return arrow::Status::NotImplemented("the Arrow that Maser was built with cannot read ORC");
}

#endif

#endif
