import Generation
import Testing

/// Known answers published with Random123 (Salmon et al.), file kat_vectors.
@Suite struct PhiloxTests {
    @Test func knownAnswers() {
        #expect(
            Philox.words(counter: (0, 0, 0, 0), key: (0, 0)) == (0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
        let ones = UInt32.max
        #expect(
            Philox.words(counter: (ones, ones, ones, ones), key: (ones, ones))
                == (0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd))
        #expect(
            Philox.words(
                counter: (0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344), key: (0xa409_3822, 0x299f_31d0))
                == (0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1))
    }

    @Test func drawsDependOnEveryCoordinate() {
        let base = Randomness(seed: 7, step: 3)
        let draws = [
            base.uniform(position: 0), base.uniform(position: 1), base.uniform(position: 0, purpose: .routing),
            Randomness(seed: 8, step: 3).uniform(position: 0), Randomness(seed: 7, step: 4).uniform(position: 0),
            Randomness(seed: 7 | 1 << 40, step: 3).uniform(position: 0),
        ]
        #expect(Set(draws).count == draws.count)
        #expect(draws.allSatisfy { $0 >= 0 && $0 < 1 })
    }
}
