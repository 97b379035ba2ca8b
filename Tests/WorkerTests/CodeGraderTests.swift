import Foundation
import Routing
import Testing

@testable import Worker

/// One after the other: a script that is being written cannot be run, and a process that starts meanwhile holds it open.
@Suite(.serialized) struct CodeGraderTests {
    /// A program of a few lines of shell; `$1` is the file of the code, `$2` that of the reference answer.
    private func run(
        _ script: String, code: String = "the code", reference: String = "the reference",
        limits change: (inout CodeGrader.Limits) -> Void = { _ in }
    ) async throws -> Grade {
        let file = try program(script)
        defer { try? FileManager.default.removeItem(at: file) }
        var limits = CodeGrader.Limits()
        change(&limits)
        return try await CodeGrader(command: file.path, limits: limits).grade(code: code, reference: reference)
    }

    private func program(_ script: String) throws -> URL {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("grader-\(UUID())")
        try Data("#!/bin/sh\n\(script)\n".utf8).write(to: file)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
        return file
    }

    @Test(arguments: [
        (#"test "$(cat "$1")" = "the code" && test "$(cat "$2")" = "the reference""#, true), ("exit 1", false),
        ("test -z \"$GLIMPQ_TEST_DATABASE_URL$PGPASSWORD\"", true), ("! read line", true),
        ("test \"$(pwd -P)\" = \"$(cd \"$HOME\" && pwd -P)\"", true), ("kill -9 $$", false),
    ])
    func verdicts(script: String, isCorrect: Bool) async throws {
        let grade = try await run(script)
        #expect(grade.isCorrect == isCorrect && grade.reason == nil && grade.extracted == "the code")
    }

    @Test func otherExitCodesAreNoVerdict() async throws {
        let grade = try await run("echo first; echo 'no interpreter' >&2; exit 7")
        #expect(grade.isCorrect == nil)
        #expect(grade.reason?.contains("exit code 7") == true && grade.reason?.contains("no interpreter") == true)
        let missing = try await CodeGrader(command: "/nowhere/at/all").grade(code: "x", reference: "")
        #expect(missing.isCorrect == nil && missing.reason?.contains("127") == true)
        #expect(try await run("exit 0", code: "").isCorrect == false)
    }

    @Test func processorTimeIsLimited() async throws {
        #expect(try await run("while :; do :; done") { $0.processorSeconds = 1 }.isCorrect == false)
    }

    @Test func wallTimeIsLimited() async throws {
        #expect(try await run("exec sleep 600") { $0.wallSeconds = 1 }.isCorrect == false)
        #expect(try await run("exec >/dev/null 2>&1; exec sleep 600") { $0.wallSeconds = 1 }.isCorrect == false)
    }

    @Test func memoryIsLimited() async throws {
        let script = "dd if=/dev/zero of=/dev/null bs=512M count=1"
        #expect(try await run(script) { $0.mebibytes = 256 }.isCorrect == false)
        #expect(try await run(script) { $0.mebibytes = 1024 }.isCorrect == true)
    }

    @Test func outputIsLimited() async throws {
        #expect(try await run("exec yes") { $0.outputBytes = 100_000 }.isCorrect == false)
        #expect(try await run("head -c 90000 /dev/zero") { $0.outputBytes = 100_000 }.isCorrect == true)
    }

    @Test func filesAreLimited() async throws {
        let script = "head -c 5000000 /dev/zero > file || exit 1; exit 0"
        #expect(try await run(script) { $0.fileMebibytes = 1 }.isCorrect == false)
    }

    /// What the command leaves running goes with it.
    @Test func theWholeGroupIsKilled() async throws {
        let mark = FileManager.default.temporaryDirectory.appendingPathComponent("mark-\(UUID())")
        defer { try? FileManager.default.removeItem(at: mark) }
        let grade = try await run(
            "sh -c 'echo $$ > \(mark.path); exec sleep 600' >/dev/null 2>&1 & while ! test -s \(mark.path); do :; done; exit 0"
        )
        #expect(grade.isCorrect == true)
        let text = try String(contentsOf: mark, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
        let process = try #require(Int32(text))
        // Dead, or a zombie that nobody has asked for yet.
        let status = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
        #expect(status == nil || status?.contains(") Z") == true)
    }

    @Test func aCancelledRunIsKilled() async throws {
        let running = Task { try await run("exec sleep 600") }
        try await Task.sleep(for: .milliseconds(100))
        running.cancel()
        let grade = try? await running.value
        #expect(grade?.isCorrect != true)
    }

    @Test func manyAtOnceWaitForEachOther() async throws {
        // One program for all: none is being written while another one starts.
        let file = try program(#"exit "$(cat "$1")""#)
        defer { try? FileManager.default.removeItem(at: file) }
        let grader = CodeGrader(command: file.path, limits: CodeGrader.Limits())
        try await withThrowingTaskGroup(of: Bool?.self) { group in
            for number in 0..<12 {
                group.addTask { try await grader.grade(code: "\(number % 2)", reference: "the reference").isCorrect }
            }
            var right = 0
            for try await isCorrect in group where isCorrect == true { right += 1 }
            #expect(right == 6)
        }
    }

    /// The command that comes with the project.
    @Test(
        .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/python3")),
        arguments: [
            ("a, b = map(int, input().split())\nprint(a + b)", true), ("print(3)", false), ("import nothing", false),
            ("while True: pass", false),
        ])
    func thePythonCommandJudgesPrograms(code: String, isCorrect: Bool) async throws {
        let reference = #"{"tests": [{"input": "1 2", "output": "3\n"}, {"input": "5 6\n", "output": "11"}]}"#
        var limits = CodeGrader.Limits()
        limits.processorSeconds = 2
        limits.wallSeconds = 30
        let command = WorkerFixture.root.appendingPathComponent("Ops/graders/python").path
        let grade = try await CodeGrader(command: command, limits: limits).grade(code: code, reference: reference)
        #expect(grade.isCorrect == isCorrect)
    }

    @Test func aFunctionIsCalledWithItsArguments() async throws {
        guard FileManager.default.isExecutableFile(atPath: "/usr/bin/python3") else { return }
        let reference = #"{"tests": [{"input": "[2, 1]\n3", "output": "[1, 2, 3]"}], "metadata": {"func_name": "f"}}"#
        let code = "class Solution:\n    def f(self, x, y):\n        print('noise')\n        return sorted(x) + [y]"
        let grader = CodeGrader(command: WorkerFixture.root.appendingPathComponent("Ops/graders/python").path)
        #expect(try await grader.grade(code: code, reference: reference).isCorrect == true)
        let broken = try await grader.grade(code: code, reference: "no JSON")
        #expect(broken.isCorrect == nil && broken.reason?.contains("holds no tests") == true)
    }
}
