/// A folder that has another place now: what lay in it is found by the same name in the new one.
package struct PathMove: Equatable, Sendable {
  package let from: String
  package let to: String

  /// - Parameters:
  ///   - from: absolute, and tidy, as are the paths that are moved.
  ///   - to: absolute.
  package init(from: String, to: String) { (self.from, self.to) = (from, to) }

  /// The new path of what is, or lies in, the folder; nil for anything else. `/a/tiles2` does not lie in `/a/tiles`.
  package func moved(_ path: String) -> String? {
    if path == from { return to }
    let inside = from.hasSuffix("/") ? from : from + "/"
    guard path.hasPrefix(inside) else { return nil }
    return (to.hasSuffix("/") ? to : to + "/") + path.dropFirst(inside.count)
  }
}

extension [PathMove] {
  /// By the move of the innermost folder that a path lies in; nil where it lies in none.
  package func moved(_ path: String) -> String? {
    let fitting = filter { $0.moved(path) != nil }
    return fitting.max { $0.from.utf8.count < $1.from.utf8.count }?.moved(path)
  }
}
