import Foundation
import Testing

@testable import glimpq

@Suite struct CSVTableTests {
    /// The lines of a CSV file as what they are turned into: JSON, or the fault with the line's number.
    private func lines(_ text: String) throws -> [String] {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("glimpq-\(UUID().uuidString).csv")
        try Data(text.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        var source = try JobSource(path: file.path, format: .csv)
        var result: [String] = []
        while let item = try source.next() {
            if item.isBlank { continue }
            result.append(
                item.fault.map { "\(item.number): \($0)" }
                    ?? "\(item.number): \(String(decoding: item.json, as: UTF8.self))")
        }
        return result
    }

    @Test func quotesLineBreaksAndEnds() throws {
        let text = "\u{FEFF}custom_id,prompt\r\na,\"x, \"\"y\"\"\nz\"\r\n\r\nb,\"\"\"\"\r\nc,plain"
        #expect(
            try lines(text) == [
                #"2: {"custom_id": "a", "prompt": "x, \"y\"\nz"}"#, #"5: {"custom_id": "b", "prompt": "\""}"#,
                #"6: {"custom_id": "c", "prompt": "plain"}"#,
            ])
    }

    @Test func membersNumbersAndObjects() throws {
        let text = """
            prompt,params.tau,params.grader,params,metadata.source,seed,priority,messages
            x,0.2,exact,"{""max_steps"": 3}",007,7,,
            ,,,,,,-1,"[{""role"":""user"",""content"":""y""}]"
            """
        #expect(
            try lines(text) == [
                #"2: {"prompt": "x", "seed": 7, "metadata": {"source": "007"}, "params": {"tau": 0.2, "grader": "exact", "max_steps": 3}}"#,
                #"3: {"priority": -1, "messages": [{"role":"user","content":"y"}]}"#,
            ])
    }

    @Test func aBadRecordIsRefusedAlone() throws {
        let text = """
            custom_id,prompt
            a,b,c
            d,"e" f
            g,"h
            i,j
            k,"l"
            m,n"o
            p,"q
            """
        #expect(
            try lines(text) == [
                "2: expected 2 fields, got 3", "3: column 6: expected a comma or the end behind a quoted field",
                "4: column 13: expected a comma or the end behind a quoted field",
                #"5: {"custom_id": "i", "prompt": "j"}"#,
                #"6: {"custom_id": "k", "prompt": "l"}"#,
                "7: column 4: a quote inside a field that does not begin with one",
                "8: a quote is not closed before the end of the file",
            ])
    }

    @Test(arguments: [
        ("custom_id,promt\na,b", "unknown column \"promt\""),
        ("prompt,prompt\na,b", "the column \"prompt\" is there twice"),
        ("prompt,\na,b", "unknown column \"\""), ("\"prompt\na", "a quote is not closed"),
    ])
    func refusesColumns(_ text: String, _ reason: String) throws {
        let error = try #require(throws: CommandFailure.self) { try lines(text) }
        #expect(error.description.contains(reason))
    }

    @Test func invalidJSONInAColumnNamesTheColumn() throws {
        #expect(
            try lines("prompt,params\nx,{1}") == [
                "2: params: not JSON: column 2: expected a member name in double quotes"
            ])
        #expect(try lines("prompt,metadata\nx,[]") == ["2: metadata: expected an object, got an array"])
    }

    @Test func anEmptyFileHasNoRecords() throws {
        #expect(try lines("") == [])
        #expect(try lines("prompt\n\n") == [])
    }
}
