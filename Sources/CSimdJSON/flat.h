// A quick reader of what most records are: one flat object of strings, numbers and literals. It walks over the text once, makes
// no tree, and gives up on anything out of the ordinary (nesting, escapes, long numbers, what is no JSON at all): the full
// parser then reads the document from the start. So all that it has to keep is: what it takes is JSON, and means the same.

#pragma once

#include "CSimdJSON.h"

#include <cstring>
#include <simdjson.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/// A cell that a call fills is written in pieces and read back whole, which a CPU's store buffer cannot forward: that was a third
/// of the time. So all that handles one is inlined.
#define FLAT_INLINE inline __attribute__((always_inline))

namespace flat {

/// How many bytes beyond a document's end can be read. Nothing here looks further than the longest opening that a shape has
/// (see shape.h), and then the longest number.
constexpr size_t padding = 128;

/// Finds where a string ends.
struct StringScan {
    /// Its closing quote; nullptr for a string with escapes, or none at all.
    const uint8_t *end;
    /// Not 0 where a byte of it is not ASCII.
    unsigned highBits;
};

/// Reads up to 15 bytes beyond `limit`.
FLAT_INLINE StringScan scan(const uint8_t *start, const uint8_t *limit) {
#if defined(__SSE2__)
    const __m128i quote = _mm_set1_epi8('"'), escape = _mm_set1_epi8('\\'), control = _mm_set1_epi8(0x1f);
    unsigned high = 0;
    for (const uint8_t *at = start; at < limit; at += 16) {
        const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i *>(at));
        const __m128i isControl = _mm_cmpeq_epi8(_mm_min_epu8(bytes, control), bytes);
        const __m128i stops =
            _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, escape)), isControl);
        const unsigned stop = static_cast<unsigned>(_mm_movemask_epi8(stops));
        const unsigned highs = static_cast<unsigned>(_mm_movemask_epi8(bytes));
        if (stop == 0) {
            high |= highs;
            continue;
        }
        // Of the bits above the first stop, those are left where there are further ones: no high bytes.
        high |= highs & (stop - 1);
        const uint8_t *end = at + __builtin_ctz(stop);
        return {end < limit && *end == '"' ? end : nullptr, high};
    }
#else
    unsigned high = 0;
    for (const uint8_t *at = start; at < limit; at++) {
        if (*at == '"') return {at, high & 0x80};
        if (*at == '\\' || *at < 0x20) break;
        high |= *at;
    }
#endif
    return {nullptr, 0};
}

FLAT_INLINE bool isDigit(uint8_t byte) { return static_cast<uint8_t>(byte - '0') < 10; }

/// Powers of ten that a double has exactly.
constexpr double exactPowers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                  1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
constexpr uint64_t powers[] = {1, 10, 100, 1'000, 10'000, 100'000, 1'000'000, 10'000'000};

FLAT_INLINE const uint8_t *integer(const uint8_t *end, bool isNegative, uint64_t digits, maser_json_cell &cell) {
    cell.kind = MASER_JSON_INT64;
    cell.bits = isNegative ? 0 - digits : digits;
    return end;
}

FLAT_INLINE const uint8_t *decimal(
    const uint8_t *end, bool isNegative, uint64_t digits, size_t fraction, maser_json_cell &cell) {
    double value = static_cast<double>(digits) / exactPowers[fraction];
    if (isNegative) value = -value;
    cell.kind = MASER_JSON_DOUBLE;
    std::memcpy(&cell.bits, &value, sizeof value);
    return end;
}

/// Reads a number whose value needs no rounding but the one of a division: W. Clinger, "How to Read Floating Point
/// Numbers Accurately" (PLDI 1990). Returns where it ends, nullptr for any other. Looks at up to 21 bytes.
FLAT_INLINE const uint8_t *anyNumber(const uint8_t *at, maser_json_cell &cell) {
    const bool isNegative = *at == '-';
    at += isNegative;
    const uint8_t *start = at;
    uint64_t digits = 0;
    while (isDigit(*at) && at - start <= 18) digits = digits * 10 + (*at++ - '0');
    const ptrdiff_t whole = at - start;
    if (whole == 0 || whole > 18 || (*start == '0' && whole > 1)) return nullptr;
    if (*at == 'e' || *at == 'E') return nullptr;
    if (*at != '.') return integer(at, isNegative, digits, cell);
    const uint8_t *point = at++;
    while (isDigit(*at) && at - start <= 18) digits = digits * 10 + (*at++ - '0');
    const ptrdiff_t fraction = at - point - 1;
    if (fraction == 0 || isDigit(*at) || *at == 'e' || *at == 'E' || digits > (uint64_t{1} << 53)) return nullptr;
    return decimal(at, isNegative, digits, static_cast<size_t>(fraction), cell);
}

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
/// Up to eight digits in a row, all read at once, so that numbers of varying length take the same branches.
struct Digits {
    uint64_t word;
    /// 8 where there may be more.
    unsigned count;

    FLAT_INLINE explicit Digits(const uint8_t *at) {
        std::memcpy(&word, at, sizeof word);
        word ^= 0x3030303030303030;
        // What a byte that is no digit carries into the next is above the first of them.
        const uint64_t others = ((word + 0x7676767676767676) | word) & 0x8080808080808080;
        count = others == 0 ? 8 : static_cast<unsigned>(__builtin_ctzll(others)) >> 3;
    }

    /// D. Lemire's way to read eight digits with three multiplications.
    FLAT_INLINE uint64_t value() const {
        // No shift goes by 64, nor by less than none.
        uint64_t digits = (word << 1) << ((63 - 8 * count) & 63);
        if (count == 8) digits = word;
        digits = (digits * (1 + (10 << 8))) >> 8;
        digits = ((digits & 0x00ff00ff00ff00ff) * (1 + (100 << 16))) >> 16;
        return ((digits & 0x0000ffff0000ffff) * (1 + (uint64_t{10'000} << 32))) >> 32;
    }
};

/// As `anyNumber`, and quicker for a number of usual length.
FLAT_INLINE const uint8_t *number(const uint8_t *at, maser_json_cell &cell) {
    const bool isNegative = *at == '-';
    const uint8_t *start = at + isNegative;
    const Digits whole(start);
    const uint8_t *end = start + whole.count;
    if (whole.count == 8) {
        const Digits more(end);
        end += more.count;
        if (more.count == 8 || *start == '0' || *end == '.' || (*end | 0x20) == 'e') return anyNumber(at, cell);
        return integer(end, isNegative, whole.value() * powers[more.count] + more.value(), cell);
    }
    if (whole.count == 0 || (*start == '0' && whole.count > 1)) return nullptr;
    if (*end == '.') {
        const Digits fraction(end + 1);
        if (fraction.count == 8) return anyNumber(at, cell);
        end += 1 + fraction.count;
        if (fraction.count == 0 || (*end | 0x20) == 'e') return nullptr;
        const uint64_t digits = whole.value() * powers[fraction.count] + fraction.value();
        return decimal(end, isNegative, digits, fraction.count, cell);
    }
    if ((*end | 0x20) == 'e') return nullptr;
    return integer(end, isNegative, whole.value(), cell);
}
#else
FLAT_INLINE const uint8_t *number(const uint8_t *at, maser_json_cell &cell) { return anyNumber(at, cell); }
#endif

FLAT_INLINE const uint8_t *skipSpace(const uint8_t *at, const uint8_t *limit) {
    while (at < limit && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) at++;
    return at;
}

/// Reads a string that begins behind its quote, and returns where its closing one ends.
FLAT_INLINE const uint8_t *string(const uint8_t *at, const uint8_t *limit, maser_json_cell &cell, unsigned &highBits) {
    const StringScan string = scan(at, limit);
    if (string.end == nullptr) return nullptr;
    highBits |= string.highBits;
    cell.kind = MASER_JSON_STRING;
    cell.bits = reinterpret_cast<uintptr_t>(at);
    cell.length = static_cast<uint32_t>(string.end - at);
    return string.end + 1;
}

/// Reads a number or literal; nullptr for what else begins here.
FLAT_INLINE const uint8_t *bare(const uint8_t *at, maser_json_cell &cell) {
    switch (*at) {
    case 't':
        cell.kind = MASER_JSON_TRUE;
        return std::memcmp(at, "true", 4) == 0 ? at + 4 : nullptr;
    case 'f':
        cell.kind = MASER_JSON_FALSE;
        return std::memcmp(at, "false", 5) == 0 ? at + 5 : nullptr;
    case 'n':
        cell.kind = MASER_JSON_NULL;
        return std::memcmp(at, "null", 4) == 0 ? at + 4 : nullptr;
    default: return number(at, cell);
    }
}

FLAT_INLINE bool isUTF8(const uint8_t *document, const uint8_t *limit) {
    return simdjson::validate_utf8(reinterpret_cast<const char *>(document), static_cast<size_t>(limit - document));
}

/// Where a field stands: what comes before its value begins at `opening`, and has its name.
struct Place {
    const uint8_t *opening;
    const uint8_t *name;
    size_t nameLength;
    /// Behind the quote, where it is a string.
    const uint8_t *value;
};

/// Calls `field(place, cell)` for each field of the object that [document, limit) is, in order, then `closing(at)` with where
/// the last value ends. false, perhaps after some calls, where the full parser has to read it.
template <typename Field, typename Closing>
FLAT_INLINE bool read(const uint8_t *document, const uint8_t *limit, Field &&field, Closing &&closing) {
    unsigned highBits = 0;
    const uint8_t *opening = document;
    const uint8_t *at = skipSpace(document, limit);
    if (at == limit || *at != '{') return false;
    at = skipSpace(at + 1, limit);
    if (*at == '}') {
        at++;
    } else {
        while (true) {
            if (at >= limit || *at != '"') return false;
            const StringScan name = scan(at + 1, limit);
            if (name.end == nullptr) return false;
            highBits |= name.highBits;
            Place place{opening, at + 1, static_cast<size_t>(name.end - at - 1), nullptr};
            at = skipSpace(name.end + 1, limit);
            if (at >= limit || *at != ':') return false;
            at = skipSpace(at + 1, limit);
            if (at >= limit) return false;
            maser_json_cell cell{0, 0, MASER_JSON_NULL};
            place.value = at + (*at == '"');
            at = *at == '"' ? string(at + 1, limit, cell, highBits) : bare(at, cell);
            if (at == nullptr || at >= limit) return false;
            opening = at;
            field(place, cell);
            at = skipSpace(at, limit);
            if (at >= limit) return false;
            if (*at == '}') break;
            if (*at != ',') return false;
            at = skipSpace(at + 1, limit);
        }
        at++;
    }
    if (skipSpace(at, limit) != limit) return false;
    closing(opening);
    return highBits == 0 || isUTF8(document, limit);
}

}  // namespace flat
