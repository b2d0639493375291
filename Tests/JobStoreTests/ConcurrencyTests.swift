import Foundation
import Geometry
import JobStore
import Synchronization
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Several stores on one file at once, as processes have them.
@Suite struct ConcurrencyTests {
  @Test func joinedRunsShareAJobWithoutDoingABlockTwice() throws {
    let scene = try Scene()
    let job = try scene.job([size(8, 16, 16), size(4, 8, 8)])
    let done = Mutex<[BlockID: Int]>([:])
    let failure = Mutex<(any Error)?>(nil)
    let threads = DispatchGroup()
    for worker in 0..<3 {
      let path = scene.path
      DispatchQueue.global().async(group: threads) {
        do {
          let store = try JobStore.open(path, mode: .existing)
          var run: Run? = try store.beginRun(job: job, join: true, info: .sample(worker))
          var turns = 0
          while let current = run {
            let counts = try store.job(job).counts
            if counts.isSettled { break }
            let claims = try current.claim(level: 0, limit: 20) + current.claim(level: 1, limit: 5)
            turns += 1
            if worker == 2 && turns % 7 == 0 {
              run = nil  // dies with its claims, and comes back
              run = try store.beginRun(job: job, join: true, info: .sample(worker))
              continue
            }
            let results = claims.flatMap { claim in
              claim.positions.map { BlockResult(claim: claim.id, position: $0, outcome: .done) }
            }
            try current.record(results)
            done.withLock { done in
              for claim in claims {
                for p in claim.positions { done[BlockID(level: claim.level, position: p), default: 0] += 1 }
              }
            }
          }
          try run?.end(.finished)
        } catch {
          failure.withLock { $0 = error }
        }
      }
    }
    threads.wait()
    failure.withLock { #expect($0 == nil) }
    done.withLock { done in
      #expect(done.count == 8 * 16 * 16 + 4 * 8 * 8)
      #expect(done.values.allSatisfy { $0 == 1 })
    }
    #expect(try scene.store.job(job).state == .complete)
    #expect(try scene.store.integrityCheck() == [])
  }

  /// A child process does not keep its parent alive.
  @Test func aLockIsNotInheritedByChildren() throws {
    let folder = try TemporaryFolder()
    let file = LockFile(path: folder.file("a.lock"))
    var lock = try file.take(1)
    #expect(lock != nil)
    let child = Process()
    child.executableURL = URL(fileURLWithPath: "/bin/sh")
    child.arguments = ["-c", "read line"]
    let input = Pipe()
    child.standardInput = input
    try child.run()
    lock = nil
    #expect(try file.held([1]) == [])
    try input.fileHandleForWriting.close()
    child.waitUntilExit()
  }

  /// A killed process loses its locks at once and its claims with them.
  @Test func aKilledProcessIsDeadAtOnce() async throws {
    let scene = try Scene()
    let job = try scene.job([size(2, 2, 2)])
    try scene.store.close()
    setenv("BLOCKFUSE_TEST_DATABASE", scene.path, 1)
    await #expect(processExitsWith: .signal(SIGKILL)) {
      let path = try #require(ProcessInfo.processInfo.environment["BLOCKFUSE_TEST_DATABASE"])
      let store = try JobStore.open(path, mode: .existing)
      let run = try store.beginRun(job: 1, info: .current(command: "to be killed"))
      try run.work(level: 0, limit: 3)
      _ = try run.claim(level: 0, limit: 4)
      kill(getpid(), SIGKILL)
    }
    // What was recorded is still in the write-ahead log; a reader that never writes sees it, too.
    #expect(FileManager.default.fileExists(atPath: scene.path + "-wal"))
    let reader = try scene.reopened(.readOnly)
    #expect(try reader.job(job).state == .interrupted)
    #expect(try reader.job(job).counts == BlockCounts(total: 8, done: 3))
    let store = try scene.reopened()
    let run = try store.beginRun(job: job, info: .sample())
    #expect(try reader.runs(of: job).map(\.outcome) == [.died, nil])
    #expect(try run.work(level: 0, limit: 8) == 5)
    #expect(try run.end(.finished) == .complete)
    #expect(try store.integrityCheck() == [])
  }
}
