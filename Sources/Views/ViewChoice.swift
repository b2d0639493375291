import Diagnostics

/// The choice of views of a dataset that are looked at. It is decided by the dataset file, before any image is opened, as far as that
/// says enough: an image that is missing stops nothing that leaves it out.
public struct ViewChoice: Sendable {
  /// Names of views; nil for all.
  public var names: [String]?
  /// Indices of time points of the output; nil for all. A view that does not say where its own go has all of them.
  public var timePoints: [Int]?
  /// Names or indices of channels; nil for all.
  public var channels: [String]?
  /// Names of views that are left out without a word, whether there are any or not.
  public var leftOut: Set<String>
  /// Whether to go on without images that are not there or cannot be opened.
  public var skipsMissing: Bool

  public init(
    names: [String]? = nil, timePoints: [Int]? = nil, channels: [String]? = nil, leftOut: Set<String> = [],
    skipsMissing: Bool = false
  ) {
    (self.names, self.timePoints, self.channels) = (names, timePoints, channels)
    (self.leftOut, self.skipsMissing) = (leftOut, skipsMissing)
  }

  /// The places in a list of names of those that are chosen by their name.
  func places(among all: [String]) throws(ViewsError) -> [Int] {
    let known = Set(all)
    for name in names ?? [] where !known.contains(name) {
      throw .choiceInvalid(
        what: "option \"views\" names \"\(name)\", which the dataset does not have",
        hint: nameHint(name, among: all))
    }
    let wanted = names.map { Set($0) }
    return all.indices.filter { wanted?.contains(all[$0]) != false && !leftOut.contains(all[$0]) }
  }
}

extension ViewsError {
  public static let noViewChosen = ViewsError.choiceInvalid(
    what: "no view has any of these time points and channels", hint: "choose others, or leave them out")

  public static func noTimePoint(_ time: Int, of count: Int) -> ViewsError {
    .choiceInvalid(
      what: "option \"timepoints\" asks for \(time); the dataset has \(count), counted from 0", hint: "")
  }

  /// The index of a channel that is given by its name or index.
  public static func channel(_ name: String, names: [String]?, count: Int) throws(ViewsError) -> Int {
    if let index = names?.firstIndex(of: name) ?? Int(name), (0..<count).contains(index) { return index }
    let known = names?.joined(separator: ", ") ?? "indices 0 to \(count - 1)"
    throw .choiceInvalid(what: "option \"channels\" asks for \"\(name)\"", hint: "the dataset has \(known)")
  }
}
