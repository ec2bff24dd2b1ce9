// Zstandard and LZ4, the system's. https://facebook.github.io/zstd/zstd_manual.html, https://github.com/lz4/lz4
#pragma once
#include <lz4.h>
#include <zstd.h>
