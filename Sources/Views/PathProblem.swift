import Foundation
import Store
import Zarr

/// A text that is no path of a file or folder on this machine, although it could be used as one: an address, an empty text, or
/// a `~` that no shell replaced. Taken as a path, it would lead to a folder named `s3:` or `~`, or to the current one.
package struct PathProblem: Equatable {
  package let what: String
  package let hint: String

  /// Nil if a text is a path, or an address in a store that is known.
  package init?(_ text: String) {
    if KnownStores.hold(text) { return nil }
    // a space before an address makes no path of it
    let address = text.trimmingCharacters(in: .whitespaces)
    if text.allSatisfy(\.isWhitespace) {
      what = text.isEmpty ? "the path is empty" : "the path has nothing but spaces"
      hint = "give a path; if it comes from a variable, check that the variable is set"
    } else if let scheme = Self.scheme(address) {
      if scheme.lowercased() == "file", let path = Self.path(ofFile: address) {
        what = "it is an address and not a path"
        hint = "give the plain path: \(path)"
      } else {
        what = "object stores and web addresses (\(scheme)://) are not supported yet"
        hint = "mount the store, or copy the data to a disk, and give the path there"
      }
    } else if text.hasPrefix("~"), text == "~" || text.hasPrefix("~/") || Self.isMissingUser(text) {
      what = "the shell did not replace the ~"
      hint =
        (text == "~" || text.hasPrefix("~/") ? "write $HOME\(text.dropFirst()), or " : "write the whole path, or ")
        + "a space instead of = before the ~"
    } else {
      return nil
    }
  }

  /// `s3` of `s3://bucket/key`; also `simplecache::s3`.
  private static func scheme(_ text: String) -> String? {
    // as Java writes it
    if text.lowercased().hasPrefix("file:/") { return "file" }
    guard let end = text.range(of: "://")?.lowerBound, let first = text.unicodeScalars.first, first.isASCII,
      first.properties.isAlphabetic
    else { return nil }
    let scheme = text[..<end]
    let isOne = scheme.unicodeScalars.allSatisfy {
      $0.isASCII && ($0.properties.isAlphabetic || "0123456789+-.:".unicodeScalars.contains($0))
    }
    return isOne ? String(scheme) : nil
  }

  /// The path in an address of this machine.
  private static func path(ofFile address: String) -> String? {
    guard let start = address.range(of: "://")?.upperBound ?? address.firstIndex(of: "/") else { return nil }
    var rest = address[start...]
    if rest.hasPrefix("localhost/") { rest = rest.dropFirst("localhost".count) }
    return rest.hasPrefix("/") ? rest.removingPercentEncoding ?? String(rest) : nil
  }

  /// Whether a `~anna/data` has no folder of that name.
  private static func isMissingUser(_ text: String) -> Bool {
    guard let slash = text.firstIndex(of: "/") else { return false }
    return access(String(text[..<slash]), F_OK) != 0
  }
}

extension ViewsError {
  /// A dataset file names an image by what is no path.
  static func noPath(_ problem: PathProblem, _ text: String, path: String, field: String) -> ViewsError {
    // no shell reads the file
    let (what, hint) =
      text.hasPrefix("~")
      ? ("a ~ is not replaced in a file", "write the whole path in the file") : (problem.what, problem.hint)
    return .pathUnusable(path: path, field: field, what: "\"\(text)\": \(what)", hint: hint)
  }
}
