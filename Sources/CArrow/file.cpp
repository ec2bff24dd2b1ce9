// The calls of CArrow.h. Arrow reports most failures as a Status; a few, and those of the standard library, are exceptions.
// Both end here as a message.

#ifdef MASER_ARROW

#include "file.h"

#include <arrow/c/bridge.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <new>
#include <set>

namespace {

char *copy(const std::string &message) { return strdup(message.c_str()); }

// A Status says its code, its text and, in lines of their own, where it came from: the text alone is for people.
char *message_of(const arrow::Status &status) {
    std::string text = status.message();
    return copy(text.empty() ? status.CodeAsString() : text);
}

template <typename Work>
int guarded(char **error, Work work) {
    try {
        arrow::Result<int> done = work();
        if (done.ok()) return *done;
        *error = message_of(done.status());
    } catch (const std::bad_alloc &) {
        *error = copy("it asks for more memory than there is");
    } catch (const std::exception &exception) {
        *error = copy(exception.what());
    } catch (...) {
        *error = copy("it cannot be read");
    }
    return -1;
}

// Those columns of a batch that were asked for, in the order in which they were.
arrow::Result<std::shared_ptr<arrow::RecordBatch>> wanted(
    const maser_arrow_file &file, const std::shared_ptr<arrow::RecordBatch> &batch) {
    std::vector<std::shared_ptr<arrow::Field>> fields;
    std::vector<std::shared_ptr<arrow::Array>> arrays;
    for (int column : file.columns) {
        const std::shared_ptr<arrow::Field> &field = file.schema->field(column);
        std::shared_ptr<arrow::Array> array = batch->GetColumnByName(field->name());
        if (!array) return arrow::Status::Invalid("column ", field->name(), " is missing from a part of the file");
        if (!array->type()->Equals(field->type()))
            return arrow::Status::Invalid(
                "column ", field->name(), " is ", array->type()->ToString(), " in a part of the file");
        fields.push_back(field);
        arrays.push_back(std::move(array));
    }
    return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), batch->num_rows(), std::move(arrays));
}

}  // namespace

int maser_arrow_is_available(void) { return 1; }

maser_arrow_file *maser_arrow_open(const char *path, maser_arrow_format format, char **error) {
    maser_arrow_file *file = nullptr;
    guarded(error, [&]() -> arrow::Result<int> {
        ARROW_ASSIGN_OR_RAISE(auto opened, format == MASER_ARROW_PARQUET ? open_parquet(path) : open_orc(path));
        file = opened.release();
        return 0;
    });
    return file;
}

void maser_arrow_close(maser_arrow_file *file) {
    try {
        delete file;
    } catch (...) {
        // Nothing was written: there is nothing to lose.
    }
}

int maser_arrow_schema(maser_arrow_file *file, struct ArrowSchema *schema, char **error) {
    return guarded(error, [&]() -> arrow::Result<int> {
        ARROW_RETURN_NOT_OK(arrow::ExportSchema(*file->schema, schema));
        return 0;
    });
}

char *maser_arrow_type_name(maser_arrow_file *file, int column) {
    try {
        return copy(file->schema->field(column)->type()->ToString());
    } catch (...) {
        return copy("?");
    }
}

int maser_arrow_start(maser_arrow_file *file, const int *columns, int count, int uses_threads, char **error) {
    return guarded(error, [&]() -> arrow::Result<int> {
        file->columns.assign(columns, columns + count);
        std::set<int> each(columns, columns + count);
        ARROW_RETURN_NOT_OK(file->start(std::vector<int>(each.begin(), each.end()), uses_threads != 0));
        return 0;
    });
}

int maser_arrow_next(maser_arrow_file *file, int64_t greatest_rows, struct ArrowArray *batch, char **error) {
    return guarded(error, [&]() -> arrow::Result<int> {
        ARROW_ASSIGN_OR_RAISE(auto read, file->next(greatest_rows));
        if (!read) return 0;
        ARROW_ASSIGN_OR_RAISE(read, wanted(*file, read));
        // Cheap: lengths and buffers fit each other. What the values themselves say is for the reader to check.
        ARROW_RETURN_NOT_OK(read->Validate());
        file->rows_read += read->num_rows();
        ARROW_RETURN_NOT_OK(arrow::ExportRecordBatch(*read, batch));
        return 1;
    });
}

int64_t maser_arrow_bytes_read(const maser_arrow_file *file) {
    if (file->rows <= 0) return file->bytes;
    double part = static_cast<double>(std::min(file->rows_read, file->rows)) / static_cast<double>(file->rows);
    return static_cast<int64_t>(part * static_cast<double>(file->bytes));
}

#endif
