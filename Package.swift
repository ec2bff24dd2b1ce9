// swift-tools-version: 6.1
import Foundation
import PackageDescription

// One target is one room. What a room may import is written here and nowhere else loosened:
// Tests/RoomsTests reads every file's imports and holds them against its table.

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// Arrow C++ for Parquet and ORC: the system's where pkg-config knows it, else `.arrow/`, which tools/setup makes. Without
/// either Maser is built all the same, and says what is missing when it meets such a file.
struct Arrow {
    var compiler: [CXXSetting] = []
    var linker: [LinkerSetting] = []

    init() {
        let own = "\(Context.packageDirectory)/.arrow"
        if let flags = Self.systemFlags {
            use(
                compiler: flags.filter { !$0.hasPrefix("-l") },
                linker: flags.filter { $0.hasPrefix("-l") || $0.hasPrefix("-L") })
        } else if FileManager.default.fileExists(atPath: "\(own)/include/arrow/api.h") {
            use(
                compiler: ["-isystem", "\(own)/include"],
                linker: [
                    "-L\(own)/lib", "-l:libparquet.so.2600", "-l:libarrow.so.2600", "-Xlinker", "-rpath", "-Xlinker",
                    "\(own)/lib",
                ])
        }
    }

    private mutating func use(compiler: [String], linker: [String]) {
        self.compiler = [.define("MASER_ARROW"), .unsafeFlags(compiler)]
        self.linker = [.unsafeFlags(linker)]
    }

    private static var systemFlags: [String]? {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["pkg-config", "--cflags", "--libs", "arrow", "parquet"]
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return nil }
        let text = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { return nil }
        return String(decoding: text, as: UTF8.self).split(whereSeparator: \.isWhitespace).map(String.init)
    }
}

let arrow = Arrow()

func room(_ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = []) -> Target {
    .target(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: settings)
}

/// What tests share.
func support(_ name: String, exclude: [String]) -> Target {
    .target(name: name, path: "Tests/\(name)", exclude: exclude, swiftSettings: settings)
}

func suite(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(
        name: name, dependencies: dependencies, path: "Tests/\(name)", exclude: exclude, swiftSettings: settings)
}

extension Target.Dependency {
    static let nioCore = product(name: "NIOCore", package: "swift-nio")
    static let nioPosix = product(name: "NIOPosix", package: "swift-nio")
    static let nioEmbedded = product(name: "NIOEmbedded", package: "swift-nio")
    static let protobuf = product(name: "SwiftProtobuf", package: "swift-protobuf")
    static let bigInt = product(name: "BigInt", package: "BigInt")
    static let logging = product(name: "Logging", package: "swift-log")
    static let atomics = product(name: "Atomics", package: "swift-atomics")
    static let lifecycle = product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
    static let signals = product(name: "UnixSignals", package: "swift-service-lifecycle")
    static let systemPackage = product(name: "SystemPackage", package: "swift-system")
    static let hummingbird = product(name: "Hummingbird", package: "hummingbird")
    static let configuration = product(name: "Configuration", package: "swift-configuration")
    static let argumentParser = product(name: "ArgumentParser", package: "swift-argument-parser")
    static let histogram = product(name: "Histogram", package: "hdrhistogram-swift")
}

let package = Package(
    name: "maser",
    products: [
        .library(name: "MaserClient", targets: ["MaserClient"]),
        .executable(name: "maser", targets: ["maser"]),
        .executable(name: "maser-drive", targets: ["maser-drive"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-atomics", from: "1.3.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/attaswift/BigInt", from: "6.0.1"),
    ],
    targets: [
        // C libraries: headers and small shims, nothing else.
        .target(name: "CXXHash"),
        .target(name: "CSimdJSON", linkerSettings: [.linkedLibrary("simdjson"), .linkedLibrary("m")]),
        .target(name: "CRocksDB", linkerSettings: [.linkedLibrary("rocksdb")]),
        .target(name: "COpenSSL", linkerSettings: [.linkedLibrary("ssl"), .linkedLibrary("crypto")]),
        .target(name: "CCompression", linkerSettings: [.linkedLibrary("zstd"), .linkedLibrary("lz4")]),
        .target(name: "CInflate", linkerSettings: [.linkedLibrary("z"), .linkedLibrary("zstd")]),
        .target(name: "CEpoll"),
        .target(name: "CArrow", cxxSettings: arrow.compiler, linkerSettings: arrow.linker),

        // The data plane.
        room("Bytes", ["CXXHash"]),
        room("Monoids", ["Bytes"]),
        room("Records", ["Bytes", "CSimdJSON"]),
        room("Expressions", ["Records", "Bytes"]),
        room("RocksDB", ["CRocksDB"]),
        room("Catalog", ["Expressions", "Records", "Monoids", "RocksDB", "Bytes", .atomics]),
        room("Categories", ["Catalog", "Records", "RocksDB", "Bytes", "CCompression"]),
        room("Tables", ["Catalog", "Expressions", "Records", "Monoids", "RocksDB", "Bytes"]),
        room(
            "Processors",
            ["Categories", "Tables", "Catalog", "Expressions", "Records", "Monoids", "Bytes"]),
        room("SQL", ["Catalog", "Expressions", "Records", "Monoids"]),
        room(
            "BulkLoad",
            ["Processors", "Tables", "Catalog", "Records", "RocksDB", "Bytes", "CArrow", "CInflate"]),

        // The edges.
        room("RPC", ["Bytes", "COpenSSL", .nioCore, .nioPosix, .protobuf]),
        room("Operations", [.hummingbird, .logging]),
        room(
            "Server",
            [
                "RPC", "Operations", "SQL", "BulkLoad", "Processors", "Tables", "Categories", "Catalog", "Records",
                "Bytes", .nioCore, .nioPosix, .protobuf, .logging, .lifecycle, .signals, .configuration, .systemPackage,
            ]),
        room("MaserClient", ["RPC", "Records", "Bytes", .nioCore, .nioPosix, .protobuf]),
        .executableTarget(
            name: "maser",
            dependencies: [
                "Server", "MaserClient", "SQL", "RPC", "BulkLoad", "Catalog", "Records", "Bytes", .argumentParser,
                .logging,
                .histogram,
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "maser-drive",
            dependencies: ["RPC", "Bytes", "CEpoll", .nioCore, .protobuf, .argumentParser, .histogram],
            swiftSettings: settings),

        // Tests mirror the rooms.
        support("Fuzzing", exclude: ["Corpus"]),
        suite("RoomsTests", []),
        suite("BytesTests", ["Bytes", "Fuzzing"]),
        suite("MonoidsTests", ["Monoids", "Bytes", .bigInt]),
        suite("RecordsTests", ["Records", "Bytes", "Fuzzing"]),
        suite("ExpressionsTests", ["Expressions", "Records", "Bytes"]),
        suite("RocksDBTests", ["RocksDB"]),
        suite("CatalogTests", ["Catalog", "Expressions", "Records", "Monoids", "RocksDB", "Bytes"]),
        suite("CategoriesTests", ["Categories", "Catalog", "Records", "RocksDB", "Bytes"]),
        suite(
            "TablesTests",
            ["Tables", "Catalog", "Expressions", "Records", "Monoids", "RocksDB", "Bytes", "CAllocations", "Fuzzing"]),
        suite(
            "ProcessorsTests",
            [
                "Processors", "Categories", "Tables", "Catalog", "Expressions", "Records", "Monoids", "RocksDB",
                "Bytes",
            ]),
        suite(
            "SQLTests",
            ["SQL", "Processors", "Tables", "Categories", "Catalog", "Expressions", "Records", "Bytes", "Fuzzing"],
            exclude: ["scripts"]),
        suite(
            "BulkLoadTests",
            [
                "BulkLoad", "SQL", "Processors", "Categories", "Tables", "Catalog", "Records", "RocksDB", "Bytes",
            ],
            exclude: ["vectors"]),
        suite("RPCTests", ["RPC", "Bytes", "Fuzzing", .nioCore, .nioPosix, .nioEmbedded, .protobuf]),
        // What its documentation shows: it sees of the client what a user does.
        .target(
            name: "MaserClientSnippets", dependencies: ["MaserClient"], path: "Tests/MaserClientSnippets",
            packageAccess: false, swiftSettings: settings),
        suite(
            "MaserClientTests",
            ["MaserClient", "MaserClientSnippets", "RPC", "Records", "Bytes", .nioCore, .nioPosix, .protobuf]),
        // Counts the allocations of the test process.
        .target(name: "CAllocations", path: "Tests/CAllocations"),
        suite(
            "ServerTests",
            [
                "Server", "RPC", "BulkLoad", "Processors", "Tables", "Categories", "Catalog", "RocksDB", "Records",
                "Bytes", "CAllocations", .logging, .nioCore, .nioPosix, .nioEmbedded, .protobuf,
            ]),
        suite("OperationsTests", ["Operations", .logging]),
        suite("MaserTests", ["maser", "Records"]),
        suite("MaserDriveTests", ["maser-drive", "RPC", "Bytes"]),
        suite("EndToEnd", ["maser", "MaserClient", "MaserClientSnippets", "RPC", "Records", "Bytes"]),
    ],
    cxxLanguageStandard: .cxx20
)
