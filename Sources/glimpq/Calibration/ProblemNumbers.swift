import Queue

/// Numbers the problems of some jobs: jobs that ask the same, under other seeds, strategies or thresholds, have one in
/// common. A job whose problem is not known has one of its own.
struct ProblemNumbers {
    /// The number of each job's problem, from 0.
    let ofJobs: [Int]
    /// How many problems there are.
    let count: Int

    /// Numbers them in the order of the jobs.
    init(_ jobs: [ProbedJob]) {
        var known: [String: Int] = [:]
        var count = 0
        ofJobs = jobs.map { job in
            if let name = job.problem, let number = known[name] { return number }
            defer { count += 1 }
            if let name = job.problem { known[name] = count }
            return count
        }
        self.count = count
    }
}
