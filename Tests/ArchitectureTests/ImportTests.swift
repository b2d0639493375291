import Foundation
import Testing

/// Modules import downwards only.
@Suite struct ImportTests {
  /// Each module with those that it may import, of ours.
  private let allowed: [String: Set<String>] = [
    "Geometry": [], "Memory": [], "Diagnostics": [], "Threads": ["Diagnostics", "CSystem"], "Files": ["Diagnostics"], "Faults": [], "CSystem": [], "CKernels": [], "CTiffReader": [], "Migrations": [],
    "Fusion": ["Geometry", "Memory", "Diagnostics", "CKernels"],
    "Zarr": ["Geometry", "Memory", "Faults", "CSystem", "CZstd", "CBlosc", "CLz4", "CZlib", "CBzip2", "CLzma"],
    "Views": ["HDF5", "Zarr", "Geometry", "Files", "Threads", "Diagnostics", "CTiffReader"],
    "HDF5": ["Zarr", "Geometry", "Files", "CHDF5"],
    "Pictures": ["CZlib"],
    "JobStore": ["Migrations", "Geometry", "Diagnostics", "Faults", "CSystem", "GRDB"],
    "Jobs": ["JobStore", "Views", "Fusion", "Zarr", "Pictures", "Geometry", "Memory", "Files", "Threads", "Diagnostics", "Faults", "CSystem", "Logging"],
    "Report": ["Jobs", "JobStore", "Views", "Zarr", "Pictures", "Geometry", "Diagnostics"],
    "Server": ["Report", "Jobs", "JobStore", "Pictures", "Geometry", "Diagnostics", "FlyingFox", "FlyingSocks"],
    "BlockfuseCLI": ["Server", "Report", "Jobs", "JobStore", "Views", "Fusion", "Zarr", "Pictures", "Geometry", "Files", "Threads", "Diagnostics", "ArgumentParser"],
    "blockfuse": ["BlockfuseCLI"],
    "BlockfuseKit": ["BlockfuseCLI", "Fusion", "Geometry"],
    "mosaic": ["Zarr", "Geometry", "ArgumentParser"],
  ]
  private let system: Set<String> = ["Foundation", "FoundationXML", "Synchronization", "Glibc", "Darwin"]

  @Test func importsPointDownwards() throws {
    let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Sources")
    var looked = 0
    for (module, permitted) in allowed {
      let folder = sources.appendingPathComponent(module)
      let files = (FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)?.compactMap { $0 as? URL } ?? [])
        .filter { $0.pathExtension == "swift" }
      for file in files {
        looked += 1
        for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
          let words = line.split(separator: " ")
          guard let at = words.firstIndex(of: "import"), words[..<at].allSatisfy({ $0.hasPrefix("@") || ["public", "internal"].contains($0) }),
            at + 1 < words.count
          else { continue }
          let name = String(words[at + 1].split(separator: ".")[0])
          #expect(
            permitted.contains(name) || system.contains(name),
            "\(module)/\(file.lastPathComponent) imports \(name)")
        }
      }
    }
    #expect(looked > 100)
  }
}
