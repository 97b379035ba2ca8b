internal import Checkpoints
internal import FoundationEssentials
internal import Kernels

/// The beginning of a file of packed weights, little-endian:
///
///     8 bytes   "GLIMPQWP"
///     u32       version of this layout
///     u32       length of the description
///     u64       FNV-1a 64 of the description
///     …         description: JSON
///
/// The matrices follow, where the description says. The header is written after them, so a file without one is unfinished.
struct PackedWeightsHeader: Codable, Hashable, Sendable {
    /// One matrix in the file.
    struct Piece: Codable, Hashable, Sendable {
        var format: String
        var outputs: Int
        var inputs: Int
        var bytes: Int
    }

    /// What the weights were packed from and how; a file is good for a checkpoint if all of it agrees.
    struct Identity: Codable, Hashable, Sendable {
        /// `Checkpoint.fingerprint`
        var fingerprint: String
        /// `Checkpoint.sample`
        var sample: String
        var sources: [CheckpointSource]
        var family: String
        /// `MatrixLayout.version`
        var panels: Int
        /// In the order of `WeightLayout.matrices`.
        var pieces: [Piece]

        init(_ checkpoint: Checkpoint, layout: WeightLayout, family: KernelFamily) {
            fingerprint = checkpoint.fingerprint
            sample = checkpoint.sample
            sources = checkpoint.sources
            self.family = family.rawValue
            panels = MatrixLayout.version
            pieces = layout.matrices.map {
                Piece(format: $0.format.rawValue, outputs: $0.outputs, inputs: $0.inputs, bytes: $0.byteCount)
            }
        }

        /// Everything that two files in one folder may differ in: all but the times of the sources.
        var digest: String {
            let matrices = pieces.map { "\($0.format) \($0.outputs) \($0.inputs)" }.joined(separator: ",")
            return Checkpoint.digest(of: "\(fingerprint) \(sample) \(family) \(panels) \(matrices)")
        }
    }

    var identity: Identity
    /// The checkpoint's path when it was packed, for people.
    var path: String
    /// Where the matrices begin, a multiple of a page.
    var bodyOffset: Int
    /// Length of the whole file.
    var fileBytes: Int

    /// Version of this layout.
    static let version: UInt32 = 1
    private static let magic = Array("GLIMPQWP".utf8)
    private static let fixedBytes = 24
    /// More is no description of ours.
    private static let largestDescription = 64 << 20
    private static let page = 4096

    /// The header of a file with matrices of `bodyBytes` in all.
    init(_ identity: Identity, path: String, bodyBytes: Int) throws {
        self.identity = identity
        self.path = path
        (bodyOffset, fileBytes) = (.max, .max)
        // With numbers as long as they can be.
        bodyOffset = (try encoded().count + Self.page - 1) / Self.page * Self.page
        fileBytes = bodyOffset + bodyBytes
    }

    /// The header's bytes.
    func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let description = [UInt8](try encoder.encode(self))
        var bytes = Self.magic
        func append(_ integer: some FixedWidthInteger) { withUnsafeBytes(of: integer.littleEndian) { bytes += $0 } }
        append(Self.version)
        append(UInt32(description.count))
        append(Checkpoint.checksum(of: description))
        return bytes + description
    }

    /// Reads the header of a whole file and checks it against the file's length.
    ///
    /// - Throws: ``PackedWeightsFault``.
    static func decode(_ file: UnsafeRawBufferPointer) throws -> PackedWeightsHeader {
        guard file.count >= fixedBytes, file.prefix(magic.count).elementsEqual(magic) else {
            throw PackedWeightsFault("it is unfinished or no file of packed weights")
        }
        let fileVersion = UInt32(littleEndian: file.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
        guard fileVersion == version else {
            throw PackedWeightsFault("it has version \(fileVersion), this program writes \(version)")
        }
        let length = Int(UInt32(littleEndian: file.loadUnaligned(fromByteOffset: 12, as: UInt32.self)))
        let checksum = UInt64(littleEndian: file.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
        guard length <= min(largestDescription, file.count - fixedBytes) else {
            throw PackedWeightsFault("it is damaged: the description ends behind the file")
        }
        let description = [UInt8](file[fixedBytes..<fixedBytes + length])
        guard Checkpoint.checksum(of: description) == checksum,
            let header = try? JSONDecoder().decode(PackedWeightsHeader.self, from: Data(description))
        else { throw PackedWeightsFault("it is damaged: the description's checksum is wrong") }
        guard header.fileBytes == file.count else {
            throw PackedWeightsFault("it is damaged: expected \(header.fileBytes) bytes, got \(file.count)")
        }
        guard header.bodyOffset % page == 0, (fixedBytes + length...file.count).contains(header.bodyOffset) else {
            throw PackedWeightsFault("it is damaged: its matrices begin at byte \(header.bodyOffset)")
        }
        return header
    }
}

extension PackedWeightsHeader.Identity {
    /// Why a file with this identity is of no use for another; nil if it is.
    func mismatch(with wanted: Self) -> String? {
        if self == wanted { return nil }
        if sources != wanted.sources { return "the checkpoint's files have changed since" }
        if fingerprint != wanted.fingerprint || sample != wanted.sample { return "it belongs to another checkpoint" }
        return "its matrices are packed in another way"
    }
}

/// Why a file of packed weights cannot be used or made.
struct PackedWeightsFault: Error {
    let reason: String

    init(_ reason: String) { self.reason = reason }

    /// With what the system said last.
    init(_ what: String, code: Int32) { reason = "\(what): \(systemMessage(code))" }
}
