import Diagnostics
import Views

/// The order of views that a fusion function is given by their names.
enum ViewOrder {
  /// The numbers of the views, in that order; nil where no order is given.
  ///
  /// Views that the dataset has and that are not fused, be it that their images are missing, are left out.
  static func numbers(_ names: [String], views: [View], in dataset: Dataset) throws(JobError) -> [Int]? {
    if names.isEmpty { return nil }
    if let twice = Dictionary(grouping: names, by: { $0 }).filter({ $1.count > 1 }).keys.min() {
      throw .invalid(what: "the order of views in fusion_func_kwargs names \"\(twice)\" more than once", hint: "name each view once")
    }
    let known = dataset.views.map(\.name) + dataset.missingViews.map(\.name)
    let there = Set(known)
    let unknown = names.filter { !there.contains($0) }
    if let first = unknown.first {
      let listed = unknown.prefix(20).map { "\"\($0)\"" }.joined(separator: ", ")
      throw .invalid(
        what: "the order of views in fusion_func_kwargs names views that are not among those to fuse: \(listed)"
          + (unknown.count > 20 ? " and \(unknown.count - 20) more" : ""),
        hint: nameHint(first, among: known))
    }
    let numbers = Dictionary(uniqueKeysWithValues: views.enumerated().map { ($1.name, $0) })
    return names.compactMap { numbers[$0] }
  }
}
