// simdjson's DOM, and not its On Demand front end: that one passes over what nobody asks for without looking at it, so
// that a record with nonsense in a field that no column reads would count as JSON today and fail once a column does.

#include "CSimdJSON.h"
#include "flat.h"
#include "shape.h"

#include <cstring>
#include <memory>
#include <simdjson.h>
#include <string>
#include <string_view>
#include <vector>

using namespace simdjson;

namespace {

/// The first bytes of a name, which tell most names apart without a call. Eight bytes at `name` can be read.
FLAT_INLINE uint64_t headOf(const void *name, size_t length) {
    uint64_t word;
    std::memcpy(&word, name, sizeof word);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return length >= 8 ? word : word & ((uint64_t{1} << (8 * length)) - 1);
}

struct Node {
    std::string name;
    uint64_t head = 0;
    std::vector<size_t> columns;
    std::vector<Node> children;

    explicit Node(std::string name) : name(std::move(name)) {
        std::string padded = this->name + std::string(8, '\0');
        head = headOf(padded.data(), this->name.size());
    }
};

/// Where the value of a field goes that no other field shares.
struct Destination {
    /// nullptr for a field that no column reads.
    const Node *node;
    bool hasOneColumn;
    /// Of that column's cell.
    size_t offset;

    Destination() = default;
    Destination(const Node *node, size_t stride)
        : node(node), hasOneColumn(node != nullptr && node->columns.size() == 1),
          offset(hasOneColumn ? node->columns[0] * stride : 0) {}
};

/// Where the cells of one document go: those of a column lie `stride` after those of the column before.
struct Target {
    maser_json_cell *cells;
    size_t stride;
    uint8_t *strings;
    size_t stringsLength;
    /// The shape that is known has a value for every column.
    bool fillsAll = false;

    maser_json_cell cell(dom::element element) {
        maser_json_cell cell{0, 0, MASER_JSON_NULL};
        switch (element.type()) {
        case dom::element_type::NULL_VALUE: break;
        case dom::element_type::BOOL:
            cell.kind = element.get_bool().value_unsafe() ? MASER_JSON_TRUE : MASER_JSON_FALSE;
            break;
        case dom::element_type::INT64:
            cell.kind = MASER_JSON_INT64;
            cell.bits = static_cast<uint64_t>(element.get_int64().value_unsafe());
            break;
        case dom::element_type::UINT64:
            cell.kind = MASER_JSON_UINT64;
            cell.bits = element.get_uint64().value_unsafe();
            break;
        case dom::element_type::DOUBLE: {
            double value = element.get_double().value_unsafe();
            cell.kind = MASER_JSON_DOUBLE;
            std::memcpy(&cell.bits, &value, sizeof value);
            break;
        }
        case dom::element_type::STRING: {
            std::string_view text = element.get_string().value_unsafe();
            cell.kind = MASER_JSON_STRING;
            cell.bits = reinterpret_cast<uintptr_t>(strings + stringsLength);
            cell.length = static_cast<uint32_t>(text.size());
            std::memcpy(strings + stringsLength, text.data(), text.size());
            stringsLength += text.size();
            break;
        }
        case dom::element_type::ARRAY: cell.kind = MASER_JSON_ARRAY; break;
        case dom::element_type::OBJECT: cell.kind = MASER_JSON_OBJECT; break;
        }
        return cell;
    }

    FLAT_INLINE void fill(const Node &node, maser_json_cell cell) {
        for (size_t column : node.columns) cells[column * stride] = cell;
    }

    void fillBelow(const Node &node, maser_json_kind kind) {
        for (const Node &child : node.children) {
            fill(child, maser_json_cell{0, 0, static_cast<uint8_t>(kind)});
            fillBelow(child, kind);
        }
    }

    /// The last of several fields with one name counts, as in most readers of JSON.
    void read(dom::object object, const Node &node) {
        const size_t count = node.children.size();
        // Documents of one category mostly have their fields in one order, which need not be the schema's.
        size_t guess = 0;
        for (auto field = object.begin(); field != object.end(); ++field) {
            std::string_view key = field.key();
            for (size_t step = 0; step < count; step++) {
                size_t index = guess + step < count ? guess + step : guess + step - count;
                const Node &child = node.children[index];
                if (key.size() != child.name.size() || std::memcmp(key.data(), child.name.data(), key.size()) != 0)
                    continue;
                read(field.value(), child);
                guess = index + 1 < count ? index + 1 : 0;
                break;
            }
        }
    }

    void clear(size_t columns) {
        for (size_t column = 0; column < columns; column++) cells[column * stride] = maser_json_cell{0, 0, 0};
    }

    /// By its shape alone; false for a document of another one, of which nothing may be kept.
    FLAT_INLINE bool readShape(const uint8_t *document, const uint8_t *limit, const flat::Shape<Destination> &shape) {
        return shape.read(document, limit, [&](const Destination &destination, maser_json_cell cell) {
            if (destination.hasOneColumn) {
                cells[destination.offset] = cell;
            } else if (destination.node != nullptr) {
                fill(*destination.node, cell);
            }
        });
    }

    /// Field by field, without the full parser; false where that has to read the document, of which nothing may be kept.
    bool readFlat(
        const uint8_t *document, const uint8_t *limit, const Node &root, size_t columns, flat::Shape<Destination> &shape) {
        const size_t count = root.children.size();
        const Node *children = root.children.data();
        size_t guess = 0;
        shape.start();
        const bool isRead = flat::read(
            document, limit,
            [&](const flat::Place &place, maser_json_cell cell) {
                const uint64_t head = headOf(place.name, place.nameLength);
                const Node *found = nullptr;
                size_t index = guess;
                for (size_t step = 0; step < count; step++, index = index + 1 < count ? index + 1 : 0) {
                    const Node &child = children[index];
                    if (head != child.head || place.nameLength != child.name.size()) continue;
                    if (std::memcmp(place.name, child.name.data(), place.nameLength) != 0) continue;
                    fill(child, cell);
                    found = &child;
                    guess = index + 1 < count ? index + 1 : 0;
                    break;
                }
                shape.add(place, Destination(found, stride));
            },
            [&](const uint8_t *end) { shape.finish(end, limit); });
        if (!isRead) shape.isKnown = false;
        fillsAll = isRead;
        for (size_t column = 0; column < columns; column++)
            fillsAll = fillsAll && cells[column * stride].kind != MASER_JSON_ABSENT;
        return isRead;
    }

    void read(dom::element element, const Node &node) {
        if (!node.columns.empty()) fill(node, cell(element));
        if (node.children.empty()) return;
        dom::object object;
        bool isObject = element.get_object().get(object) == SUCCESS;
        fillBelow(node, isObject || element.is_null() ? MASER_JSON_ABSENT : MASER_JSON_NO_PATH);
        if (isObject) read(object, node);
    }
};

bool isDigit(uint8_t byte) { return byte >= '0' && byte <= '9'; }

/// The same document with an exponent of 0 after every integer that may exceed 64 bits. simdjson reads any double but
/// refuses a whole document for one such integer, which is JSON nevertheless.
std::string withLongIntegersAsDoubles(const uint8_t *document, size_t length) {
    std::string text;
    text.reserve(length + 64);
    bool inString = false;
    for (size_t i = 0; i < length;) {
        uint8_t byte = document[i];
        if (inString) {
            text.push_back(static_cast<char>(byte));
            i++;
            if (byte == '\\' && i < length) text.push_back(static_cast<char>(document[i++]));
            if (byte == '"') inString = false;
            continue;
        }
        if (!isDigit(byte) && byte != '.' && byte != 'e' && byte != 'E') {
            inString = byte == '"';
            text.push_back(static_cast<char>(byte));
            i++;
            continue;
        }
        size_t start = i;
        bool isInteger = true;
        while (i < length) {
            bool isSign = (document[i] == '-' || document[i] == '+')
                && (document[i - 1] == 'e' || document[i - 1] == 'E') && i > start;
            bool isFraction = document[i] == '.' || document[i] == 'e' || document[i] == 'E';
            if (!isDigit(document[i]) && !isFraction && !isSign) break;
            if (isFraction) isInteger = false;
            i++;
        }
        text.append(reinterpret_cast<const char *>(document) + start, i - start);
        if (isInteger && i - start >= 19) text.append("e0");
    }
    return text;
}

/// Parsers keep what their greatest document needed; the document of this size is the greatest one to be kept for.
constexpr size_t keptDocumentBytes = 1 << 20;

struct Parser {
    dom::parser parser;
    std::string copy;

    error_code parse(const uint8_t *document, size_t length, bool isPadded, dom::element &element) {
        if (!isPadded) {
            copy.assign(reinterpret_cast<const char *>(document), length);
            document = pad();
        }
        error_code error = parser.parse(document, length, false).get(element);
        if (error != NUMBER_ERROR) return error;
        copy = withLongIntegersAsDoubles(document, length);
        length = copy.size();
        return parser.parse(pad(), length, false).get(element);
    }

  private:
    const uint8_t *pad() {
        copy.reserve(copy.size() + SIMDJSON_PADDING);
        return reinterpret_cast<const uint8_t *>(copy.data());
    }
};

thread_local Parser keptParser;

error_code parse(const uint8_t *document, size_t length, bool isPadded, std::unique_ptr<Parser> &large, dom::element &element) {
    if (length <= keptDocumentBytes) return keptParser.parse(document, length, isPadded, element);
    large = std::make_unique<Parser>();
    return large->parse(document, length, isPadded, element);
}

}  // namespace

struct maser_json_paths {
    Node root{""};
    size_t columns = 0;

    bool isFlat() const {
        if (!root.columns.empty()) return false;
        for (const Node &child : root.children)
            if (!child.children.empty()) return false;
        return true;
    }
};

maser_json_paths *maser_json_paths_create(void) { return new maser_json_paths; }

void maser_json_paths_destroy(maser_json_paths *paths) { delete paths; }

void maser_json_paths_add(maser_json_paths *paths, const char *const *names, const size_t *lengths, size_t count) {
    Node *node = &paths->root;
    for (size_t i = 0; i < count; i++) {
        std::string name(names[i], lengths[i]);
        Node *next = nullptr;
        for (Node &child : node->children)
            if (child.name == name) next = &child;
        if (next == nullptr) {
            node->children.emplace_back(name);
            next = &node->children.back();
        }
        node = next;
    }
    node->columns.push_back(paths->columns++);
}

/// What it takes beyond a shape that is known: an error, or SUCCESS.
__attribute__((noinline)) static int32_t decodeAnew(
    Target &target, const maser_json_paths &paths, const uint8_t *document, size_t length, size_t padding,
    flat::Shape<Destination> &shape) {
    if (padding >= flat::padding && paths.isFlat()) {
        target.clear(paths.columns);
        if (target.readFlat(document, document + length, paths.root, paths.columns, shape)) return SUCCESS;
    }
    target.clear(paths.columns);
    dom::element element;
    dom::object object;
    std::unique_ptr<Parser> large;
    error_code error = parse(document, length, padding >= SIMDJSON_PADDING, large, element);
    if (error != SUCCESS) return error;
    if (element.get_object().get(object) != SUCCESS) return MASER_JSON_NOT_AN_OBJECT;
    target.read(object, paths.root);
    return SUCCESS;
}

void maser_json_decode(
    const maser_json_paths *paths, const uint8_t *documents, const intptr_t *ends, size_t count,
    maser_json_cell *cells, uint8_t *strings, int32_t *errors) {
    const uint8_t *document = documents;
    const uint8_t *end = documents + (count == 0 ? 0 : ends[count - 1]);
    Target target{cells, count, strings, 0, false};
    flat::Shape<Destination> shape;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *limit = documents + ends[i];
        // The documents that follow are padding enough.
        const size_t padding = static_cast<size_t>(end - limit);
        target.cells = cells + i;
        if (!target.fillsAll) target.clear(paths->columns);
        errors[i] = padding >= flat::padding && target.readShape(document, limit, shape)
            ? SUCCESS
            : decodeAnew(target, *paths, document, static_cast<size_t>(limit - document), padding, shape);
        document = limit;
    }
}

intptr_t maser_json_array(
    const uint8_t *document, size_t length, maser_json_cell *cells, size_t capacity, uint8_t *strings) {
    dom::element element;
    dom::array array;
    std::unique_ptr<Parser> large;
    if (error_code error = parse(document, length, false, large, element)) return -static_cast<intptr_t>(error);
    if (element.get_array().get(array) != SUCCESS) return -MASER_JSON_NOT_AN_ARRAY;
    Target target{cells, 1, strings, 0, false};
    size_t count = 0;
    for (dom::element item : array) {
        if (count < capacity) cells[count] = target.cell(item);
        count++;
    }
    return static_cast<intptr_t>(count);
}

const char *maser_json_error(int32_t error) {
    if (error == MASER_JSON_NOT_AN_OBJECT) return "it is not an object";
    if (error == MASER_JSON_NOT_AN_ARRAY) return "it is not an array";
    return error_message(static_cast<error_code>(error));
}

int maser_utf8_is_valid(const uint8_t *text, size_t length) {
    return validate_utf8(reinterpret_cast<const char *>(text), length) ? 1 : 0;
}
