import Foundation

/// The `input` of a line in a reject file: the object itself if the line is one, so that it can be mended where it
/// stands; else its text; else, where it is no UTF-8, its bytes in Base64.
enum RefusedLine {
    /// JSON text for what was refused.
    static func text(_ item: JobSource.Item) -> String {
        text(Array(item.json.isEmpty ? item.raw : item.json))
    }

    private static func text(_ line: [UInt8]) -> String {
        if line.isEmpty { return "null" }
        guard UTF8Check.firstFault(line) == nil else {
            return JSONText.object([("base64", JSONText.string(Data(line).base64EncodedString()))])
        }
        let text = String(decoding: line, as: UTF8.self)
        guard case .object(let members)? = (try? JSONReader.parse(line))?.value, !line.contains(0x0A) else {
            return JSONText.string(text)
        }
        if let inner = try? input(of: members, in: line) { return Self.text(inner) }
        return text
    }

    /// The line that a line of a reject file holds; `nil` if it is none.
    ///
    /// - Throws: ``LineFault`` if the line is one and holds nothing.
    static func input(
        of members: [(name: String, node: JSONNode)], in line: [UInt8]
    ) throws(LineFault) -> [UInt8]? {
        guard members.count == 5, members.map(\.name) == ["file", "line", "path", "error", "input"] else { return nil }
        let input = members[4].node
        switch input.value {
        case .object:
            if let encoded = input["base64"]?.string, let data = Data(base64Encoded: encoded) { return Array(data) }
            return Array(line[input.range])
        case .string(let text): return Array(text.utf8)
        default: throw LineFault("input", expected: "the object or the text of the line", got: input)
        }
    }
}
