#include "CXXHash.h"

#include <stdlib.h>

// Inlined from the system's header, so that a short key costs no call into a shared library.
#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t maser_xxh3_64(const void *bytes, size_t length) {
    return XXH3_64bits(bytes, length);
}

void maser_xxh3_64_of_each(const void *arena, const intptr_t *ends, size_t count, size_t skipped, uint64_t *hashes) {
    intptr_t start = 0;
    for (size_t i = 0; i < count; i++) {
        size_t length = (size_t)(ends[i] - start);
        size_t left_out = length < skipped ? length : skipped;
        hashes[i] = XXH3_64bits((const char *)arena + start + left_out, length - left_out);
        start = ends[i];
    }
}

maser_xxh3_stream *maser_xxh3_stream_create(void) {
    XXH3_state_t *state = XXH3_createState();
    if (state == NULL) abort();
    XXH3_64bits_reset(state);
    return (maser_xxh3_stream *)state;
}

void maser_xxh3_stream_destroy(maser_xxh3_stream *stream) {
    XXH3_freeState((XXH3_state_t *)stream);
}

void maser_xxh3_stream_update(maser_xxh3_stream *stream, const void *bytes, size_t length) {
    XXH3_64bits_update((XXH3_state_t *)stream, bytes, length);
}

uint64_t maser_xxh3_stream_digest(const maser_xxh3_stream *stream) {
    return XXH3_64bits_digest((const XXH3_state_t *)stream);
}
