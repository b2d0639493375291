import JobStore
import Testing

@Suite struct JobStoreErrorTests {
  private let errors: [JobStoreError] = [
    .noDatabase(path: "jobs.sqlite"), .databaseGone(path: "jobs.sqlite"), .noParentFolder(path: "a/jobs.sqlite"),
    .unusablePath(path: "", why: "it has no name"), .noSuchJob(selector: "", path: "jobs.sqlite"),
    .noSuchJob(selector: "brian", path: "jobs.sqlite"), .noSuchJob(selector: "brian", path: "jobs.sqlite", nearest: "brain"),
    .newerDatabase(path: "jobs.sqlite", version: 9, known: 6), .migrationChanged(path: "jobs.sqlite", name: "0001_jobs"),
    .foreignFile(path: "jobs.sqlite", why: "it is a letter"), .damaged(path: "jobs.sqlite", why: "it ends too early"),
    .readOnly(path: "jobs.sqlite"), .networkFileSystem(path: "jobs.sqlite", kind: "nfs"), .busy(path: "jobs.sqlite"),
    .alreadyRunning(job: 1, holder: .current(command: "run")), .claimLost([1]), .notClaimed(1, block: "0/[0]"), .runEnded(1),
    .wrongState(job: 1, state: .complete, action: "run it"), .diskFull(path: "jobs.sqlite"),
    .cannotOpen(path: "jobs.sqlite", why: "it is a folder"), .fileExists(path: "copy.sqlite"), .invalid("a block outside its level"),
    .other(path: "jobs.sqlite", sqliteCode: 1, message: "no such table"),
  ]

  /// `hint: ` comes before it, as before those of all other errors.
  @Test func theNextStepIsNoSentenceOfItsOwn() {
    for error in errors {
      #expect(error.hint.first?.isUppercase == false, "\(error.hint)")
      #expect(!error.hint.hasSuffix(".") && !error.hint.contains(". "), "\(error.hint)")
    }
  }
}
