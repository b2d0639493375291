/// The names of temp files, `.<name>.<tag>.tmp`: as `AtomicFile` gives them, and as they are known again when whoever wrote
/// was killed. Other programs have files that end in `.tmp` too.
package enum TemporaryName {
  package static func path(of target: String, tag: String) -> String {
    let slash = target.lastIndex(of: "/")
    let folder = slash.map { target[...$0] } ?? ""
    let name = slash.map { target[target.index(after: $0)...] } ?? target[...]
    return "\(folder).\(name).\(tag).tmp"
  }

  /// The name that the file would have got; nil for a name that this program never gives.
  ///
  /// Tags are those of runs and tasks, eight hexadecimal digits of the job, the process and perhaps a mark, and those of small
  /// files, the process and a random number.
  package static func target(of name: String) -> String? {
    guard let match = name.wholeMatch(of: /\.(.+)\.([0-9A-Fa-f]{8}-[0-9]+(?:-[0-9a-f]{1,16})?|[0-9]+-[0-9a-f]{1,8})\.tmp/) else {
      return nil
    }
    return String(match.1)
  }
}
