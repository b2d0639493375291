/// The error of type `Failure` that a call throws; nil if it throws none, or another one.
package func thrown<Failure: Error>(_ type: Failure.Type, by body: () throws -> Void) -> Failure? {
  do {
    try body()
    return nil
  } catch {
    return error as? Failure
  }
}
