import Files
import Planning
import Store
import Views

/// What `--inputs OLD=NEW` asks for, with the paths that a job has.
struct InputMoves {
  private(set) var moves: [PathMove] = []

  /// Throws where a text is no move, or moves no view.
  init(_ texts: [String], views: [View], dataset: String) throws {
    for text in texts {
      var choices: [PathMove] = []
      // names may have the sign too: OLD is what the job has paths of
      for sign in text.indices where text[sign] == "=" {
        let (old, new) = (text[..<sign], text[text.index(after: sign)...])
        guard !old.isEmpty, !new.isEmpty else { continue }
        choices.append(PathMove(from: FilePath.absolute(String(old)), to: FilePath.absolute(String(new))))
      }
      guard !choices.isEmpty else {
        throw JobError.invalid(
          what: "--inputs \(text) does not say from where to where", hint: "write --inputs OLD=NEW, such as /lab/run7=/archive/run7")
      }
      let paths = views.map(\.path) + [dataset]
      // done before, and stopped before that was said
      let move =
        choices.first { move in paths.contains { move.moved($0) != nil } }
        ?? choices.first { move in paths.contains { PathMove(from: move.to, to: move.from).moved($0) != nil } }
      guard let move else {
        throw JobError.invalid(
          what: "no view of the job lies in \(choices[0].from)", hint: views.first.map { "\"\($0.name)\" is recorded at \($0.path)" } ?? "")
      }
      moves.append(move)
    }
  }
}
