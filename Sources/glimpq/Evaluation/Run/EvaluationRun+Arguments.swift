import ArgumentParser

extension EvaluationRun.Part: ExpressibleByArgument {}
