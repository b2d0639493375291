import Diagnostics
import Foundation
import Testing

import Faults

@Suite struct FaultPlanTests {
  @Test func whatTheVariableSays() throws {
    let plan = try #require(FaultPlan("file-synced=kill@3,claiming=ENOSPC@2+,recorded=wait:20,merged=hold:/tmp/a b@2"))
    #expect(
      plan.faults == [
        FaultPlan.Fault(point: .fileSynced, action: .kill, first: 3),
        FaultPlan.Fault(point: .claiming, action: .error(ENOSPC), first: 2, isLasting: true),
        FaultPlan.Fault(point: .recorded, action: .wait(milliseconds: 20)),
        FaultPlan.Fault(point: .merged, action: .hold(file: "/tmp/a b"), first: 2),
      ])
    #expect((1...5).map { plan.faults[0].applies($0) } == [false, false, true, false, false])
    #expect((1...5).map { plan.faults[1].applies($0) } == [false, true, true, true, true])
    #expect(try #require(FaultPlan("trace")).isTracing)
    let patient = try #require(FaultPlan("patience:0.5,claiming=kill"))
    #expect(patient.patienceSeconds == 0.5 && patient.faults.count == 1)
  }

  @Test(arguments: [
    "kill", "no-such-point=kill", "claiming=EWHATEVER", "claiming=kill@0", "claiming=kill@x", "claiming=wait:", "claiming=hold:",
    "patience:", "patience:x",
  ])
  func whatIsNotUnderstoodIsRefused(text: String) {
    #expect(FaultPlan(text) == nil)
  }

  @Test func namesAreUnique() {
    #expect(Set(FaultPoint.allCases.map(\.rawValue)).count == FaultPoint.allCases.count)
  }
}
