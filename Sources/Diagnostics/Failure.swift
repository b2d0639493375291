/// An error as users and programs meet it: a stable code, a sentence, one next step, whether trying again can help, and the
/// exit status of a command that it ends.
///
/// `description` says what is wrong and where, without a capital and a full stop, since it follows `error: ` or stands in a
/// record.
public protocol Failure: Error, CustomStringConvertible {
  /// The stable name, for programs; what is recorded with a block.
  var code: FailureCode { get }
  /// What to do next; empty if there is nothing to say.
  var hint: String { get }
  /// Whether trying again later, with nothing changed, can help.
  var isTransient: Bool { get }
  /// The exit status of a command that the error ends.
  var exitStatus: ExitStatus { get }
  /// Whether a disk that is written to has no space left, or the user's share of it is used up. No fault of a block.
  var isDiskFull: Bool { get }
  /// The number that the system gave for a failed call on a file that is written; nil if there was none.
  var systemNumber: Int32? { get }
}

extension Failure {
  public var isTransient: Bool { false }
  public var exitStatus: ExitStatus { .unexpected }
  public var isDiskFull: Bool { false }
  public var systemNumber: Int32? { nil }
}
