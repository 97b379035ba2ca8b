import Decoder
import Engine
import Foundation
import Synchronization
import Testing

@testable import glimpq

@Suite struct WeightCacheFolderTests {
    private func pool(_ choice: String?) throws -> ModelPoolDescription {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("pool-\(UUID()).json")
        defer { try? FileManager.default.removeItem(at: file) }
        let key = choice.map { "\"weight_cache\": \($0)," } ?? ""
        let text = """
            {\(key) "default_pair": "p", "models": {"m": {"path": "x"}}, "pairs": {"p": {"slm": "m", "llm": "m"}}}
            """
        try text.write(to: file, atomically: true, encoding: .utf8)
        return try ModelPoolDescription.read(file)
    }

    static let home = ["HOME": "/home/u"]

    @Test(arguments: [
        ("off", "\"kept\"", home, String?.none),
        ("/here", "false", home, "/here"),
        ("on", "false", home, "/home/u/.cache/glimpq/weights"),
        (nil, "\"kept\"", home, "/pools/kept"),
        (nil, "\"/kept\"", home, "/kept"),
        (nil, "false", home, nil),
        (nil, "true", home, "/home/u/.cache/glimpq/weights"),
        (nil, "true", ["HOME": "/home/u", "XDG_CACHE_HOME": "/c"], "/c/glimpq/weights"),
        (nil, "true", ["HOME": "/home/u", "CACHE_DIRECTORY": "/var/cache/g:/x"], "/var/cache/g/weights"),
        (nil, "true", [:], nil),
    ])
    func precedence(_ setting: String?, _ choice: String, _ environment: [String: String], _ expected: String?) throws {
        let folder = WeightCacheFolder(setting: setting, environment: environment)
        let cache = try folder.cache(for: pool(choice), relativeTo: URL(fileURLWithPath: "/pools", isDirectory: true))
        #expect(cache?.folder == expected)
    }

    @Test(arguments: [
        ("/home/u/.cache", "ext4"), ("/home", "ext4"), ("/homely", "overlay"), ("/var/cache/g", "tmpfs"),
        ("/", "overlay"),
    ])
    func theNearestMountCounts(_ path: String, _ kind: String) {
        let mounts = """
            overlay / overlay rw 0 0
            /dev/sda1 /home ext4 rw 0 0
            none /var/cache xfs rw 0 0
            tmpfs /var/cache tmpfs rw 0 0
            """
        #expect(WeightCacheFolder.fileSystem(of: path, mounts: mounts) == kind)
    }

    @Test func nonsenseIsRefused() throws {
        let error = try #require(throws: ModelPoolError.self) { try pool("3") }
        #expect(error.description.hasSuffix("weight_cache: expected a folder's path, true or false"), "\(error)")
    }
}

@Suite struct LoadProgressTests {
    @Test func aLineEveryThreeSecondsWithShareAndRate() {
        let now = Mutex(Duration.zero), lines = Mutex<[String]>([])
        let progress = LoadProgress(interval: .seconds(3), clock: { now.withLock(\.self) }) { line in
            lines.withLock { $0.append(line.sentence) }
        }
        let total = 100 << 20
        for second in 0...7 {
            now.withLock { $0 = .seconds(second) }
            progress.report(model: "m", .packing(done: second * (10 << 20), total: total))
        }
        #expect(
            lines.withLock(\.self) == [
                "packing weights, model m, done 30.0 MiB of 100.0 MiB, share 30 %, rate 10.0 MiB/s",
                "packing weights, model m, done 60.0 MiB of 100.0 MiB, share 60 %, rate 10.0 MiB/s",
            ])
    }

    @Test func whatIsWrongIsSaidAtOnce() {
        let lines = Mutex<[LoadProgress.Line]>([])
        let progress = LoadProgress { line in lines.withLock { $0.append(line) } }
        progress.report(model: "m", .unavailable(file: "f", reason: "no room"))
        #expect(lines.withLock(\.self).map(\.isWarning) == [true])
        #expect(lines.withLock(\.self).map(\.sentence)[0].hasSuffix("model m, file f, reason no room"))
    }
}
