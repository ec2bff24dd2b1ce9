#ifndef MASER_CARROW_FILE_H
#define MASER_CARROW_FILE_H

#ifdef MASER_ARROW

#include <arrow/api.h>
#include <arrow/c/abi.h>

#include "CArrow.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

// A file of columns; what each format does its own way.
struct maser_arrow_file {
    virtual ~maser_arrow_file() = default;

    // Each column once.
    virtual arrow::Status start(const std::vector<int> &columns, bool uses_threads) = 0;

    // nullptr at the end. The batch has the columns of `start`, in any order.
    virtual arrow::Result<std::shared_ptr<arrow::RecordBatch>> next(int64_t greatest_rows) = 0;

    std::shared_ptr<arrow::Schema> schema;
    // In the order in which they were asked for; one may stand there twice.
    std::vector<int> columns;
    int64_t bytes = 0;
    int64_t rows = 0;
    int64_t rows_read = 0;
};

arrow::Result<std::unique_ptr<maser_arrow_file>> open_parquet(const std::string &path);
arrow::Result<std::unique_ptr<maser_arrow_file>> open_orc(const std::string &path);

// In this process, which a damaged file can end.
arrow::Result<std::unique_ptr<maser_arrow_file>> open_orc_here(const std::string &path);

#endif

#endif
