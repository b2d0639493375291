import ArgumentParser
import Foundation
import Fusion
import Geometry
import JobStore

/// What a shell offers for values that it cannot know itself. A shell that asks must not be told of errors.
extension CompletionKind {
  /// Numbers and names of the jobs, newest first, in the database that the line names so far.
  static let jobs = custom { words, _, prefix in
    let named = words.lastIndex(of: "--db").flatMap { words.indices.contains($0 + 1) ? words[$0 + 1] : nil }
    let path = named ?? DatabaseOption.defaultPath
    guard let jobs = try? JobStore.open(path, mode: .readOnly).jobs() else { return [] }
    var words: [String] = []
    for job in jobs.reversed() {
      words.append(String(job.id))
      if let name = job.description.name, !words.contains(name) { words.append(name) }
    }
    return words.filter { $0.hasPrefix(prefix) }
  }

  static let fusionFunctions = custom { _, _, prefix in
    CommandSetup.registry.fusionNames.filter { $0.hasPrefix(prefix) }
  }

  static let weightsFunctions = custom { _, _, prefix in
    (["null"] + CommandSetup.registry.weightsNames).filter { $0.hasPrefix(prefix) }
  }

  static func names<Name: CaseIterable & RawRepresentable>(_: Name.Type) -> CompletionKind where Name.RawValue == String {
    list(Name.allCases.map(\.rawValue))
  }
}
