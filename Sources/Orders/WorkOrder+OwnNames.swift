import Files
import Output

extension WorkOrder {
  /// The names of what lies beside an output and is this program's: the owner, the lock, work orders with the logs of their
  /// tasks, and what Slurm writes for these.
  package static let namesBesideOutput = OwnNames { names in
    guard let last = names.last else { return false }
    var names = names
    if let final = TemporaryName.target(of: last) { names[names.count - 1] = final }
    if names.count == 1 { return [OutputOwner.fileName, OutputHold.lockName].contains(names[0]) }
    guard number(names[0], after: "order-") != nil else { return false }
    let inOrder = Array(names.dropFirst())
    if inOrder.count == 1 { return [fileName, withdrawnName].contains(inOrder[0]) }
    return inOrder[0] == slurmFolder || isShare(inOrder.dropLast()) && inOrder[inOrder.count - 1].hasSuffix(".log")
  } isFolder: { names in
    guard number(names[0], after: "order-") != nil else { return false }
    let inOrder = Array(names.dropFirst())
    return inOrder.isEmpty || inOrder[0] == slurmFolder || isPartOfShare(inOrder)
  }

  /// `level-L/of-N/task-I`.
  private static let shareNames = ["level-", "of-", "task-"]
  private static let slurmFolder = "slurm"

  private static func isPartOfShare(_ names: [String]) -> Bool {
    names.count <= shareNames.count && zip(names, shareNames).allSatisfy { number($0, after: $1) != nil }
  }

  private static func isShare(_ names: ArraySlice<String>) -> Bool { names.count == shareNames.count && isPartOfShare(Array(names)) }
}
