#include <rocksdb/convenience.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>

#include "log_guard.h"
#include "structures.h"

namespace {

constexpr size_t bytes_between_syncs = 1 << 20;
// Of the least blocks: a cache whose entries are larger only keeps a table with more places than it needs.
constexpr size_t entry_bytes_of_cache = 8 << 10;
// Memtables are charged to the cache in pieces of 256 KiB that may fall anywhere: a shard that is not far larger than a few of them
// may have no room left for blocks, and those of its keys are read from files for ever. RocksDB's own least is 512 KiB.
constexpr size_t least_shard_of_cache = 8 << 20;
constexpr int most_shard_bits_of_cache = 6;
constexpr double bloom_share_of_memtable = 0.02;
// Within a block a key is found by its hash, and only these many rows are then read: a tenth of a lookup's instructions less
// than with RocksDB's sixteen and no hash, for three to five bytes a row before compression.
constexpr int rows_per_restart = 4;

rocksdb::CompressionType compression(maser_rocks_compression compression) {
    switch (compression) {
        case MASER_ROCKS_LZ4: return rocksdb::kLZ4Compression;
        case MASER_ROCKS_ZSTD: return rocksdb::kZSTD;
        default: return rocksdb::kNoCompression;
    }
}

}  // namespace

// A cache without locks and lists: a lookup takes a tenth to a fifth less than with RocksDB's LRU cache, of many keys and of few.
maser_rocks_memory *maser_rocks_memory_create(size_t cache_bytes, size_t memtable_bytes) {
    auto memory = new maser_rocks_memory;
    int shard_bits = 0;
    while (shard_bits < most_shard_bits_of_cache && cache_bytes >> (shard_bits + 1) >= least_shard_of_cache) shard_bits++;
    memory->cache = rocksdb::HyperClockCacheOptions(cache_bytes, entry_bytes_of_cache, shard_bits).MakeSharedCache();
    // It does not stall writers: stalled ones would wait for ever for a flush that a full disk fails.
    memory->memtables = std::make_shared<rocksdb::WriteBufferManager>(memtable_bytes, memory->cache, false);
    return memory;
}

void maser_rocks_memory_destroy(maser_rocks_memory *memory) { delete memory; }

size_t maser_rocks_memory_cache_usage(const maser_rocks_memory *memory) { return memory->cache->GetUsage(); }

size_t maser_rocks_memory_memtable_usage(const maser_rocks_memory *memory) { return memory->memtables->memory_usage(); }

bool maser_rocks_supports(maser_rocks_compression wanted) {
    for (rocksdb::CompressionType type : rocksdb::GetSupportedCompressions()) {
        if (type == compression(wanted)) return true;
    }
    return false;
}

rocksdb::DBOptions maser::database_options(const maser_rocks_database_options &options,
                                           const maser_rocks_memory &memory) {
    rocksdb::DBOptions native;
    native.create_if_missing = options.create_if_missing;
    native.max_open_files = options.max_open_files;
    native.max_background_jobs = options.background_jobs;
    native.max_total_wal_size = options.max_total_wal_bytes;
    native.write_buffer_manager = memory.memtables;
    native.max_manifest_file_size = options.max_manifest_bytes;
    native.bytes_per_sync = bytes_between_syncs;
    // A torn tail is what was not synced: recovery keeps everything before it. Log files are not recycled, which
    // RocksDB 7.8 cannot do in this mode.
    native.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
    native.stats_dump_period_sec = 0;
    native.stats_persist_period_sec = 0;
    // It reads the properties of a few files, and without them every table would seem empty after a start.
    native.skip_stats_update_on_db_open = false;
    native.avoid_unnecessary_blocking_io = true;
    return native;
}

rocksdb::ColumnFamilyOptions maser::family_options(const maser_rocks_family_options &options,
                                                   const std::shared_ptr<rocksdb::Cache> &cache) {
    rocksdb::ColumnFamilyOptions native;
    if (options.merge_operator != nullptr) native.merge_operator = maser::merge_operator(*options.merge_operator);

    rocksdb::BlockBasedTableOptions table;
    table.block_cache = cache;
    table.block_size = options.block_bytes;
    table.format_version = 5;
    table.cache_index_and_filter_blocks = true;
    table.cache_index_and_filter_blocks_with_high_priority = true;
    table.pin_l0_filter_and_index_blocks_in_cache = true;
    if (options.bloom_bits_per_key > 0) {
        table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(options.bloom_bits_per_key));
        table.whole_key_filtering = true;
        table.block_restart_interval = rows_per_restart;
        table.data_block_index_type = rocksdb::BlockBasedTableOptions::kDataBlockBinaryAndHash;
        native.memtable_prefix_bloom_size_ratio = bloom_share_of_memtable;
        native.memtable_whole_key_filtering = true;
    }
    native.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));

    // One hint for the whole memtable: the place of a row is looked for from that of the last one, a step or two away.
    // (`memtable_insert_hint_per_batch` does nothing: RocksDB 7.8 asks for it only where several batches are inserted at
    // once, which batches with merges never are.)
    if (options.is_filled_in_order) {
        native.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(0));
    }
    native.write_buffer_size = options.memtable_bytes;
    native.max_write_buffer_number = options.max_memtables;
    native.compression = compression(options.compression);
    native.bottommost_compression = compression(options.bottom_compression);
    native.target_file_size_base = options.file_bytes;
    native.max_bytes_for_level_base = options.base_level_bytes;
    native.level_compaction_dynamic_level_bytes = options.is_compacted;
    if (!options.is_compacted) {
        native.compaction_style = rocksdb::kCompactionStyleNone;
        native.disable_auto_compactions = true;
    }
    return native;
}
