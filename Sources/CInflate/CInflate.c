#include "CInflate.h"

#include <limits.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

struct maser_inflate {
    maser_inflate_format format;
    z_stream gzip;
    ZSTD_DStream *zstd;
    // Before the first byte of a stream, and after its last.
    int is_between;
    // An empty file is no compressed file.
    int has_begun;
};

// 16 asks zlib for gzip's header and checksum instead of its own.
static const int gzip_window_bits = 15 + 16;

maser_inflate *maser_inflate_make(maser_inflate_format format) {
    maser_inflate *stream = calloc(1, sizeof(*stream));
    if (stream == NULL) return NULL;
    stream->format = format;
    stream->is_between = 1;
    if (format == MASER_INFLATE_GZIP) {
        if (inflateInit2(&stream->gzip, gzip_window_bits) == Z_OK) return stream;
    } else {
        stream->zstd = ZSTD_createDStream();
        if (stream->zstd != NULL) return stream;
    }
    free(stream);
    return NULL;
}

void maser_inflate_free(maser_inflate *stream) {
    if (stream == NULL) return;
    if (stream->format == MASER_INFLATE_GZIP) {
        inflateEnd(&stream->gzip);
    } else {
        ZSTD_freeDStream(stream->zstd);
    }
    free(stream);
}

static const char *step_gzip(
    maser_inflate *stream, const uint8_t *input, size_t input_count, size_t *taken, uint8_t *output,
    size_t output_count, size_t *made) {
    if (stream->is_between) {
        // Tapes and some archivers fill up with zeros, which gzip(1) passes over as well.
        while (stream->has_begun && *taken < input_count && input[*taken] == 0) *taken += 1;
        if (*taken == input_count) return NULL;
        inflateReset(&stream->gzip);
        stream->is_between = 0;
        stream->has_begun = 1;
    }
    size_t left = input_count - *taken;
    stream->gzip.next_in = (Bytef *)(input + *taken);
    stream->gzip.avail_in = left > UINT_MAX ? UINT_MAX : (uInt)left;
    stream->gzip.next_out = output;
    stream->gzip.avail_out = output_count > UINT_MAX ? UINT_MAX : (uInt)output_count;
    int result = inflate(&stream->gzip, Z_NO_FLUSH);
    *taken = (size_t)(stream->gzip.next_in - input);
    *made = (size_t)(stream->gzip.next_out - output);
    if (result == Z_STREAM_END) stream->is_between = 1;
    if (result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR) return NULL;
    return stream->gzip.msg != NULL ? stream->gzip.msg : "no gzip data";
}

static const char *step_zstd(
    maser_inflate *stream, const uint8_t *input, size_t input_count, size_t *taken, uint8_t *output,
    size_t output_count, size_t *made) {
    ZSTD_inBuffer from = {input, input_count, 0};
    ZSTD_outBuffer to = {output, output_count, 0};
    size_t result = ZSTD_decompressStream(stream->zstd, &to, &from);
    *taken = from.pos;
    *made = to.pos;
    if (ZSTD_isError(result)) return ZSTD_getErrorName(result);
    if (*taken > 0) stream->has_begun = 1;
    stream->is_between = result == 0;
    return NULL;
}

const char *maser_inflate_step(
    maser_inflate *stream, const uint8_t *input, size_t input_count, size_t *taken, uint8_t *output,
    size_t output_count, size_t *made) {
    *taken = 0;
    *made = 0;
    if (input_count == 0 && stream->is_between) return NULL;
    return stream->format == MASER_INFLATE_GZIP
        ? step_gzip(stream, input, input_count, taken, output, output_count, made)
        : step_zstd(stream, input, input_count, taken, output, output_count, made);
}

int maser_inflate_may_end(const maser_inflate *stream) { return stream->has_begun && stream->is_between; }
