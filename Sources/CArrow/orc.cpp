#ifdef MASER_ARROW

#include "file.h"

#if __has_include(<arrow/adapters/orc/adapter.h>)

#include <arrow/adapters/orc/adapter.h>
#include <arrow/io/file.h>

#include <utility>

namespace {

struct ORCFile final : maser_arrow_file {
    std::unique_ptr<arrow::adapters::orc::ORCFileReader> reader;
    // Of the stripe that is being read.
    std::shared_ptr<arrow::RecordBatchReader> batches;

    std::vector<int> included;

    arrow::Status start(const std::vector<int> &columns, bool) override {
        included = columns;
        return arrow::Status::OK();
    }

    arrow::Result<std::shared_ptr<arrow::RecordBatch>> next(int64_t greatest_rows) override {
        std::shared_ptr<arrow::RecordBatch> batch;
        while (true) {
            if (!batches) {
                ARROW_ASSIGN_OR_RAISE(batches, reader->NextStripeReader(greatest_rows, included));
                if (!batches) return nullptr;
            }
            ARROW_RETURN_NOT_OK(batches->ReadNext(&batch));
            if (batch) return batch;
            batches.reset();
        }
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
