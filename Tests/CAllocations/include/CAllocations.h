#pragma once

#include <stdint.h>

/// How often this thread has asked for memory so far. Linking this counts every allocation of the process, in whichever library.
uint64_t maser_allocation_count(void);
