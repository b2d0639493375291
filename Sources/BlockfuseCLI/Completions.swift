import ArgumentParser
import Diagnostics
import Foundation
import JobStore
import Jobs
import Planning

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
    return words.filter { $0.hasPrefix(prefix) && $0.printable == $0 }
  }

  /// Those of an option of a fusion; nil where nothing is known of its value.
  static func choices(_ choices: OptionChoices) -> CompletionKind? {
    switch choices {
    case .any: nil
    case .words(let words): .list(words)
    // a program of one's own has more of them than the script that a shell was given
    case .fusionFunctions, .weightsFunctions:
      .custom { _, _, prefix in choices.words(CommandSetup.registry).filter { $0.hasPrefix(prefix) } }
    }
  }

  static func names<Name: CaseIterable & RawRepresentable>(_: Name.Type) -> CompletionKind where Name.RawValue == String {
    list(Name.allCases.map(\.rawValue))
  }
}
