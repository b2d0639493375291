import Foundation

/// The targets of this package as Package.swift declares them, with the imports of their Swift files.
struct PackageManifest {
  struct Target {
    let name: String
    let isTest: Bool
    let dependencies: [String]
    /// The Swift files, by their place in the package, with the modules that each imports; none of a target in C.
    var imports: [String: Set<String>] = [:]
  }

  var targets: [Target]

  /// Reads Package.swift and the files of all its targets.
  static func read(_ package: URL) throws -> PackageManifest {
    let text = try String(contentsOf: package.appendingPathComponent("Package.swift"), encoding: .utf8)
    var manifest = PackageManifest(text)
    for (i, target) in manifest.targets.enumerated() {
      let folder = path(of: target, in: text)
      let files = FileManager.default.enumerator(at: package.appendingPathComponent(folder), includingPropertiesForKeys: nil)
      for case let file as URL in files ?? .init() where file.pathExtension == "swift" {
        manifest.targets[i].imports[String(file.path.dropFirst(package.path.count + 1))] = imports(
          in: try String(contentsOf: file, encoding: .utf8))
      }
    }
    return manifest
  }

  /// - Parameter text: a manifest, whose targets are calls with literals only.
  init(_ text: String) {
    targets = Self.calls(in: text).map { call in
      Target(
        name: Self.string(after: "name:", in: call.arguments) ?? "", isTest: call.kind == "testTarget",
        dependencies: Self.dependencies(in: call.arguments))
    }
  }

  // MARK: - Reading the manifest

  private static let kinds = ["target", "executableTarget", "testTarget", "systemLibrary"]

  /// The calls that declare targets, with the text between their parentheses.
  private static func calls(in text: String) -> [(kind: String, arguments: Substring)] {
    guard let start = text.range(of: "\n  targets: [") else { return [] }
    var calls: [(String, Substring)] = []
    var rest = text[start.upperBound...]
    while let dot = rest.firstIndex(of: "."), let open = rest[dot...].firstIndex(of: "("), let close = end(of: rest[open...]) {
      let kind = String(rest[rest.index(after: dot)..<open])
      if kinds.contains(kind) { calls.append((kind, rest[rest.index(after: open)..<close])) }
      rest = rest[close...]
    }
    return calls
  }

  /// Where the bracket closes that a text begins with; brackets in strings do not count.
  private static func end(of text: Substring) -> Substring.Index? {
    var (depth, isInString) = (0, false)
    for i in text.indices {
      switch text[i] {
      case "\"": isInString.toggle()
      case "(", "[": depth += isInString ? 0 : 1
      case ")", "]":
        depth -= isInString ? 0 : 1
        if depth == 0 { return i }
      default: break
      }
    }
    return nil
  }

  private static func string(after label: String, in text: Substring) -> String? {
    guard let label = text.range(of: label) else { return nil }
    let parts = text[label.upperBound...].split(separator: "\"", maxSplits: 2, omittingEmptySubsequences: false)
    return parts.count > 1 ? String(parts[1]) : nil
  }

  /// Names of targets, and of products of other packages.
  private static func dependencies(in arguments: Substring) -> [String] {
    guard let label = arguments.range(of: "dependencies: ["),
      let close = end(of: arguments[arguments.index(before: label.upperBound)...])
    else { return [] }
    var list = arguments[label.upperBound..<close]
    // the package of a product is no dependency of its own
    while let package = list.range(of: "package:"), let close = list[package.lowerBound...].firstIndex(of: ")") {
      list.removeSubrange(package.lowerBound..<close)
    }
    return list.split(separator: "\"", omittingEmptySubsequences: false).enumerated().filter { $0.offset % 2 == 1 }.map {
      String($0.element)
    }
  }

  private static func path(of target: Target, in text: String) -> String {
    let call = calls(in: text).first { string(after: "name:", in: $0.arguments) == target.name }
    return call.flatMap { string(after: "path:", in: $0.arguments) } ?? (target.isTest ? "Tests/" : "Sources/") + target.name
  }

  // MARK: - Reading a file

  /// Modules that a file imports: `import Foundation`, `public import struct Foundation.Data`.
  private static func imports(in text: String) -> Set<String> {
    var found: Set<String> = []
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard let at = words.firstIndex(of: "import"), at + 1 < words.count,
        words[..<at].allSatisfy({ $0.hasPrefix("@") || ["public", "package", "internal", "private"].contains($0) })
      else { continue }
      let isOneThing = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"].contains(words[at + 1])
      guard let name = words[(at + (isOneThing ? 2 : 1))...].first?.split(separator: ".").first else { continue }
      found.insert(String(name))
    }
    return found
  }
}
