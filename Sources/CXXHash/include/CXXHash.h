#pragma once
#include <stddef.h>
#include <stdint.h>

/// XXH3-64 of `length` bytes, seed 0. See https://github.com/Cyan4973/xxHash (doc/xxhash_spec.md).
uint64_t maser_xxh3_64(const void *bytes, size_t length);

/// Of each of `count` byte strings that lie one after another in `arena`, without the first `skipped` bytes of each; number i
/// ends at ends[i].
void maser_xxh3_64_of_each(const void *arena, const intptr_t *ends, size_t count, size_t skipped, uint64_t *hashes);

/// The same of bytes that come piece by piece.
typedef struct maser_xxh3_stream maser_xxh3_stream;

maser_xxh3_stream *maser_xxh3_stream_create(void);
void maser_xxh3_stream_destroy(maser_xxh3_stream *stream);
void maser_xxh3_stream_update(maser_xxh3_stream *stream, const void *bytes, size_t length);
uint64_t maser_xxh3_stream_digest(const maser_xxh3_stream *stream);

/// Asks for memory that is read soon. Any address will do.
static inline void maser_prefetch(const void *address) { __builtin_prefetch(address); }
