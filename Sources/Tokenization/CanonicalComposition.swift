import Foundation

/// Unicode normalisation form C of UTF-8 text.
enum CanonicalComposition {
    /// The text in form C; the same bytes where nothing below U+0300 can change.
    static func normalize(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        // Every scalar below U+0300 is its own form C and composes with nothing before it; 0xCC begins U+0300.
        if bytes.allSatisfy({ $0 < 0xCC }) { return bytes }
        let text = String(decoding: bytes, as: UTF8.self).precomposedStringWithCanonicalMapping
        return Array(text.utf8)[...]
    }
}
