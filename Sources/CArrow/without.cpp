// What stands in where Maser is built without Arrow.

#ifndef MASER_ARROW

#include "CArrow.h"

#include <cstring>

namespace {

char *unavailable() { return strdup("Maser was built without Arrow"); }

}  // namespace

int maser_arrow_is_available(void) { return 0; }

maser_arrow_file *maser_arrow_open(const char *, maser_arrow_format, char **error) {
    *error = unavailable();
    return nullptr;
}

void maser_arrow_close(maser_arrow_file *) {}

int maser_arrow_schema(maser_arrow_file *, struct ArrowSchema *, char **error) {
    *error = unavailable();
    return -1;
}

char *maser_arrow_type_name(maser_arrow_file *, int) { return strdup(""); }

int maser_arrow_start(maser_arrow_file *, const int *, int, int, char **error) {
    *error = unavailable();
    return -1;
}

int maser_arrow_next(maser_arrow_file *, int64_t, struct ArrowArray *, char **error) {
    *error = unavailable();
    return -1;
}

int64_t maser_arrow_bytes_read(const maser_arrow_file *) { return 0; }

#endif
