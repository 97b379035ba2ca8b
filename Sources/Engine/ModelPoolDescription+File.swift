import Checkpoints
public import Foundation

extension ModelPoolDescription {
    /// Reads a pool file.
    ///
    /// - Throws: ``ModelPoolError/badDescription(file:reason:)`` naming the file, line and column, the JSON path and what is
    ///   wrong.
    public static func read(_ file: URL) throws -> ModelPoolDescription {
        let data: Data
        do {
            data = try Data(contentsOf: file)
        } catch {
            throw ModelPoolError.badDescription(file: file.path, reason: error.localizedDescription)
        }
        let bytes = [UInt8](data)
        if let fault = StrictJSON.firstFault(in: bytes) {
            throw ModelPoolError.badDescription(
                file: file.path, reason: "\(JSONPlace(offset: fault.offset, in: bytes)): \(fault.reason)")
        }
        do {
            return try JSONDecoder().decode(ModelPoolDescription.self, from: data)
        } catch let error as DecodingError {
            let (path, reason) = error.pathAndReason
            let name = path.isEmpty ? "top level" : path.map(\.stringValue).joined(separator: ".")
            throw ModelPoolError.badDescription(
                file: file.path, reason: "\(JSONPlace(of: path, in: bytes)): \(name): \(reason)")
        }
    }
}

extension DecodingError {
    /// The JSON path and what is wrong there.
    fileprivate var pathAndReason: (path: [any CodingKey], reason: String) {
        switch self {
        case .keyNotFound(let key, let context): (context.codingPath + [key], "key is missing")
        case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
            (context.codingPath, "expected \(Self.kind(of: type))")
        case .dataCorrupted(let context): (context.codingPath, context.debugDescription)
        @unknown default: ([], "\(self)")
        }
    }

    /// What a person calls a type.
    private static func kind(of type: Any.Type) -> String {
        switch type {
        case is Int.Type: "a whole number"
        case is Double.Type: "a number"
        case is String.Type: "a text in double quotes"
        case is Bool.Type: "true or false"
        default: "\(type)".hasPrefix("Array") ? "a list" : "an object"
        }
    }
}
