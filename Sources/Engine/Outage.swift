import Planning

/// What a run rests on and cannot use for now, in words.
package struct Outage: Sendable {
  package let what: String
  /// To be waited for no longer than this, whatever else is waited for.
  package var limitSeconds: Double = .infinity

  /// What is said where it was waited for in vain; nil for the usual.
  package var end: JobError?

  package init(_ what: String) { self.what = what }
}

extension Outage {
  /// Behind an error of a ledger, such as the folder of a work order that cannot be reached.
  package init?(ofLedger error: any Error) {
    guard case JobError.unanswered(let what, _) = error else { return nil }
    self.init(what)
  }
}
