#ifdef MASER_ARROW

#include "file.h"

#include <arrow/io/file.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>

#include <numeric>
#include <utility>

namespace {

// A column's pages pass through a window of this size instead of a whole row group lying in memory.
constexpr int64_t window_bytes = 1 << 20;

void collect_leaves(const parquet::arrow::SchemaField &field, std::vector<int> &leaves) {
    if (field.children.empty()) leaves.push_back(field.column_index);
    for (const auto &child : field.children) collect_leaves(child, leaves);
}

struct ParquetFile final : maser_arrow_file {
    std::unique_ptr<parquet::arrow::FileReader> reader;
    std::shared_ptr<arrow::RecordBatchReader> batches;

    arrow::Status start(const std::vector<int> &columns, bool uses_threads) override {
        std::vector<int> leaves;
        for (int column : columns) collect_leaves(reader->manifest().schema_fields.at(column), leaves);
        std::vector<int> groups(reader->num_row_groups());
        std::iota(groups.begin(), groups.end(), 0);
        reader->set_use_threads(uses_threads);
        return reader->GetRecordBatchReader(groups, leaves).Value(&batches);
    }

    arrow::Result<std::shared_ptr<arrow::RecordBatch>> next(int64_t greatest_rows) override {
        std::shared_ptr<arrow::RecordBatch> batch;
        // The size is looked at anew for each batch. What is left of a batch that had to be cut comes out first.
        reader->set_batch_size(greatest_rows);
        ARROW_RETURN_NOT_OK(batches->ReadNext(&batch));
        return batch;
    }
};

}  // namespace

arrow::Result<std::unique_ptr<maser_arrow_file>> open_parquet(const std::string &path) {
    // Read, not mapped: a file that somebody truncates meanwhile is an error and no signal.
    ARROW_ASSIGN_OR_RAISE(auto input, arrow::io::ReadableFile::Open(path));
    auto file = std::make_unique<ParquetFile>();
    ARROW_ASSIGN_OR_RAISE(file->bytes, input->GetSize());

    // Memory goes back to where Maser's own comes from: an allocator beside it keeps what the other then lacks.
    arrow::MemoryPool *pool = arrow::system_memory_pool();
    parquet::ReaderProperties properties(pool);
    properties.enable_buffered_stream();
    properties.set_buffer_size(window_bytes);
    properties.set_page_checksum_verification(true);
    parquet::ArrowReaderProperties arrow_properties;
    arrow_properties.set_pre_buffer(false);
    // Days since 1970 as old writers (Impala, Hive, Spark) have them reach far beyond what nanoseconds do.
    arrow_properties.set_coerce_int96_timestamp_unit(arrow::TimeUnit::MICRO);

    parquet::arrow::FileReaderBuilder builder;
    ARROW_RETURN_NOT_OK(builder.Open(std::move(input), properties));
    builder.memory_pool(pool)->properties(arrow_properties);
    ARROW_RETURN_NOT_OK(builder.Build(&file->reader));
    ARROW_RETURN_NOT_OK(file->reader->GetSchema(&file->schema));
    file->rows = file->reader->parquet_reader()->metadata()->num_rows();
    return file;
}

#endif
