// swift-tools-version: 6.2
// The modules and their one-way dependencies; `Ops/check` verifies that imports agree with this list.

import PackageDescription

/// Settings of every Swift target that we own.
let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// Settings of every C target that we own.
let strictC: [CSetting] = [.treatAllWarnings(as: .error)]

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies + ["TestSupport"], swiftSettings: strict)
}

let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let configuration = Target.Dependency.product(name: "Configuration", package: "swift-configuration")
let http = Target.Dependency.product(name: "FlyingFox", package: "FlyingFox")
let sockets = Target.Dependency.product(name: "FlyingSocks", package: "FlyingFox")

let package = Package(
    name: "glimpq",
    products: [.executable(name: "glimpq", targets: ["glimpq"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swhitty/FlyingFox", from: "0.27.1"),
    ],
    targets: [
        // One C boundary each.
        .target(name: "CKernels", cSettings: strictC),
        .systemLibrary(
            name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),

        // Inference.
        library("Kernels", ["CKernels", "COpenBLAS"]),
        library("Checkpoints"),
        library("Tokenization"),
        library("Generation"),
        library("Decoder", ["Kernels", "Checkpoints"]),
        library("Heads", ["Kernels", "Checkpoints"]),
        library("Engine", ["Decoder", "Heads", "Kernels", "Checkpoints", "Tokenization", "Generation"]),
        library("Routing", ["Generation"]),

        // Queue.
        library("Postgres", ["CPostgres"]),
        .target(
            name: "Migrations", path: "Migrations", exclude: ["README.md"],
            resources: [.embedInCode("sql")], swiftSettings: strict),
        library("Queue", ["Postgres", "Migrations", log]),

        // Joined.
        library("Metrics"),
        library("Worker", ["Queue", "Postgres", "Routing", "Engine", "Generation", "Metrics", log]),
        .executableTarget(
            name: "glimpq",
            dependencies: [
                "Worker", "Queue", "Postgres", "Routing", "Engine", "Decoder", "Kernels", "Checkpoints",
                "Tokenization", "Generation", "Migrations", "Metrics", log, signals, arguments, configuration, http,
                sockets,
            ],
            swiftSettings: strict),

        .target(
            name: "TestSupport", dependencies: ["Postgres", "Queue", "Migrations", log], path: "Tests/TestSupport",
            swiftSettings: strict),
        tests("KernelsTests", ["Kernels"]),
        tests("CheckpointsTests", ["Checkpoints"]),
        tests("TokenizationTests", ["Tokenization"]),
        tests("GenerationTests", ["Generation"]),
        tests("DecoderTests", ["Decoder", "Checkpoints", "Kernels"]),
        tests("HeadsTests", ["Heads", "Checkpoints", "Kernels"]),
        tests("EngineTests", ["Engine", "Generation", "Decoder", "Heads", "Kernels", "Checkpoints", "Tokenization"]),
        tests("RoutingTests", ["Routing", "Generation"]),
        tests("MetricsTests", ["Metrics"]),
        tests("PostgresTests", ["Postgres"]),
        tests("QueueTests", ["Queue", "Postgres", "Migrations", log]),
        tests("WorkerTests", ["Worker", "Queue", "Postgres", "Routing", "Engine", "Generation", "Metrics", log]),
        tests(
            "glimpqTests",
            [
                "glimpq", "Checkpoints", "Decoder", "Engine", "Generation", "Kernels", "Queue", "Postgres", "Routing",
                "Worker", "Metrics", log, arguments,
            ]),
        tests("EndToEndTests", ["glimpq", "Postgres"]),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .gnu17
)

// Fuzz targets need flags and a run-time library that a plain build must not have; `Ops/fuzz` builds them. They reach
// into the program, which is a library for them.
if Context.environment["GLIMPQ_FUZZ"] != nil {
    package.products = []
    package.targets = package.targets.map { target in
        guard target.type == .executable else { return target }
        return .target(
            name: target.name, dependencies: target.dependencies, exclude: ["EntryPoint.swift"], swiftSettings: strict)
    }
    package.targets += [
        .systemLibrary(name: "CFuzzer", path: "Ops/fuzz-targets/CFuzzer"),
        .executableTarget(
            name: "Fuzz",
            dependencies: [
                "CFuzzer", "Checkpoints", "Decoder", "Engine", "Kernels", "Postgres", "Queue", "Tokenization", "glimpq",
            ],
            path: "Ops/fuzz-targets", exclude: ["CFuzzer"], swiftSettings: strict),
    ]
}
