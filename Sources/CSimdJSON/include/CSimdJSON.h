#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// What one document has at one path.
enum maser_json_kind {
    MASER_JSON_ABSENT = 0,
    MASER_JSON_NULL = 1,
    MASER_JSON_FALSE = 2,
    MASER_JSON_TRUE = 3,
    /// `bits` are an int64.
    MASER_JSON_INT64 = 4,
    /// `bits` are an integer above the greatest int64.
    MASER_JSON_UINT64 = 5,
    /// `bits` are a double's.
    MASER_JSON_DOUBLE = 6,
    /// `bits` are the address of `length` bytes, in the document or among the decoded strings.
    MASER_JSON_STRING = 7,
    MASER_JSON_ARRAY = 8,
    MASER_JSON_OBJECT = 9,
    /// Something on the way to the path is neither an object nor null.
    MASER_JSON_NO_PATH = 10,
};

typedef struct maser_json_cell {
    uint64_t bits;
    uint32_t length;
    uint8_t kind;
} maser_json_cell;

/// The paths wanted of every document. Immutable once the last path is added: threads may share it.
typedef struct maser_json_paths maser_json_paths;

maser_json_paths *maser_json_paths_create(void);
void maser_json_paths_destroy(maser_json_paths *paths);
/// Wants the value under nested names, from the outside in; columns number from 0 in the order of these calls.
void maser_json_paths_add(maser_json_paths *paths, const char *const *names, const size_t *lengths, size_t count);

/// Reads `count` documents that lie one after the other; document i ends at ends[i].
///
/// `cells` takes columns x count cells, column by column. `strings` takes at least as many bytes as the documents have, and
/// STRING_PADDING more: so many can be read behind every string that a cell refers to. errors[i] becomes 0, or why document
/// i is not JSON; NOT_AN_OBJECT where it is something else than an object.
void maser_json_decode(
    const maser_json_paths *paths, const uint8_t *documents, const intptr_t *ends, size_t count,
    maser_json_cell *cells, uint8_t *strings, int32_t *errors);

enum { MASER_JSON_STRING_PADDING = 16 };
enum { MASER_JSON_NOT_AN_OBJECT = 1000, MASER_JSON_NOT_AN_ARRAY = 1001 };

/// Reads one document that is an array. Returns its number of elements, of which the first `capacity` are in `cells`;
/// or minus an error. `strings` takes at least `length` bytes.
intptr_t maser_json_array(
    const uint8_t *document, size_t length, maser_json_cell *cells, size_t capacity, uint8_t *strings);

/// What an error is, for a person.
const char *maser_json_error(int32_t error);

int maser_utf8_is_valid(const uint8_t *text, size_t length);

#ifdef __cplusplus
}
#endif
