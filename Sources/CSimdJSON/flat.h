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

namespace flat {

/// Finds where a string ends.
struct StringScan {
    /// Its closing quote; nullptr for a string with escapes, or none at all.
    const uint8_t *end;
    bool hasHighBits;
};

/// Reads up to 15 bytes beyond `limit`.
inline StringScan scan(const uint8_t *start, const uint8_t *limit) {
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
        const int index = __builtin_ctz(stop);
        high |= highs & ((1u << index) - 1);
        const uint8_t *end = at + index;
        return {end < limit && *end == '"' ? end : nullptr, high != 0};
    }
#else
    uint8_t high = 0;
    for (const uint8_t *at = start; at < limit; at++) {
        if (*at == '"') return {at, (high & 0x80) != 0};
        if (*at == '\\' || *at < 0x20) break;
        high |= *at;
    }
#endif
    return {nullptr, false};
}

inline bool isDigit(uint8_t byte) { return static_cast<uint8_t>(byte - '0') < 10; }

/// Powers of ten that a double has exactly.
constexpr double exactPowers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                  1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/// Reads a number whose value needs no rounding but the one of a division: W. Clinger, "How to Read Floating Point
/// Numbers Accurately" (PLDI 1990). Returns where it ends, nullptr for any other. Looks at up to 21 bytes.
inline const uint8_t *number(const uint8_t *at, maser_json_cell &cell) {
    const bool isNegative = *at == '-';
    at += isNegative;
    const uint8_t *start = at;
    uint64_t digits = 0;
    while (isDigit(*at) && at - start <= 18) digits = digits * 10 + (*at++ - '0');
    const ptrdiff_t whole = at - start;
    if (whole == 0 || whole > 18 || (*start == '0' && whole > 1)) return nullptr;
    if (*at == 'e' || *at == 'E') return nullptr;
    if (*at != '.') {
        const int64_t value = isNegative ? -static_cast<int64_t>(digits) : static_cast<int64_t>(digits);
        cell.kind = MASER_JSON_INT64;
        cell.bits = static_cast<uint64_t>(value);
        return at;
    }
    const uint8_t *point = at++;
    while (isDigit(*at) && at - start <= 18) digits = digits * 10 + (*at++ - '0');
    const ptrdiff_t fraction = at - point - 1;
    if (fraction == 0 || isDigit(*at) || *at == 'e' || *at == 'E' || digits > (uint64_t{1} << 53)) return nullptr;
    double value = static_cast<double>(digits) / exactPowers[fraction];
    if (isNegative) value = -value;
    cell.kind = MASER_JSON_DOUBLE;
    std::memcpy(&cell.bits, &value, sizeof value);
    return at;
}

inline const uint8_t *skipSpace(const uint8_t *at, const uint8_t *limit) {
    while (at < limit && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) at++;
    return at;
}

/// Reads a string, number or literal; nullptr for what else begins here. A string's `bits` are its place from `document`.
inline const uint8_t *value(
    const uint8_t *at, const uint8_t *limit, const uint8_t *document, maser_json_cell &cell, bool &hasHighBits) {
    switch (*at) {
    case '"': {
        const StringScan string = scan(at + 1, limit);
        if (string.end == nullptr) return nullptr;
        hasHighBits |= string.hasHighBits;
        cell.kind = MASER_JSON_STRING;
        cell.bits = static_cast<uint64_t>(at + 1 - document);
        cell.length = static_cast<uint32_t>(string.end - at - 1);
        return string.end + 1;
    }
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

/// Calls `field(name, length, cell)` for each field of the object that [document, limit) is, in order. false, perhaps after
/// some calls, where the full parser has to read it. At least 64 bytes beyond `limit` can be read.
template <typename Field> bool read(const uint8_t *document, const uint8_t *limit, Field &&field) {
    bool hasHighBits = false;
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
            hasHighBits |= name.hasHighBits;
            const uint8_t *start = at + 1;
            at = skipSpace(name.end + 1, limit);
            if (at >= limit || *at != ':') return false;
            at = skipSpace(at + 1, limit);
            if (at >= limit) return false;
            maser_json_cell cell{0, 0, MASER_JSON_NULL};
            at = value(at, limit, document, cell, hasHighBits);
            if (at == nullptr || at >= limit) return false;
            field(reinterpret_cast<const char *>(start), static_cast<size_t>(name.end - start), cell);
            at = skipSpace(at, limit);
            if (at >= limit) return false;
            if (*at == '}') break;
            if (*at != ',') return false;
            at = skipSpace(at + 1, limit);
        }
        at++;
    }
    if (skipSpace(at, limit) != limit) return false;
    return !hasHighBits
        || simdjson::validate_utf8(reinterpret_cast<const char *>(document), static_cast<size_t>(limit - document));
}

}  // namespace flat
