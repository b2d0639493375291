// swift-tools-version: 6.1
import PackageDescription

// Modules import downwards only; Tests/ArchitectureTests reads the imports and fails on an arrow upwards.
let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
  name: "blockfuse",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "blockfuse", targets: ["blockfuse"]),
    .executable(name: "mosaic", targets: ["mosaic"]),
    // for programs with fusion, weights or batch functions of their own, see docs/extending.md
    .library(name: "BlockfuseKit", targets: ["BlockfuseKit"]),
    // for Benchmarks
    .library(name: "BlockfuseModules", targets: ["Zarr", "Fusion", "JobStore", "Geometry"]),
    .library(name: "CZstd", targets: ["CZstd"]),
    .library(name: "CBlosc", targets: ["CBlosc"]),
  ],
  dependencies: [
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/swhitty/FlyingFox", from: "0.27.1"),
  ],
  targets: [
    .executableTarget(name: "blockfuse", dependencies: ["BlockfuseCLI", "CStatic"], swiftSettings: settings),
    .target(
      name: "BlockfuseCLI",
      dependencies: [
        "Server", "Report", "Projections", "TIFFExport", "Slurm", "Jobs", "Orders", "Engine", "Output", "Planning", "JobStore", "Views",
        "Fusion",
        "Zarr", "Pictures", "JSON", "Geometry", "Files", "Threads", "Diagnostics",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings),
    .target(
      name: "Server",
      dependencies: [
        "Report", "Projections", "Jobs", "Output", "Planning", "JobStore", "Pictures", "Geometry", "Diagnostics",
        .product(name: "FlyingFox", package: "FlyingFox"), .product(name: "FlyingSocks", package: "FlyingFox"),
      ],
      swiftSettings: settings),
    .target(
      name: "Report",
      dependencies: [
        "Projections", "Jobs", "Engine", "Output", "Planning", "JobStore", "Views", "Zarr", "Pictures", "JSON", "Geometry",
        "Diagnostics",
      ],
      swiftSettings: settings),
    .target(
      name: "BlockfuseKit", dependencies: ["BlockfuseCLI", "Fusion", "Geometry"], swiftSettings: settings),
    .target(
      name: "Jobs",
      dependencies: [
        "Orders", "Engine", "Output", "Planning", "JobStore", "Views", "Fusion", "Zarr", "JSON", "Geometry", "Store", "Files", "Threads",
        "Diagnostics", "Faults",
      ],
      swiftSettings: settings),
    .target(
      name: "Slurm",
      dependencies: ["Orders", "Output", "Planning", "JobStore", "Fusion", "Geometry", "Files", "Threads", "Diagnostics"],
      swiftSettings: settings),
    .target(
      name: "Orders",
      dependencies: [
        "Engine", "Output", "Planning", "JobStore", "Views", "Fusion", "Zarr", "Geometry", "Store", "Files", "Diagnostics",
        "Faults", "CSystem",
      ],
      swiftSettings: settings),
    .target(
      name: "Engine",
      dependencies: [
        "Output", "Planning", "JobStore", "Views", "Fusion", "Zarr", "Geometry", "Memory", "Store", "Files", "Threads",
        "Diagnostics", "Faults", "CSystem",
      ],
      swiftSettings: settings),
    .target(
      name: "Projections",
      dependencies: [
        "Output", "Planning", "JobStore", "Fusion", "Zarr", "Pictures", "Geometry", "Files", "Threads", "Diagnostics",
      ],
      swiftSettings: settings),
    .target(
      name: "TIFFExport",
      dependencies: ["Output", "Planning", "JobStore", "Zarr", "Geometry", "Store", "Files", "Threads", "CZlib"],
      swiftSettings: settings),
    .target(
      name: "Output",
      dependencies: [
        "Planning", "JobStore", "Views", "Fusion", "Zarr", "JSON", "Geometry", "Store", "Files", "Threads", "Diagnostics", "Faults",
      ],
      swiftSettings: settings),
    .target(
      name: "Planning", dependencies: ["JobStore", "Views", "Fusion", "Zarr", "JSON", "Geometry", "Files", "Diagnostics"],
      swiftSettings: settings),
    .target(
      name: "JobStore",
      dependencies: [
        "Migrations", "Geometry", "Memory", "Files", "Diagnostics", "Faults", "CSystem", .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "GRDBSQLite", package: "GRDB.swift"),
      ],
      swiftSettings: settings),
    .executableTarget(
      name: "mosaic",
      dependencies: ["Zarr", "Files", "JSON", "Geometry", .product(name: "ArgumentParser", package: "swift-argument-parser")],
      swiftSettings: settings),
    .executableTarget(
      name: "fuzz",
      dependencies: [
        "Jobs", "Engine", "Output", "Planning", "JobStore", "Views", "Fusion", "Zarr", "JSON", "Geometry", "Threads", "Diagnostics",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Fuzz", swiftSettings: settings),
    .target(name: "HDF5", dependencies: ["Zarr", "Geometry", "Memory", "Files", "Diagnostics", "CHDF5"], swiftSettings: settings),
    .target(name: "CHDF5", dependencies: ["CHDF5Library"]),
    .target(
      name: "Views",
      dependencies: ["HDF5", "Zarr", "JSON", "Geometry", "Memory", "Store", "Files", "Threads", "Diagnostics", "CTiffReader"],
      swiftSettings: settings),
    .target(name: "Fusion", dependencies: ["Geometry", "Memory", "Diagnostics", "CKernels"], swiftSettings: settings),
    .target(
      name: "Zarr",
      dependencies: [
        "JSON", "Store", "Files", "Geometry", "Memory", "Diagnostics", "CSystem", "CZstd", "CBlosc", "CLz4", "CZlib", "CBzip2", "CLzma",
      ],
      swiftSettings: settings),
    .target(name: "Pictures", dependencies: ["CZlib"], swiftSettings: settings),
    .target(name: "Geometry", swiftSettings: settings),
    .target(name: "Memory", swiftSettings: settings),
    .target(name: "JSON", dependencies: ["Diagnostics"], swiftSettings: settings),
    .target(name: "Files", dependencies: ["Diagnostics", "Faults", "CSystem"], swiftSettings: settings),
    .target(name: "Store", dependencies: ["Files", "Diagnostics"], swiftSettings: settings),
    .target(name: "Threads", dependencies: ["Diagnostics", "CSystem"], swiftSettings: settings),
    .target(name: "Diagnostics", swiftSettings: settings),
    .target(name: "Faults", swiftSettings: settings),
    .target(
      name: "Migrations", path: "migrations",
      resources: [
        .embedInCode("0001_jobs.sql"), .embedInCode("0002_checksums.sql"), .embedInCode("0003_orders.sql"),
        .embedInCode("0004_samples.sql"),
        .embedInCode("0005_worked.sql"), .embedInCode("0006_voxel_revision.sql"),
        .embedInCode("0007_sums_and_owner.sql"), .embedInCode("0008_view_checks.sql"),
        .embedInCode("0009_view_changes.sql"), .embedInCode("0010_exit_status.sql"),
        .embedInCode("0011_refusal.sql"),
      ],
      swiftSettings: settings),
    .target(name: "CSystem"),
    .target(name: "CStatic"),
    .target(name: "CKernels"),
    .target(name: "CTiffReader", dependencies: ["CTiff"]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"]), .brew(["zstd"])]),
    .systemLibrary(name: "CBlosc", providers: [.apt(["libblosc-dev"]), .brew(["c-blosc"])]),
    .systemLibrary(name: "CLz4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"]), .brew(["lz4"])]),
    .systemLibrary(name: "CTiff", pkgConfig: "libtiff-4", providers: [.apt(["libtiff-dev"]), .brew(["libtiff"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
    .systemLibrary(name: "CHDF5Library", pkgConfig: "hdf5", providers: [.apt(["libhdf5-dev"]), .brew(["hdf5"])]),
    .systemLibrary(name: "CBzip2", providers: [.apt(["libbz2-dev"]), .brew(["bzip2"])]),
    .systemLibrary(name: "CLzma", pkgConfig: "liblzma", providers: [.apt(["liblzma-dev"]), .brew(["xz"])]),

    .target(name: "TestSupport", dependencies: ["Store", "Files"], path: "Tests/TestSupport", swiftSettings: settings),
    .testTarget(name: "FaultsTests", dependencies: ["Faults", "Diagnostics"], swiftSettings: settings),
    .testTarget(name: "ServerTests", dependencies: ["Server"], swiftSettings: settings),
    .testTarget(name: "ReportTests", dependencies: ["Report"], swiftSettings: settings),
    .testTarget(name: "PicturesTests", dependencies: ["Pictures", "CZlib"], swiftSettings: settings),
    .testTarget(name: "MemoryTests", dependencies: ["Memory"], swiftSettings: settings),
    .testTarget(name: "DiagnosticsTests", dependencies: ["Diagnostics"], swiftSettings: settings),
    .testTarget(name: "ThreadsTests", dependencies: ["Threads"], swiftSettings: settings),
    .testTarget(name: "JSONTests", dependencies: ["JSON", "Diagnostics", "TestSupport"], swiftSettings: settings),
    .testTarget(name: "FilesTests", dependencies: ["Files", "Diagnostics", "CSystem", "TestSupport"], swiftSettings: settings),
    .testTarget(name: "StoreTests", dependencies: ["Store", "Files", "Threads", "TestSupport"], swiftSettings: settings),
    .testTarget(name: "GeometryTests", dependencies: ["Geometry"], swiftSettings: settings),
    .testTarget(name: "FusionTests", dependencies: ["Fusion", "Geometry", "Diagnostics", "CKernels"], swiftSettings: settings),
    .testTarget(
      name: "ZarrTests", dependencies: ["Zarr", "JSON", "Store", "Files", "Geometry", "Diagnostics", "CSystem", "TestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "HDF5Tests", dependencies: ["HDF5", "Zarr", "Diagnostics", "Geometry", "CHDF5Library", "TestSupport"], swiftSettings: settings),
    .testTarget(
      name: "ViewsTests", dependencies: ["Views", "Zarr", "JSON", "Files", "Geometry", "Diagnostics", "TestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "JobStoreTests",
      dependencies: [
        "JobStore", "Migrations", "Geometry", "Diagnostics", "CSystem", "TestSupport", .product(name: "GRDB", package: "GRDB.swift"),
      ],
      swiftSettings: settings),
    .testTarget(
      name: "EngineTests",
      dependencies: [
        "Engine", "Planning", "JobStore", "Views", "Zarr", "Store", "Threads", "Diagnostics", "Geometry", "Files", "TestSupport",
      ],
      swiftSettings: settings),
    .testTarget(
      name: "OrdersTests", dependencies: ["Orders", "JobStore", "Files", "JSON", "Geometry", "Planning", "Diagnostics"],
      swiftSettings: settings),
    .testTarget(
      name: "JobsTests",
      dependencies: [
        "Jobs", "Orders", "Engine", "Output", "Planning", "JobStore", "Fusion", "Zarr", "Store", "Files", "JSON", "Geometry", "Threads",
        "Diagnostics", "TestSupport",
      ],
      swiftSettings: settings),
    .testTarget(name: "SlurmTests", dependencies: ["Slurm", "Orders", "Geometry"], swiftSettings: settings),
    .testTarget(name: "PlanningTests", dependencies: ["Planning", "Fusion", "Zarr", "JSON", "Geometry"], swiftSettings: settings),
    .testTarget(
      name: "BlockfuseCLITests",
      dependencies: [
        "BlockfuseCLI", "Jobs", "Planning", "JobStore", "Fusion", "JSON", "Files", "Diagnostics",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings),
    .testTarget(name: "ArchitectureTests", swiftSettings: settings),
    .testTarget(
      name: "EndToEndTests",
      dependencies: [
        "blockfuse", "mosaic", "fuzz", "JobStore", "Zarr", "JSON", "Files", "Geometry", "Faults", "TestSupport",
        .product(name: "GRDB", package: "GRDB.swift"),
      ],
      swiftSettings: settings),
  ]
)
