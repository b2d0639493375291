/// Names in a sentence: `"a", "b", "c" and 17 more`.
///
/// - Parameters:
///   - limit: more are counted.
///   - isQuoted: false for names that nobody chose, such as those of options.
public func nameList(_ names: some Collection<String>, limit: Int = 20, isQuoted: Bool = true) -> String {
  let shown = names.prefix(limit).map { isQuoted ? "\"\($0)\"" : $0 }.joined(separator: ", ")
  return names.count > limit ? "\(shown) and \((names.count - limit).grouped) more" : shown
}
