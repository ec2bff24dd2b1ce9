// `.proto` text for a table, from which any language generates classes that read its keys' columns, rows and states.

/// One message of a generated file.
package struct ProtoMessage: Sendable {
    package var name: String
    package var comment: String
    package var fields: [ProtoField]

    package init(name: String, comment: String, fields: [ProtoField]) {
        self.name = name
        self.comment = comment
        self.fields = fields
    }
}

package struct ProtoField: Sendable {
    package var number: Int
    /// A column's name as SQL has it; the text shows what protobuf allows of it.
    package var name: String
    package var type: ProtoType
    package var comment: String

    package init(number: Int, name: String, type: ProtoType, comment: String = "") {
        self.number = number
        self.name = name
        self.type = type
        self.comment = comment
    }
}

package indirect enum ProtoType: Sendable {
    case value(ValueType)
    case fixed64
    /// A message declared inside the field's own; fields that share a name share the declaration.
    case message(ProtoMessage)
    case repeated(ProtoType)
}

package enum ProtoText {
    /// The file for one table: messages `XKey` (the key columns, numbered in order), `X` (a row) and, where there are
    /// states, `XState`.
    package static func file(
        table: String, comment: String, keyColumns: [(name: String, type: ValueType)], row: [ProtoField],
        states: [ProtoField]
    ) -> String {
        let name = typeName(table)
        let key = keyColumns.enumerated().map { index, column in
            ProtoField(number: index + 1, name: column.name, type: .value(column.type))
        }
        var messages = [
            ProtoMessage(
                name: name + "Key",
                comment: "The key's columns, in order. On the wire a key is a tuple of them, not this message.",
                fields: key),
            ProtoMessage(name: name, comment: "A row, as lookups answer it.", fields: row),
        ]
        if !states.isEmpty {
            messages.append(
                ProtoMessage(name: name + "State", comment: "What is stored of a row, and combines.", fields: states))
        }
        var text = "// \(oneLine(comment))\nsyntax = \"proto3\";\n\npackage maser.tables;\n"
        for message in messages {
            text += "\n"
            append(message, indent: "", to: &text)
        }
        return text
    }

    /// `delay_by_route` is `DelayByRoute`.
    package static func typeName(_ name: String) -> String {
        var text = ""
        var startsWord = true
        for character in identifier(name) {
            if character == "_" {
                startsWord = true
                continue
            }
            text += startsWord ? character.uppercased() : String(character)
            startsWord = false
        }
        return text.first?.isLetter == true ? text : "T" + text
    }

    private static func append(_ message: ProtoMessage, indent: String, to text: inout String) {
        if !message.comment.isEmpty { text += "\(indent)// \(oneLine(message.comment))\n" }
        text += "\(indent)message \(message.name) {\n"
        var declared: Set<String> = []
        for field in message.fields {
            guard let nested = nested(field.type), declared.insert(nested.name).inserted else { continue }
            append(nested, indent: indent + "  ", to: &text)
        }
        var names: Set<String> = []
        for field in message.fields {
            var name = identifier(field.name)
            // Two columns may differ only in what protobuf does not allow.
            if !names.insert(name).inserted {
                name += "_\(field.number)"
                names.insert(name)
            }
            let note =
                [timeNote(field.type), oneLine(field.comment)].filter { !$0.isEmpty }.joined(separator: "; ")
            text += "\(indent)  \(label(field.type))\(typeText(field.type)) \(name) = \(field.number);"
            text += note.isEmpty ? "\n" : "  // \(note)\n"
        }
        text += "\(indent)}\n"
    }

    private static func nested(_ type: ProtoType) -> ProtoMessage? {
        switch type {
        case .message(let message): message
        case .repeated(let element): nested(element)
        case .value, .fixed64: nil
        }
    }

    private static func label(_ type: ProtoType) -> String {
        if case .repeated = type { return "repeated " }
        return "optional "
    }

    private static func typeText(_ type: ProtoType) -> String {
        switch type {
        case .value(.bool): "bool"
        case .value(.int64), .value(.timestamp): "int64"
        case .value(.double): "double"
        case .value(.string): "string"
        case .value(.bytes): "bytes"
        case .fixed64: "fixed64"
        case .message(let message): message.name
        case .repeated(let element): typeText(element)
        }
    }

    private static func timeNote(_ type: ProtoType) -> String {
        if case .value(.timestamp) = type { return "microseconds since 1970, UTC" }
        return ""
    }

    private static func identifier(_ name: String) -> String {
        var text = ""
        for character in name.unicodeScalars {
            let isAllowed = character.isASCII && (character.properties.isAlphabetic || ("0"..."9").contains(character))
            text.unicodeScalars.append(isAllowed ? character : "_")
        }
        guard let first = text.unicodeScalars.first, first.properties.isAlphabetic else { return "f_" + text }
        return text
    }

    private static func oneLine(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).joined(separator: " ")
    }
}
