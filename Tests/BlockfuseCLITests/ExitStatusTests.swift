import BlockfuseCLI
import Diagnostics
import Foundation
import JobStore
import Jobs
import Planning
import Testing

/// Numbers that scripts ask for: none may change.
@Suite struct ExitStatusTests {
  @Test func numbers() {
    #expect(ExitStatus.all.joined().map(\.code) == [0, 1, 3, 4, 10, 11, 12, 64, 75, 130, 143])
    for group in ExitStatus.all { #expect(Set(group.map(\.meaning)).count == 1) }
    #expect(ExitStatus.stopped(signal: SIGINT).code == 130)
  }

  @Test func errors() {
    #expect(JobError.invalid(what: "a", hint: "").exitStatus == .usage)
    #expect(JobStoreError.noSuchJob(selector: "7", path: "jobs.sqlite").exitStatus == .noJob)
  }
}
