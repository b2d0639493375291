// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "Benchmarks",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "blockfuse", path: "..")],
  targets: [
    .executableTarget(
      name: "benchmarks",
      dependencies: ["BlockfuseModules", "CZstd", "CBlosc"].map { .product(name: $0, package: "blockfuse") })
  ]
)
