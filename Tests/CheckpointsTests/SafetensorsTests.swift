import Foundation
import Testing

@testable import Checkpoints

/// Hostile and truncated files give errors that name the file and the place.
@Suite struct SafetensorsTests {
    static func error(_ data: Data, config: Bool = true) throws -> CheckpointError {
        let scratch = try ScratchCheckpoint()
        _ = try scratch.open()
        try scratch.write("model.safetensors", data)
        return try #require(#expect(throws: CheckpointError.self) { try Checkpoint.open(path: scratch.path) })
    }

    static let header = #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#

    static let hostile: [(header: String, dataBytes: Int, says: String)] = [
        (#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, 8, "expected 12"),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 7, "truncated"),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, 8, "data_offsets"),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}"#, 8, "a.data_offsets"),
        (#"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}"#, 8, "overflows"),
        (#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,8]}}"#, 8, "a.shape"),
        (#"{"a":{"dtype":"F32","shape":2,"data_offsets":[0,8]}}"#, 8, "a.shape"),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,18446744073709551616]}}"#, 8, "a.data_offsets"),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}}"#, 8, "a.data_offsets"),
        (#"{"a":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}"#, 8, "a.dtype"),
        (#"{"a":{"shape":[1],"data_offsets":[0,8]}}"#, 8, "a.dtype"),
        (#"{"a":null}"#, 8, "a:"),
        (#"{"a":[]}"#, 8, "an array"),
        (
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
            8,
            "overlaps tensor 'a'"
        ),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{}}"#, 8, "appears twice"),
        (#"{"a":"#, 8, "byte 13"),
        (#"[]"#, 8, "expected an object"),
        (String(repeating: "[", count: 100_000), 0, "nested deeper"),
        (#"{"a":"# + String(repeating: #"{"a":"#, count: 100_000), 0, "nested deeper"),
        ("{\"a\\ud800\":1}", 0, "surrogate"),
        ("{\"\u{1}\":1}", 0, "control character"),
    ]

    @Test(arguments: hostile.indices) func refuses(_ index: Int) throws {
        let (header, dataBytes, says) = Self.hostile[index]
        let error = try Self.error(ScratchCheckpoint.safetensors(header: header, dataBytes: dataBytes))
        #expect(error.description.contains(says), "\(error)")
        #expect(error.description.contains("model.safetensors"))
    }

    @Test func headerLengths() throws {
        for length: UInt64 in [0, 1, 55, 56, 100_000_001, .max, UInt64(Int64.max)] {
            var data = withUnsafeBytes(of: length.littleEndian) { Data($0) }
            data.append(contentsOf: Self.header.utf8)
            #expect(try Self.error(data).code == "checkpoint_malformed", "length \(length)")
        }
        for count in 0..<8 { #expect(try Self.error(Data(count: count)).code == "checkpoint_malformed") }
    }

    @Test func everyTruncationIsAnError() throws {
        let scratch = try ScratchCheckpoint()
        _ = try scratch.open()
        let whole = scratch.safetensors()
        for count in stride(from: 0, to: whole.count, by: 13) {
            try scratch.write("model.safetensors", whole.prefix(count))
            #expect(throws: CheckpointError.self) { try Checkpoint.open(path: scratch.path) }
        }
    }

    @Test func damagedBytesNeverTrap() throws {
        let scratch = try ScratchCheckpoint()
        _ = try scratch.open()
        let whole = scratch.safetensors()
        var random = SystemRandomNumberGenerator()
        for _ in 0..<500 {
            var data = whole
            for _ in 0..<3 { data[Int.random(in: 0..<1500, using: &random)] = .random(in: 0...255, using: &random) }
            try scratch.write("model.safetensors", data)
            _ = try? Checkpoint.open(path: scratch.path)
        }
    }

    @Test func shards() throws {
        let scratch = try ScratchCheckpoint()
        _ = try scratch.open()
        try FileManager.default.moveItem(
            atPath: "\(scratch.path)/model.safetensors", toPath: "\(scratch.path)/model-00001-of-00001.safetensors")
        func index(_ file: String) throws {
            let map = scratch.tensors.keys.map { "\"\($0)\": \"\(file)\"" }.joined(separator: ",")
            try scratch.write("model.safetensors.index.json", Data("{\"weight_map\": {\(map)}}".utf8))
        }
        try index("model-00001-of-00001.safetensors")
        #expect(try Checkpoint.open(path: scratch.path).allTensors.count == 13)
        for escape in ["../model.safetensors", "/etc/passwd", "..", "", "a/b"] {
            try index(escape)
            let error = #expect(throws: CheckpointError.self) { try Checkpoint.open(path: scratch.path) }
            #expect(error?.description.contains("same directory") == true)
        }
        try index("absent.safetensors")
        let error = #expect(throws: CheckpointError.self) { try Checkpoint.open(path: scratch.path) }
        #expect(error?.code == "checkpoint_unreadable")
    }
}
