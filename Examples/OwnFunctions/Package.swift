// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "OwnFunctions",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "blockfuse", path: "../..")],
  targets: [
    .executableTarget(name: "own-functions", dependencies: [.product(name: "BlockfuseKit", package: "blockfuse")])
  ]
)
