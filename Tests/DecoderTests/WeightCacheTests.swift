import Checkpoints
import Foundation
import Kernels
import Synchronization
import Testing

@testable import Decoder

/// A folder for one test's cache, and what was reported.
private final class Scratch: Sendable {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("weights-\(UUID())")
    private let log = Mutex<[LoadEvent]>([])

    deinit {
        try? FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: folder.path)
        try? FileManager.default.removeItem(at: folder)
    }

    /// Keeps models of any size.
    var cache: WeightCache { WeightCache(folder: folder.appendingPathComponent("deep/er").path, smallestBytes: 0) }

    /// What was reported since the last look, without progress.
    func events() -> [LoadEvent] {
        log.withLock { events in
            defer { events = [] }
            return events.filter { if case .packing = $0 { false } else if case .reading = $0 { false } else { true } }
        }
    }

    func decoder(
        _ checkpoint: Checkpoint, family: KernelFamily = .own, precision: Precision = .exact, cached: Bool = true
    ) throws -> Decoder {
        try Decoder(
            checkpoint: checkpoint, threads: ComputeThreads(count: 2), family: family, precision: precision,
            loading: WeightLoading(cache: cached ? cache : nil) { event in self.log.withLock { $0.append(event) } })
    }

    /// A checkpoint of the test's own, which it may change.
    func copy(_ name: String) throws -> String {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let copy = folder.appendingPathComponent(name)
        if !FileManager.default.fileExists(atPath: copy.path) {
            try FileManager.default.copyItem(atPath: GoldenCheckpoint.path(name), toPath: copy.path)
        }
        return copy.path
    }
}

@Suite struct WeightCacheTests {
    static let cases = GoldenCheckpoint.ggufFiles.keys.sorted().flatMap { name in
        KernelFamily.allCases.flatMap { family in Precision.allCases.map { (name, family, $0) } }
    }

    private static func bits(_ decoder: Decoder) throws -> [[UInt32]] {
        let tokens = InvarianceTests.tokens(40, seed: 5, below: decoder.shape.vocabularySize)
        return try decoder.logits(of: tokens, chunk: 13).map(\.bits)
    }

    /// Packed into memory, packed into the file, and mapped from it: the same logits.
    @Test(arguments: cases)
    func resultsAreTheSameBits(_ name: String, _ family: KernelFamily, _ precision: Precision) throws {
        let scratch = Scratch(), checkpoint = try GoldenCheckpoint.openGGUF(name)
        let own = try scratch.decoder(checkpoint, family: family, precision: precision, cached: false)
        #expect(own.weightFile == nil)
        let expected = try Self.bits(own)
        let first = try scratch.decoder(checkpoint, family: family, precision: precision)
        let file = try #require(first.weightFile)
        let size = try #require(scratch.cache.files.first).byteCount
        #expect(scratch.events() == [.written(file: file, bytes: size)])
        #expect(
            size > WeightLayout(checkpoint, family: family, precision: precision).byteCount)
        let second = try scratch.decoder(checkpoint, family: family, precision: precision)
        #expect(second.weightFile == file)
        #expect(scratch.events() == [])
        #expect(try Self.bits(first) == expected)
        #expect(try Self.bits(second) == expected)
    }

    /// Half-precision floats are packed alike for both precisions, so both use one file.
    @Test func precisionsShareAFileWhereTheyPackAlike() throws {
        let scratch = Scratch(), checkpoint = try GoldenCheckpoint.open("qwen3-half")
        let exact = try scratch.decoder(checkpoint), fast = try scratch.decoder(checkpoint, precision: .fast)
        #expect(exact.weightFile == fast.weightFile && exact.weightFile != nil)
        #expect(try scratch.decoder(checkpoint, family: .openBLAS).weightFile != exact.weightFile)
        #expect(scratch.cache.files.map(\.fault) == [nil, nil])
    }

    /// What may have become of a file; each is noticed and mended.
    enum Damage: String, CaseIterable {
        case isEmpty, hasNoHeader, wasCutShort, hasAnotherVersion, hasAnotherDescription, wasExtended

        func apply(to path: String) throws {
            var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            switch self {
            case .isEmpty: bytes = Data()
            case .hasNoHeader: bytes.replaceSubrange(0..<4096, with: Data(count: 4096))
            case .wasCutShort: bytes.removeLast(64)
            case .hasAnotherVersion: bytes[8] += 1
            case .hasAnotherDescription: bytes[40] ^= 1
            case .wasExtended: bytes.append(0)
            }
            try bytes.write(to: URL(fileURLWithPath: path))
        }
    }

    @Test(arguments: Damage.allCases) func damagedFilesAreMadeAnew(_ damage: Damage) throws {
        let scratch = Scratch(), checkpoint = try GoldenCheckpoint.open("llama-biases")
        let expected = try Self.bits(scratch.decoder(checkpoint, cached: false))
        let file = try #require(scratch.decoder(checkpoint).weightFile)
        _ = scratch.events()
        try damage.apply(to: file)
        #expect(scratch.cache.lookUp(checkpoint, family: .own, precision: .exact)?.fault != nil)
        let mended = try scratch.decoder(checkpoint)
        guard case .rejected(file, _) = scratch.events().first else {
            Issue.record("no word of the damaged file")
            return
        }
        #expect(mended.weightFile == file)
        #expect(try Self.bits(mended) == expected)
        #expect(scratch.cache.lookUp(checkpoint, family: .own, precision: .exact)?.fault == nil)
    }

    /// The file belongs to the weights as they were: another time, or other numbers at the same time.
    @Test(arguments: [true, false]) func changedWeightsAreNoticed(keepingTheTime: Bool) throws {
        let scratch = Scratch(), path = try scratch.copy("qwen2-tied")
        let before = try scratch.decoder(Checkpoint.open(path: path))
        let old = try Self.bits(before), file = try #require(before.weightFile)
        let weights = URL(fileURLWithPath: path + "/model.safetensors")
        let time = try #require(
            FileManager.default.attributesOfItem(atPath: weights.path)[.modificationDate] as? Date)
        var bytes = try Data(contentsOf: weights)
        // Behind the header: the numbers, float32. Their exponents stay.
        let header = 8 + Int(bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) })
        for index in stride(from: header + 1, to: bytes.count, by: 4) { bytes[index] ^= 0x55 }
        try bytes.write(to: weights)
        if keepingTheTime {
            try FileManager.default.setAttributes([.modificationDate: time], ofItemAtPath: weights.path)
        }
        let checkpoint = try Checkpoint.open(path: path)
        let expected = try Self.bits(scratch.decoder(checkpoint, cached: false))
        let after = try scratch.decoder(checkpoint)
        #expect(expected != old)
        #expect(try Self.bits(after) == expected)
        #expect(after.weightFile != file)
        // The one before is gone, and whoever has mapped it still has it.
        #expect(scratch.cache.files.map(\.path) == [after.weightFile])
        #expect(try Self.bits(before) == old)
    }

    @Test func aTouchedCheckpointIsPackedAnew() throws {
        let scratch = Scratch(), path = try scratch.copy("qwen2-tied")
        let file = try #require(scratch.decoder(Checkpoint.open(path: path)).weightFile)
        _ = scratch.events()
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 1e9)], ofItemAtPath: path + "/model.safetensors")
        let after = try scratch.decoder(Checkpoint.open(path: path))
        #expect(after.weightFile == file)
        #expect(
            scratch.events().first == .rejected(file: file, reason: "the checkpoint's files have changed since"))
    }

    /// What a killed process leaves is no obstacle and never used.
    @Test func anAbandonedDraftIsOverwritten() throws {
        let scratch = Scratch(), checkpoint = try GoldenCheckpoint.open("qwen3-half")
        let file = try #require(scratch.decoder(checkpoint).weightFile)
        try FileManager.default.moveItem(atPath: file, toPath: file + ".partial")
        #expect(scratch.cache.files.map(\.fault) == ["it is unfinished"])
        #expect(try scratch.decoder(checkpoint).weightFile == file)
        #expect(scratch.cache.files.map(\.path) == [file])
    }

    @Test func whoComesSecondWaitsForTheFirst() async throws {
        let scratch = Scratch(), checkpoint = try GoldenCheckpoint.open("qwen3-sharded")
        let expected = try Self.bits(scratch.decoder(checkpoint, cached: false))
        try await withThrowingTaskGroup(of: Decoder.self) { group in
            for _ in 0..<6 { group.addTask { try scratch.decoder(checkpoint) } }
            for try await decoder in group {
                #expect(decoder.weightFile != nil)
                #expect(try Self.bits(decoder) == expected)
            }
        }
        let written = scratch.events().filter { if case .written = $0 { true } else { false } }
        #expect(written.count == 1, "packed once")
        #expect(scratch.cache.files.count == 1)
    }

    @Test func aFolderThatCannotBeMadeCostsTheCacheAlone() throws {
        let scratch = Scratch(), path = try scratch.copy("qwen2-tied")
        var cache = scratch.cache
        cache.folder = path + "/config.json/weights"
        let events = Mutex<[LoadEvent]>([])
        let decoder = try Decoder(
            checkpoint: Checkpoint.open(path: path), threads: ComputeThreads(count: 1), family: .own,
            loading: WeightLoading(cache: cache) { event in events.withLock { $0.append(event) } })
        #expect(decoder.weightFile == nil)
        let reasons = events.withLock { $0 }.compactMap { event in
            if case .unavailable(_, let reason) = event { reason } else { nil }
        }
        #expect(reasons == ["the folder cannot be made: Not a directory"])
        #expect(try Self.bits(decoder) == Self.bits(scratch.decoder(Checkpoint.open(path: path), cached: false)))
    }

    @Test func smallModelsAreNotKept() throws {
        let scratch = Scratch(), checkpoint = try GoldenCheckpoint.open("qwen2-tied")
        var cache = scratch.cache
        cache.smallestBytes = Decoder.weightByteCount(of: checkpoint, precision: .exact) + 1
        let decoder = try Decoder(
            checkpoint: checkpoint, threads: ComputeThreads(count: 1), family: .own,
            loading: WeightLoading(cache: cache))
        #expect(decoder.weightFile == nil)
        #expect(!FileManager.default.fileExists(atPath: cache.folder))
    }

    @Test func clearingRemovesWhatIsOurs() throws {
        let scratch = Scratch(), checkpoint = try GoldenCheckpoint.open("qwen2-tied")
        let decoder = try scratch.decoder(checkpoint)
        let other = scratch.cache.folder + "/notes.txt"
        #expect(FileManager.default.createFile(atPath: other, contents: Data("mine".utf8)))
        #expect(scratch.cache.clear().map(\.path) == [decoder.weightFile])
        #expect(FileManager.default.fileExists(atPath: other))
        #expect(try Self.bits(decoder) == Self.bits(scratch.decoder(checkpoint, cached: false)))
    }
}
