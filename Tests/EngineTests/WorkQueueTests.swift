import Diagnostics
import Engine
import Foundation
import Geometry
import Planning
import Testing

@Suite struct WorkQueueTests {
  private struct Passing: Error {}

  private let passing = WorkFailure(code: .ioFailed, message: "passes", isTransient: true)
  private let lasting = WorkFailure(code: .chunkDamaged, message: "stays", isTransient: false)

  @Test func partsOfTheOldestBlockGoFirst() throws {
    let scene = try EngineScene(shape: Index3(4, 4, 8), isSharded: true)
    var order: [[Int]] = []
    for _ in 0..<16 {
      let part = try #require(scene.queue.next())
      order.append([scene.number(part.task), part.index])
    }
    #expect(order == (0..<2).flatMap { block in (0..<8).map { [block, $0] } })
  }

  /// Else a slow worker would make all others fill the memory with what comes after its part.
  @Test func partsWaitOnlyAsLongAsTheyAreFew() throws {
    let scene = try EngineScene(shape: Index3(4, 4, 8), isSharded: true, waitingByteLimit: 16)
    let slow = try #require(scene.queue.next())
    for _ in 0..<2 {
      let part = try #require(scene.queue.next())
      #expect(part.task === slow.task)
      #expect(try !part.task.deliver(part.index, EngineScene.bytes(0, part.index)))
    }
    // two parts wait, 16 bytes: others begin with the next block
    let other = try #require(scene.queue.next())
    #expect(other.task !== slow.task)
    #expect(other.index == 0)
    #expect(try !slow.task.deliver(0, EngineScene.bytes(0, 0)))
    let next = try #require(scene.queue.next())
    #expect(next.task === slow.task)
    #expect(next.index == 3)
  }

  @Test func noMoreBlocksAreBegunThanAskedFor() throws {
    let scene = try EngineScene(blockLimit: 2)
    let stage = try scene.stage()
    try scene.work(for: stage)
    try stage.close()
    #expect(scene.queue.startedCount == 2)
    #expect(scene.ledger.outcomes(scene.layout) == [0: "done", 1: "done"])
  }

  @Test func aWholeBlockIsHandedOutAtOnce() throws {
    let scene = try EngineScene(shape: Index3(4, 4, 4), isSharded: true)
    let task = try #require(scene.queue.nextBlock(waits: true))
    #expect(task.parts.count == 8)
    #expect(scene.queue.nextBlock(waits: false) == nil)
  }

  @Test func aStopHandsOutNothingMore() throws {
    let scene = try EngineScene()
    let part = try #require(scene.queue.next())
    scene.queue.stop()
    #expect(scene.queue.next() == nil)
    #expect(scene.queue.isStopped)
    #expect(scene.queue.leftovers().incomplete.map { $0 === part.task } == [true])
  }

  @Test func whatOthersLeaveIsTaken() throws {
    let scene = try EngineScene(shape: Index3(2, 2, 2))
    scene.ledger.set { ($0.elsewhere, $0.free) = ($0.free, []) }
    #expect(!scene.queue.isOver)
    let ledger = scene.ledger
    Thread.detachNewThread { ledger.set { ($0.free, $0.elsewhere) = ($0.elsewhere, []) } }
    let part = try #require(scene.queue.next())
    #expect(part.task.block.position == .zero)
  }

  @Test func aBlockThatFailedForAPassingReasonComesAgain() throws {
    let scene = try EngineScene(shape: Index3(2, 2, 2))
    for attempt in 1...4 {
      let part = try #require(scene.queue.next())
      #expect(part.task.attempt == attempt)
      scene.queue.handedOn()
      _ = scene.queue.finished(part)
      // the fourth time it is recorded
      #expect(scene.queue.isMadeAgain(part.task, after: passing) == (attempt < 4))
      scene.queue.settled(1)
    }
    #expect(scene.queue.next() == nil)
    #expect(scene.queue.startedCount == 1)
  }

  @Test func aBlockThatFailedForALastingReasonDoesNotComeAgain() throws {
    let scene = try EngineScene(shape: Index3(2, 2, 2))
    let part = try #require(scene.queue.next())
    #expect(!scene.queue.isMadeAgain(part.task, after: lasting))
  }

  /// The next run makes it, with all its tries.
  @Test func whatFailsInAStoppedRunStaysPending() throws {
    let scene = try EngineScene(shape: Index3(2, 2, 2))
    let part = try #require(scene.queue.next())
    scene.queue.stop()
    #expect(scene.queue.isMadeAgain(part.task, after: passing))
  }

  @Test func aLedgerThatFailsEndsTheLevel() throws {
    let scene = try EngineScene()
    let error = JobError.lost("gone")
    scene.ledger.set { $0.takeErrors = [error] }
    #expect(scene.queue.next() == nil)
    #expect(scene.queue.leftovers().error is JobError)
  }
}
