#include "structures.h"

maser_rocks_snapshot *maser_rocks_snapshot_create(maser_rocks_database *database) {
    return new maser_rocks_snapshot{database->db->GetSnapshot()};
}

void maser_rocks_snapshot_destroy(maser_rocks_database *database, maser_rocks_snapshot *snapshot) {
    database->db->ReleaseSnapshot(snapshot->snapshot);
    delete snapshot;
}

maser_rocks_status maser_rocks_get(maser_rocks_database *database, const maser_rocks_family *family,
                                   maser_rocks_slice key, const maser_rocks_snapshot *snapshot,
                                   maser_rocks_value **value, maser_rocks_slice *bytes) {
    maser::stop_counting();
    auto found = std::make_unique<maser_rocks_value>();
    rocksdb::Status status =
        database->db->Get(maser::read_options(snapshot), family->handle, maser::slice(key), &found->bytes);
    *value = nullptr;
    *bytes = {nullptr, 0};
    if (status.IsNotFound()) return maser::report(rocksdb::Status::OK());
    if (status.ok()) {
        *bytes = maser::slice(found->bytes);
        *value = found.release();
    }
    return maser::report(status);
}

void maser_rocks_value_destroy(maser_rocks_value *value) { delete value; }

maser_rocks_status maser_rocks_multi_get(maser_rocks_database *database, const maser_rocks_family *family,
                                         const void *arena, const intptr_t *ends, size_t count, bool sorted,
                                         const maser_rocks_snapshot *snapshot, maser_rocks_values **values,
                                         const maser_rocks_slice **slices) {
    maser::stop_counting();
    std::vector<rocksdb::Slice> keys(count);
    intptr_t start = 0;
    for (size_t i = 0; i < count; i++) {
        keys[i] = maser::slice(maser_rocks_slice{static_cast<const char *>(arena) + start, size_t(ends[i] - start)});
        start = ends[i];
    }
    std::vector<rocksdb::Status> statuses(count);
    auto found = std::make_unique<maser_rocks_values>();
    found->pinned.resize(count);
    found->slices.resize(count, maser_rocks_slice{nullptr, 0});
    database->db->MultiGet(maser::read_options(snapshot), family->handle, count, keys.data(), found->pinned.data(),
                           statuses.data(), sorted);
    for (size_t i = 0; i < count; i++) {
        if (statuses[i].ok()) {
            found->slices[i] = maser::slice(found->pinned[i]);
        } else if (!statuses[i].IsNotFound()) {
            return maser::report(statuses[i]);
        }
    }
    *slices = found->slices.data();
    *values = found.release();
    return maser::report(rocksdb::Status::OK());
}

void maser_rocks_values_destroy(maser_rocks_values *values) { delete values; }

maser_rocks_iterator *maser_rocks_iterator_create(maser_rocks_database *database, const maser_rocks_family *family,
                                                  maser_rocks_bound lower, maser_rocks_bound upper,
                                                  const maser_rocks_snapshot *snapshot, bool fills_cache) {
    maser::stop_counting();
    auto iterator = new maser_rocks_iterator;
    rocksdb::ReadOptions options = maser::read_options(snapshot);
    options.fill_cache = fills_cache;
    if (lower.is_set) {
        iterator->lower_bytes = maser::slice(lower.bytes).ToString();
        iterator->lower = iterator->lower_bytes;
        options.iterate_lower_bound = &iterator->lower;
    }
    if (upper.is_set) {
        iterator->upper_bytes = maser::slice(upper.bytes).ToString();
        iterator->upper = iterator->upper_bytes;
        options.iterate_upper_bound = &iterator->upper;
    }
    iterator->iterator.reset(database->db->NewIterator(options, family->handle));
    return iterator;
}

void maser_rocks_iterator_destroy(maser_rocks_iterator *iterator) { delete iterator; }

static maser_rocks_entry entry(const maser_rocks_iterator *iterator) {
    if (!iterator->iterator->Valid()) return {false, {nullptr, 0}, {nullptr, 0}};
    return {true, maser::slice(iterator->iterator->key()), maser::slice(iterator->iterator->value())};
}

maser_rocks_entry maser_rocks_iterator_seek(maser_rocks_iterator *iterator, maser_rocks_slice key) {
    iterator->iterator->Seek(maser::slice(key));
    return entry(iterator);
}

maser_rocks_entry maser_rocks_iterator_seek_for_previous(maser_rocks_iterator *iterator, maser_rocks_slice key) {
    iterator->iterator->SeekForPrev(maser::slice(key));
    return entry(iterator);
}

maser_rocks_entry maser_rocks_iterator_seek_to_first(maser_rocks_iterator *iterator) {
    iterator->iterator->SeekToFirst();
    return entry(iterator);
}

maser_rocks_entry maser_rocks_iterator_seek_to_last(maser_rocks_iterator *iterator) {
    iterator->iterator->SeekToLast();
    return entry(iterator);
}

maser_rocks_entry maser_rocks_iterator_next(maser_rocks_iterator *iterator) {
    iterator->iterator->Next();
    return entry(iterator);
}

maser_rocks_entry maser_rocks_iterator_previous(maser_rocks_iterator *iterator) {
    iterator->iterator->Prev();
    return entry(iterator);
}

maser_rocks_status maser_rocks_iterator_status(const maser_rocks_iterator *iterator) {
    return maser::report(iterator->iterator->status());
}
