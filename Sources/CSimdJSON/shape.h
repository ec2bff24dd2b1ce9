// Most records of a category have the same fields in the same order, written the same way: only the values differ. So what
// stands between the values of one record is remembered, and compared with the next record sixteen bytes at a time: no name is
// searched for, and no space skipped. A record that differs is read field by field, and remembered in its turn.

#pragma once

#include "flat.h"

namespace flat {

/// What stands before a value, or behind the last one.
struct Opening {
    static constexpr size_t greatestLength = 64;

    alignas(16) uint8_t bytes[greatestLength];
    size_t length;
    /// A bit for each of the first sixteen bytes that belong to it.
    unsigned mask;

    /// false where it is too long to be remembered.
    bool remember(const uint8_t *start, const uint8_t *end) {
        length = static_cast<size_t>(end - start);
        if (length > greatestLength) return false;
        mask = length >= 16 ? 0xffff : (1u << length) - 1;
        std::memcpy(bytes, start, length);
        return true;
    }

    FLAT_INLINE bool matches(const uint8_t *at) const {
#if defined(__SSE2__)
        const __m128i here = _mm_loadu_si128(reinterpret_cast<const __m128i *>(at));
        const __m128i there = _mm_load_si128(reinterpret_cast<const __m128i *>(bytes));
        const unsigned equal = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(here, there)));
        if ((equal & mask) != mask) return false;
        return length <= 16 || std::memcmp(at + 16, bytes + 16, length - 16) == 0;
#else
        return std::memcmp(at, bytes, length) == 0;
#endif
    }
};

/// What the record before looked like. `Target` is what the caller knows of a field by its name.
template <typename Target> struct Shape {
    static constexpr size_t greatestCount = 64;

    struct Field {
        Opening opening;
        bool isString;
        Target target;
    };

    Field fields[greatestCount];
    Opening closing;
    size_t count = 0;
    /// false: no record can be compared with it.
    bool isKnown = false;

    /// Before `add` for every field of a record, and `finish`.
    void start() {
        count = 0;
        isKnown = true;
    }

    void add(const Place &place, Target target) {
        isKnown = isKnown && count < greatestCount && fields[count].opening.remember(place.opening, place.value);
        if (!isKnown) return;
        fields[count].isString = place.value[-1] == '"';
        fields[count++].target = target;
    }

    void finish(const uint8_t *end, const uint8_t *limit) { isKnown = isKnown && closing.remember(end, limit); }

    /// Calls `field(target, cell)` for each field of a document that has this shape, in order. false, perhaps after some
    /// calls, for any other.
    template <typename Found> FLAT_INLINE bool read(const uint8_t *document, const uint8_t *limit, Found &&found) const {
        if (!isKnown) return false;
        unsigned highBits = 0;
        const uint8_t *at = document;
        for (const Field *field = fields; field < fields + count; field++) {
            if (at >= limit || !field->opening.matches(at)) return false;
            at += field->opening.length;
            maser_json_cell cell{0, 0, MASER_JSON_NULL};
            at = field->isString ? string(at, limit, cell, highBits) : bare(at, cell);
            if (at == nullptr) return false;
            found(field->target, cell);
        }
        // What was read is all within the document where its end is, for nothing goes back.
        if (at >= limit || at + closing.length != limit || !closing.matches(at)) return false;
        return highBits == 0 || isUTF8(document, limit);
    }
};

}  // namespace flat
