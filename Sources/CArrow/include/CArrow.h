#ifndef MASER_CARROW_H
#define MASER_CARROW_H

// Reads Parquet and ORC files through Arrow C++, batch by batch, and hands each batch over through the Arrow C data
// interface. Nothing here throws: what goes wrong is a message, which the caller frees with `free`.
//
// Compiled without Arrow (MASER_ARROW is not defined) every call but `maser_arrow_is_available` fails.

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// The Arrow C data interface, word for word: https://arrow.apache.org/docs/format/CDataInterface.html. The guard is the one
// that Arrow's own headers have.
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
    const char *format;
    const char *name;
    const char *metadata;
    int64_t flags;
    int64_t n_children;
    struct ArrowSchema **children;
    struct ArrowSchema *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};

struct ArrowArray {
    int64_t length;
    int64_t null_count;
    int64_t offset;
    int64_t n_buffers;
    int64_t n_children;
    const void **buffers;
    struct ArrowArray **children;
    struct ArrowArray *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};

#endif

typedef struct maser_arrow_file maser_arrow_file;

typedef enum {
    MASER_ARROW_PARQUET = 0,
    MASER_ARROW_ORC = 1,
} maser_arrow_format;

// 1 where Maser was built with Arrow.
int maser_arrow_is_available(void);

// Opens a file and reads its footer. NULL and a message where it is no such file.
maser_arrow_file *maser_arrow_open(const char *path, maser_arrow_format format, char **error);

void maser_arrow_close(maser_arrow_file *file);

// The file's top-level columns, as the children of a struct; the caller releases it. 0, or -1 and a message.
int maser_arrow_schema(maser_arrow_file *file, struct ArrowSchema *schema, char **error);

// What the type of a top-level column is called, for messages; the caller frees it.
char *maser_arrow_type_name(maser_arrow_file *file, int column);

// Begins to read these top-level columns, all of them flat. Several threads decode columns where `uses_threads`.
// 0, or -1 and a message.
int maser_arrow_start(maser_arrow_file *file, const int *columns, int count, int uses_threads, char **error);

// The next rows as the children of a struct array, in the order of `maser_arrow_start`, for the caller to release:
// `greatest_rows` at most, or what ORC files are always cut into. 1; 0 at the end; -1 and a message.
int maser_arrow_next(maser_arrow_file *file, int64_t greatest_rows, struct ArrowArray *batch, char **error);

// How much of the file lies before what comes next, at most its size; an estimate, for progress bars.
int64_t maser_arrow_bytes_read(const maser_arrow_file *file);

#ifdef __cplusplus
}
#endif

#endif
