#include "structures.h"

namespace {

/// Rows of a batch are taken out of two arenas at random; so many ahead they are asked for.
constexpr size_t rows_ahead = 8;
/// More than what a batch adds to a row: a tag, its family, and how long its key and its operand are.
constexpr size_t overhead_per_row = 12;

void note(maser_rocks_batch *batch, const rocksdb::Status &status) {
    if (batch->first_error.ok() && !status.ok()) batch->first_error = status;
}

rocksdb::Slice row(const void *arena, const intptr_t *ends, intptr_t index) {
    size_t start = index == 0 ? 0 : static_cast<size_t>(ends[index - 1]);
    return rocksdb::Slice(static_cast<const char *>(arena) + start, static_cast<size_t>(ends[index]) - start);
}

/// A row seldom takes more than two lines of the cache.
void prefetch(const rocksdb::Slice &row) {
    __builtin_prefetch(row.data());
    __builtin_prefetch(row.data() + row.size());
}

}  // namespace

maser_rocks_batch *maser_rocks_batch_create(void) { return new maser_rocks_batch; }

void maser_rocks_batch_destroy(maser_rocks_batch *batch) { delete batch; }

void maser_rocks_batch_clear(maser_rocks_batch *batch) {
    batch->batch.Clear();
    batch->first_error = rocksdb::Status::OK();
}

void maser_rocks_batch_put(maser_rocks_batch *batch, const maser_rocks_family *family, maser_rocks_slice key,
                           maser_rocks_slice value) {
    note(batch, batch->batch.Put(family->handle, maser::slice(key), maser::slice(value)));
}

void maser_rocks_batch_merge(maser_rocks_batch *batch, const maser_rocks_family *family, maser_rocks_slice key,
                             maser_rocks_slice operand) {
    note(batch, batch->batch.Merge(family->handle, maser::slice(key), maser::slice(operand)));
}

void maser_rocks_batch_merge_rows(maser_rocks_batch *batch, const maser_rocks_family *family,
                                  const maser_rocks_rows *rows) {
    if (rows->count == 0) return;
    size_t size = batch->batch.GetDataSize() + rows->count * overhead_per_row;
    size += static_cast<size_t>(rows->key_ends[rows->count - 1]) + static_cast<size_t>(rows->value_ends[rows->count - 1]);
    if (batch->batch.Count() == 0) batch->batch = rocksdb::WriteBatch(size);
    for (size_t i = 0; i < rows->count; i++) {
        if (i + rows_ahead < rows->count) {
            intptr_t next = rows->order[i + rows_ahead];
            prefetch(row(rows->keys, rows->key_ends, next));
            prefetch(row(rows->values, rows->value_ends, next));
        }
        intptr_t index = rows->order[i];
        note(batch, batch->batch.Merge(family->handle, row(rows->keys, rows->key_ends, index),
                                       row(rows->values, rows->value_ends, index)));
    }
}

void maser_rocks_batch_delete(maser_rocks_batch *batch, const maser_rocks_family *family, maser_rocks_slice key) {
    note(batch, batch->batch.Delete(family->handle, maser::slice(key)));
}

void maser_rocks_batch_delete_range(maser_rocks_batch *batch, const maser_rocks_family *family,
                                    maser_rocks_slice lower, maser_rocks_slice upper) {
    note(batch, batch->batch.DeleteRange(family->handle, maser::slice(lower), maser::slice(upper)));
}

size_t maser_rocks_batch_count(const maser_rocks_batch *batch) { return batch->batch.Count(); }

size_t maser_rocks_batch_bytes(const maser_rocks_batch *batch) { return batch->batch.GetDataSize(); }

maser_rocks_status maser_rocks_write(maser_rocks_database *database, maser_rocks_batch *batch, bool sync) {
    if (!batch->first_error.ok()) return maser::report(batch->first_error);
    maser::stop_counting();
    rocksdb::WriteOptions options;
    options.sync = sync;
    // Otherwise a batch with rows of a family that was just dropped is written by half: logged, and then inserted up to
    // the first such row.
    options.ignore_missing_column_families = true;
    return maser::report(database->db->Write(options, &batch->batch));
}

maser_rocks_status maser_rocks_sst_writer_open(const char *path, const maser_rocks_family_options *options,
                                               maser_rocks_sst_writer **writer) {
    maser::stop_counting();
    rocksdb::Options native(rocksdb::DBOptions(), maser::family_options(*options, nullptr));
    auto opened = std::make_unique<maser_rocks_sst_writer>();
    opened->writer = std::make_unique<rocksdb::SstFileWriter>(rocksdb::EnvOptions(), native);
    rocksdb::Status status = opened->writer->Open(path);
    if (status.ok()) *writer = opened.release();
    return maser::report(status);
}

maser_rocks_status maser_rocks_sst_writer_put(maser_rocks_sst_writer *writer, maser_rocks_slice key,
                                              maser_rocks_slice value) {
    return maser::report(writer->writer->Put(maser::slice(key), maser::slice(value)));
}

maser_rocks_status maser_rocks_sst_writer_finish(maser_rocks_sst_writer *writer, uint64_t *entries, uint64_t *bytes) {
    rocksdb::ExternalSstFileInfo info;
    rocksdb::Status status = writer->writer->Finish(&info);
    *entries = info.num_entries;
    *bytes = info.file_size;
    return maser::report(status);
}

void maser_rocks_sst_writer_destroy(maser_rocks_sst_writer *writer) { delete writer; }
