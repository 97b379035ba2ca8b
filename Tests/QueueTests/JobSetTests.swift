import Queue
import Testing

@Suite struct JobSetTests {
    @Test func remembersNumbersOnce() throws {
        var set = JobSet()
        let numbers: [Int64] = [0, 1, 2, 63, 64, 65, 4095, 4096, 4097, 1 << 40, 7]
        for number in numbers {
            let isNew = set.insert(number)
            #expect(isNew)
        }
        for number in numbers {
            let isNew = set.insert(number)
            #expect(!isNew && set.contains(number))
        }
        #expect(set.count == numbers.count)
        #expect(!set.contains(3) && !set.contains(66) && !set.contains(1 << 41))
        #expect(set.text == "0-2,7,63-65,4095-4097,1099511627776")
        #expect(JobSet(text: set.text) == set)
    }

    @Test(arguments: ["x", "1-", "-1", "5-3", "1-2-3", "1,,a", "1 ", "99999999999999999999"])
    func refuses(_ text: String) {
        #expect(JobSet(text: text) == nil)
    }

    @Test func positionsAreText() throws {
        #expect(ResultFollower.Position().text == "")
        let position = try #require(ResultFollower.Position(text: "1-5,9/7"))
        #expect(position.done.count == 6 && position.ended.contains(7))
        #expect(position.text == "1-5,9/7")
        #expect(ResultFollower.Position(text: "") == ResultFollower.Position())
        #expect(ResultFollower.Position(text: "1/2/3") == nil)
    }
}
