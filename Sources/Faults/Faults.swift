import Foundation
import Synchronization

/// Makes the faults that the environment asks for. Without `BLOCKFUSE_FAULT` a point costs a look at a constant.
public enum Faults {
  /// Says that a point is reached: may kill the process or wait. Returns the errno with which the step is to fail.
  public static func reach(_ point: FaultPoint) -> Int32? {
    guard let plan else { return nil }
    return reach(point, plan)
  }

  /// For how long what does not answer is waited for, where a test says so.
  public static var patienceSeconds: Double? { plan?.patienceSeconds }

  private static let counts = Mutex<[FaultPoint: Int]>([:])

  private static let plan: FaultPlan? = {
    guard let text = getenv("BLOCKFUSE_FAULT").map({ String(cString: $0) }), !text.isEmpty else { return nil }
    guard let plan = FaultPlan(text) else {
      say("BLOCKFUSE_FAULT=\(text) is not understood")
      exit(64)
    }
    return plan
  }()

  private static func reach(_ point: FaultPoint, _ plan: FaultPlan) -> Int32? {
    if plan.isTracing { say(point.rawValue) }
    let count = counts.withLock { counts in
      counts[point, default: 0] += 1
      return counts[point, default: 0]
    }
    guard let fault = plan.faults.first(where: { $0.point == point && $0.applies(count) }) else { return nil }
    say("\(point.rawValue) made to fail")
    switch fault.action {
    case .kill:
      kill(getpid(), SIGKILL)
      while true { pause() }
    case .wait(let milliseconds):
      usleep(milliseconds * 1000)
      return nil
    case .hold(let file):
      while access(file, F_OK) == 0 { usleep(10_000) }
      return nil
    case .error(let number): return number
    }
  }

  /// In one write, so that threads do not mix their lines.
  private static func say(_ text: String) {
    let line = Array("fault: \(text)\n".utf8)
    _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }
}
