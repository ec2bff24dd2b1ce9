#pragma once
#include <stddef.h>
#include <stdint.h>

/// XXH3-64 of `length` bytes, seed 0. See https://github.com/Cyan4973/xxHash (doc/xxhash_spec.md).
uint64_t maser_xxh3_64(const void *bytes, size_t length);
