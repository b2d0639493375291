import BlockfuseCLI
import Foundation
import Jobs
import JobStore
import Testing

/// Numbers that scripts ask for: none may change.
@Suite struct ExitStatusTests {
  @Test func numbers() {
    #expect(ExitStatus.all.joined().map(\.code) == [0, 1, 3, 4, 10, 11, 12, 64, 75, 130, 143])
    for group in ExitStatus.all { #expect(Set(group.map(\.meaning)).count == 1) }
    #expect(ExitStatus.stopped(signal: SIGINT).code == 130)
  }

  @Test func errors() {
    #expect(ExitStatus(JobError.invalid(what: "a", hint: "")) == .usage)
    #expect(ExitStatus(JobStoreError.noSuchJob(selector: "7", path: "jobs.sqlite")) == .noJob)
    #expect(ExitStatus(CocoaError(.fileNoSuchFile)) == .unexpected)
  }
}
