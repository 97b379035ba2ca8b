import Testing

@testable import Metrics

/// The form of the text; `Ops/check-metrics` lets parsers that are not ours read what a worker says.
@Suite struct PrometheusTextTests {
    @Test func familiesHaveHelpTypeAndSamples() {
        var jobs = MetricFamily(.counter, "jobs_total", "Jobs\nby \\ state.")
        jobs.add(3, .init("state", "a \"b\" \\ c\nd"))
        jobs.add(0.5, .init("state", "x"), .init("queue", "q"))
        let text = PrometheusText.text([
            jobs, MetricFamily(.gauge, "none", "Nothing."), MetricFamily(.gauge, "age", "Age.", -.infinity),
        ])
        #expect(
            text == """
                # HELP jobs_total Jobs\\nby \\\\ state.
                # TYPE jobs_total counter
                jobs_total{state="a \\"b\\" \\\\ c\\nd"} 3
                jobs_total{state="x",queue="q"} 0.5
                # HELP age Age.
                # TYPE age gauge
                age -Inf

                """)
    }

    @Test func bucketsAreCumulative() {
        var histogram = Histogram(bounds: [0.1, 1])
        for value in [0.05, 0.1, 0.5, 2, 0.5] { histogram.observe(value) }
        var family = MetricFamily(.histogram, "seconds", "Time.")
        family.add(histogram, .init("op", "x"))
        #expect(
            PrometheusText.text([family]) == """
                # HELP seconds Time.
                # TYPE seconds histogram
                seconds_bucket{op="x",le="0.1"} 2
                seconds_bucket{op="x",le="1"} 4
                seconds_bucket{op="x",le="+Inf"} 5
                seconds_sum{op="x"} 3.15
                seconds_count{op="x"} 5

                """)
    }

    @Test func numbersAreWhatGoReads() {
        #expect(PrometheusText.number(12) == "12")
        #expect(PrometheusText.number(1e300) == "1e+300")
        #expect(PrometheusText.number(.nan) == "NaN")
        #expect(PrometheusText.number(.infinity) == "+Inf")
    }

    @Test func theProcessKnowsItself() throws {
        let families = ProcessFigures.families
        func value(_ name: String) throws -> Double {
            try #require(families.first { $0.name == name }?.samples.first?.value)
        }
        // The system's own word for the resident memory, in KiB; both move while the tests run.
        #expect(try value("process_resident_memory_bytes") > 1_048_576)
        #expect(try value("process_open_fds") >= 3)
        #expect(try value("process_max_fds") >= value("process_open_fds"))
        #expect(try value("process_start_time_seconds") > 1_600_000_000)
    }
}
