#ifndef MASER_CINFLATE_H
#define MASER_CINFLATE_H

// Decompresses gzip and zstd as streams. A file may be several of them, one after the other, as `cat` makes them.

#include <stddef.h>
#include <stdint.h>

typedef struct maser_inflate maser_inflate;

typedef enum {
    MASER_INFLATE_GZIP = 0,
    MASER_INFLATE_ZSTD = 1,
} maser_inflate_format;

// NULL where there is no memory.
maser_inflate *maser_inflate_make(maser_inflate_format format);

void maser_inflate_free(maser_inflate *stream);

// Takes bytes of `input` and makes bytes of `output`; says how many. Where it takes and makes none, it wants more input.
// NULL, or why the input is wrong.
const char *maser_inflate_step(
    maser_inflate *stream, const uint8_t *input, size_t input_count, size_t *taken, uint8_t *output,
    size_t output_count, size_t *made);

// 1 where the input may end here: what began has come to its end.
int maser_inflate_may_end(const maser_inflate *stream);

#endif
