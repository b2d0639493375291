import JobStore
import Planning

extension JobStore {
  /// The one job that a number or a name means, for what cannot be undone: of several with a name, none is taken.
  package func onlyJob(_ selector: String) throws -> JobRecord {
    let record = try job(selector)
    let named = try jobs().filter { $0.description.name == selector }
    guard String(record.id) == selector || named.count < 2 else {
      throw JobError.invalid(
        what: "\(named.count) jobs have the name \(selector)",
        hint: "give the number of the one that is meant: \(named.map { String($0.id) }.joined(separator: ", "))")
    }
    return record
  }
}
