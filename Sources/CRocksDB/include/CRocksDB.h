// What Maser needs of RocksDB, as plain C.
//
// RocksDB's own C API cannot share a database with C++ code, and it lacks the write buffer manager, recovery options,
// merges of several operands at once without a copy each, resuming after a background error, and the code of an error.
// So this shim owns options, opening and everything after, and says no more than is used.
//
// Every pointer to a `maser_rocks_*` structure has one owner, who destroys it. Bytes given out live as long as what gave
// them. No function keeps bytes that it was given.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct maser_rocks_memory maser_rocks_memory;
typedef struct maser_rocks_database maser_rocks_database;
typedef struct maser_rocks_family maser_rocks_family;
typedef struct maser_rocks_batch maser_rocks_batch;
typedef struct maser_rocks_value maser_rocks_value;
typedef struct maser_rocks_reader maser_rocks_reader;
typedef struct maser_rocks_snapshot maser_rocks_snapshot;
typedef struct maser_rocks_iterator maser_rocks_iterator;
typedef struct maser_rocks_sst_writer maser_rocks_sst_writer;

/// `data` is NULL where there is no value; an empty value has a pointer.
typedef struct {
    const void *data;
    size_t size;
} maser_rocks_slice;

typedef enum : int32_t {
    MASER_ROCKS_OK = 0,
    MASER_ROCKS_CORRUPTION,
    MASER_ROCKS_IO_ERROR,
    MASER_ROCKS_NO_SPACE,
    MASER_ROCKS_LOCK_HELD,
    MASER_ROCKS_INVALID_ARGUMENT,
    MASER_ROCKS_BUSY,
    MASER_ROCKS_FAMILY_DROPPED,
    MASER_ROCKS_OTHER,
} maser_rocks_code;

/// `message` is NULL when all went well, else freed by `maser_rocks_free`.
typedef struct {
    maser_rocks_code code;
    char *message;
} maser_rocks_status;

void maser_rocks_free(void *memory);

// Memory: one cache of blocks, and the memtables of every family charged to it.

maser_rocks_memory *maser_rocks_memory_create(size_t cache_bytes, size_t memtable_bytes);
void maser_rocks_memory_destroy(maser_rocks_memory *memory);
size_t maser_rocks_memory_cache_usage(const maser_rocks_memory *memory);
size_t maser_rocks_memory_memtable_usage(const maser_rocks_memory *memory);

// Merging. `emit` takes the result, once; it copies it.

typedef void (*maser_rocks_emit)(void *sink, const void *data, size_t size);

typedef struct {
    const char *name;
    /// Owned by the options that it was given with and what is opened with them; `release` ends it.
    void *context;
    void (*release)(void *context);
    void (*full)(void *context, maser_rocks_slice key, maser_rocks_slice existing, const maser_rocks_slice *operands,
                 size_t count, void *sink, maser_rocks_emit emit);
    /// false: the operands stay apart.
    bool (*partial)(void *context, maser_rocks_slice key, const maser_rocks_slice *operands, size_t count, void *sink,
                    maser_rocks_emit emit);
} maser_rocks_merge_operator;

// Options.

typedef enum : int32_t {
    MASER_ROCKS_UNCOMPRESSED = 0,
    MASER_ROCKS_LZ4,
    MASER_ROCKS_ZSTD,
} maser_rocks_compression;

typedef struct {
    bool create_if_missing;
    int32_t max_open_files;
    int32_t background_jobs;
    uint64_t max_total_wal_bytes;
    uint64_t max_manifest_bytes;
    uint64_t max_info_log_bytes;
} maser_rocks_database_options;

typedef struct {
    /// NULL: none.
    const maser_rocks_merge_operator *merge_operator;
    bool is_compacted;
    /// Rows may come in any order, but no range may be deleted: RocksDB 7.8 takes the hint for a place among the ranges.
    bool is_filled_in_order;
    size_t block_bytes;
    double bloom_bits_per_key;
    maser_rocks_compression compression;
    maser_rocks_compression bottom_compression;
    size_t memtable_bytes;
    int32_t max_memtables;
    uint64_t file_bytes;
    uint64_t base_level_bytes;
} maser_rocks_family_options;

bool maser_rocks_supports(maser_rocks_compression compression);

// Opening and closing.

/// The names of the families of the database at `path`; none where there is no database. Each name and the array are
/// freed by `maser_rocks_free`.
maser_rocks_status maser_rocks_list_families(const char *path, char ***names, size_t *count);

/// `families` takes one handle for each name, in their order; `names` holds `default` and every family there is.
maser_rocks_status maser_rocks_open(const char *path, const maser_rocks_database_options *options,
                                    const maser_rocks_memory *memory, const char *const *names,
                                    const maser_rocks_family_options *family_options, size_t count,
                                    maser_rocks_database **database, maser_rocks_family **families);
/// Ends the database; handles of families that are still held answer nothing any more. Nobody may be using it.
maser_rocks_status maser_rocks_close(maser_rocks_database *database);
/// Closes it too where that was not done.
void maser_rocks_database_destroy(maser_rocks_database *database);

maser_rocks_status maser_rocks_create_family(maser_rocks_database *database, const char *name,
                                             const maser_rocks_family_options *options, maser_rocks_family **family);
maser_rocks_status maser_rocks_drop_family(maser_rocks_database *database, maser_rocks_family *family);
void maser_rocks_family_destroy(maser_rocks_database *database, maser_rocks_family *family);

// Writing.

maser_rocks_batch *maser_rocks_batch_create(void);
void maser_rocks_batch_destroy(maser_rocks_batch *batch);
void maser_rocks_batch_clear(maser_rocks_batch *batch);
void maser_rocks_batch_put(maser_rocks_batch *batch, const maser_rocks_family *family, maser_rocks_slice key,
                           maser_rocks_slice value);
void maser_rocks_batch_merge(maser_rocks_batch *batch, const maser_rocks_family *family, maser_rocks_slice key,
                             maser_rocks_slice operand);

/// Keys stand one after the other in `keys`, each ending where `key_ends` says, and values likewise; `order` names each of
/// the rows once.
typedef struct {
    const void *keys;
    const intptr_t *key_ends;
    const void *values;
    const intptr_t *value_ends;
    const intptr_t *order;
    size_t count;
} maser_rocks_rows;

void maser_rocks_batch_merge_rows(maser_rocks_batch *batch, const maser_rocks_family *family,
                                  const maser_rocks_rows *rows);
void maser_rocks_batch_delete(maser_rocks_batch *batch, const maser_rocks_family *family, maser_rocks_slice key);
void maser_rocks_batch_delete_range(maser_rocks_batch *batch, const maser_rocks_family *family,
                                    maser_rocks_slice lower, maser_rocks_slice upper);
size_t maser_rocks_batch_count(const maser_rocks_batch *batch);
size_t maser_rocks_batch_bytes(const maser_rocks_batch *batch);

/// Fails with the batch's own first error where it has one. Rows of a dropped family are passed over.
maser_rocks_status maser_rocks_write(maser_rocks_database *database, maser_rocks_batch *batch, bool sync);

// Reading. `snapshot` may be NULL: as of now.

maser_rocks_snapshot *maser_rocks_snapshot_create(maser_rocks_database *database);
void maser_rocks_snapshot_destroy(maser_rocks_database *database, maser_rocks_snapshot *snapshot);

/// `*value` is NULL where the key is absent.
maser_rocks_status maser_rocks_get(maser_rocks_database *database, const maser_rocks_family *family,
                                   maser_rocks_slice key, const maser_rocks_snapshot *snapshot,
                                   maser_rocks_value **value, maser_rocks_slice *bytes);
void maser_rocks_value_destroy(maser_rocks_value *value);

/// The working memory of batched reads, kept from read to read; for one thread at a time.
maser_rocks_reader *maser_rocks_reader_create(void);
void maser_rocks_reader_destroy(maser_rocks_reader *reader);

/// Keys stand one after the other in `arena`; `ends` says where each ends. `*slices` has one slice for each, lent until
/// `maser_rocks_reader_release`. `*file_bytes` is what had to be read from files.
maser_rocks_status maser_rocks_multi_get(maser_rocks_reader *reader, maser_rocks_database *database,
                                         const maser_rocks_family *family, const void *arena, const intptr_t *ends,
                                         size_t count, const maser_rocks_snapshot *snapshot,
                                         const maser_rocks_slice **slices, uint64_t *file_bytes);
void maser_rocks_reader_release(maser_rocks_reader *reader);

typedef struct {
    maser_rocks_slice bytes;
    bool is_set;
} maser_rocks_bound;

/// `lower` is inclusive and `upper` exclusive.
maser_rocks_iterator *maser_rocks_iterator_create(maser_rocks_database *database, const maser_rocks_family *family,
                                                  maser_rocks_bound lower, maser_rocks_bound upper,
                                                  const maser_rocks_snapshot *snapshot, bool fills_cache);
void maser_rocks_iterator_destroy(maser_rocks_iterator *iterator);

/// Where an iterator stands; `is_valid` is false past either end and after an error, which `maser_rocks_iterator_status`
/// tells apart.
typedef struct {
    bool is_valid;
    maser_rocks_slice key;
    maser_rocks_slice value;
} maser_rocks_entry;

maser_rocks_entry maser_rocks_iterator_seek(maser_rocks_iterator *iterator, maser_rocks_slice key);
maser_rocks_entry maser_rocks_iterator_seek_for_previous(maser_rocks_iterator *iterator, maser_rocks_slice key);
maser_rocks_entry maser_rocks_iterator_seek_to_first(maser_rocks_iterator *iterator);
maser_rocks_entry maser_rocks_iterator_seek_to_last(maser_rocks_iterator *iterator);
maser_rocks_entry maser_rocks_iterator_next(maser_rocks_iterator *iterator);
maser_rocks_entry maser_rocks_iterator_previous(maser_rocks_iterator *iterator);
maser_rocks_status maser_rocks_iterator_status(const maser_rocks_iterator *iterator);

// Upkeep.

maser_rocks_status maser_rocks_flush(maser_rocks_database *database, const maser_rocks_family *family);
maser_rocks_status maser_rocks_compact(maser_rocks_database *database, const maser_rocks_family *family);
maser_rocks_status maser_rocks_sync_wal(maser_rocks_database *database);
maser_rocks_status maser_rocks_resume(maser_rocks_database *database);
maser_rocks_status maser_rocks_ingest(maser_rocks_database *database, const maser_rocks_family *family,
                                      const char *const *files, size_t count, bool move_files);
/// NULL where there is no such property; else freed by `maser_rocks_free`.
char *maser_rocks_property(maser_rocks_database *database, const maser_rocks_family *family, const char *name);
bool maser_rocks_integer_property(maser_rocks_database *database, const maser_rocks_family *family, const char *name,
                                  uint64_t *value);

// Files made outside a database, to be ingested.

maser_rocks_status maser_rocks_sst_writer_open(const char *path, const maser_rocks_family_options *options,
                                               maser_rocks_sst_writer **writer);
maser_rocks_status maser_rocks_sst_writer_put(maser_rocks_sst_writer *writer, maser_rocks_slice key,
                                              maser_rocks_slice value);
maser_rocks_status maser_rocks_sst_writer_finish(maser_rocks_sst_writer *writer, uint64_t *entries, uint64_t *bytes);
void maser_rocks_sst_writer_destroy(maser_rocks_sst_writer *writer);

#ifdef __cplusplus
}
#endif
