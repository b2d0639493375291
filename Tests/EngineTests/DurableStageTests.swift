import Diagnostics
import Engine
import Files
import Foundation
import Geometry
import JobStore
import Planning
import Store
import TestSupport
import Testing
import Threads

@Suite struct DurableStageTests {
  @Test func allBlocksAreOnDiskWhenTheyAreRecorded() throws {
    let scene = try EngineScene()
    let stage = try scene.stage()
    try scene.work(for: stage) { $0 == 2 }
    try stage.close()
    #expect(scene.ledger.outcomes(scene.layout) == [0: "done", 1: "done", 2: "empty", 3: "done"])
    #expect(scene.folder.files.count == 3)
    for result in scene.ledger.results {
      guard case .done(let byteCount, let checksum) = result.outcome else { continue }
      let bytes = try fileBytes(scene.task(result.block.position).path)
      #expect(bytes.count == byteCount)
      // the codecs have one of their own
      #expect(checksum == nil)
    }
    let reading = scene.meter.read()
    #expect((reading.doneBlocks, reading.emptyBlocks, reading.failedBlocks) == (3, 1, 0))
  }

  /// While one group is recorded, the next one gathers.
  @Test func blocksAreRecordedInGroups() throws {
    let scene = try EngineScene(shape: Index3(2, 2, 40))
    scene.ledger.set { $0.isOpen = false }
    let stage = try scene.stage(capacity: 64)
    var parts: [WorkQueue.Part] = []
    while parts.count < 20, let part = scene.queue.next() { parts.append(part) }
    func hand(on part: WorkQueue.Part) throws {
      if try part.task.deliver(0, nil) { stage.submit(part.task) }
      _ = scene.queue.finished(part)
    }
    try hand(on: parts[0])
    scene.ledger.waitForRecord(1)
    for part in parts.dropFirst() { try hand(on: part) }
    scene.ledger.set { $0.isOpen = true }
    try stage.close()
    #expect(scene.ledger.groups == [1, 19])
  }

  @Test func aBlockThatFailsDoesNotKeepOthersFromBeingDone() throws {
    let scene = try EngineScene()
    // a folder with something in it cannot be written over
    let inTheWay = scene.task(TCZYX(t: 0, c: 0, z: 0, y: 0, x: 1)).path
    try FileManager.default.createDirectory(atPath: inTheWay + "/x", withIntermediateDirectories: true)
    let stage = try scene.stage()
    try scene.work(for: stage)
    try stage.close()
    #expect(scene.ledger.outcomes(scene.layout) == [0: "done", 1: "io-failed", 2: "done", 3: "done"])
    #expect(scene.meter.read().failedBlocks == 1)
  }

  @Test func aBlockThatCannotBeMadeIsRecordedOnce() throws {
    let scene = try EngineScene(shape: Index3(4, 4, 4), isSharded: true)
    let stage = try scene.stage()
    while let part = scene.queue.next() {
      stage.fail(part.task, WorkFailure(code: .chunkDamaged, message: "part \(part.index)", isTransient: false))
      _ = scene.queue.finished(part)
    }
    try stage.close()
    #expect(scene.ledger.results.count == 1)
    #expect(scene.ledger.outcomes(scene.layout) == [0: "chunk-damaged"])
  }

  /// Somebody removed the folders below the output: the next try makes them again.
  @Test func aBlockWhoseFolderWentIsMadeAgain() throws {
    let scene = try EngineScene(shape: Index3(2, 2, 2))
    let stage = try scene.stage()
    let first = try #require(scene.queue.next())
    #expect(try first.task.deliver(0, EngineScene.bytes(0, 0)))
    try FileManager.default.removeItem(atPath: scene.folder.path + "/0")
    stage.submit(first.task)
    _ = scene.queue.finished(first)
    let second = try #require(scene.queue.next())
    #expect(second.task.attempt == 2)
    if try second.task.deliver(0, EngineScene.bytes(0, 0)) { stage.submit(second.task) }
    _ = scene.queue.finished(second)
    #expect(scene.queue.next() == nil)
    try stage.close()
    #expect(scene.ledger.outcomes(scene.layout) == [0: "done"])
    #expect(try fileBytes(second.task.path).prefix(8) == EngineScene.bytes(0, 0)[...])
  }

  /// A file of before has no place where a block is empty by now.
  @Test func aFileOfAnEmptyBlockGoes() throws {
    let scene = try EngineScene(shape: Index3(2, 2, 2))
    let path = scene.task().path
    try scene.folder.write("old", to: String(path.dropFirst(scene.folder.path.count + 1)))
    let stage = try scene.stage()
    try scene.work(for: stage) { _ in true }
    try stage.close()
    #expect(scene.folder.files == [])
    #expect(scene.ledger.outcomes(scene.layout) == [0: "empty"])
  }

  /// Nobody's failure: the blocks stay pending, and the run ends.
  @Test func aFullDiskStopsTheRun() throws {
    let scene = try EngineScene()
    let stage = try scene.stage()
    let part = try #require(scene.queue.next())
    stage.fail(part.task, WorkFailure(StorageError.io(step: .write, path: part.task.path, errno: ENOSPC)))
    #expect(scene.queue.isStopped)
    #expect(scene.queue.next() == nil)
    let error = thrown(JobError.self) { try stage.close() }
    guard case .diskFull(let path, _) = error else { return #expect(Bool(false), "\(error as Any)") }
    #expect(path == part.task.path)
    #expect(scene.ledger.results.isEmpty)
  }

  /// While the output does not answer, blocks wait; none fails, and the work goes on by itself.
  @Test(arguments: [StoreStep.write, .finish, .pay]) func anOutputThatDoesNotAnswerIsWaitedFor(step: StoreStep) throws {
    let calls = Monitor(0)
    let scene = try EngineScene(shape: Index3(2, 2, 40), patienceSeconds: 30) { [calls] at, _ in
      guard at == step else { return nil }
      return calls.update { count in
        count += 1
        return count <= 3 ? ENOTCONN : nil
      }
    }
    let stage = try scene.stage()
    try scene.workAgain(for: stage)
    try stage.close()
    #expect(scene.ledger.outcomes(scene.layout).values.count { $0 == "done" } == 20)
    let said = scene.said.read { $0 }
    #expect(said.count == 2 && said[0].contains("does not answer") && said[0].contains("waiting for it"), "\(said)")
  }

  /// It is nobody's failure, and the run stops with all of it pending.
  @Test func anOutputThatDoesNotComeBackStopsTheRun() throws {
    let scene = try EngineScene(shape: Index3(2, 2, 40)) { at, _ in [.write, .standing].contains(at) ? ESHUTDOWN : nil }
    let stage = try scene.stage()
    try scene.workAgain(for: stage)
    let error = thrown(JobError.self) { try stage.close() }
    guard case .unanswered(let what, _) = error else { return #expect(Bool(false), "\(error as Any)") }
    #expect(what.contains("does not answer"))
    #expect(!what.contains("moved"))
    #expect(scene.ledger.results.isEmpty)
  }

  /// Where nothing at all can be written, that is not the fault of every single block.
  @Test func notEveryBlockFailsWhereNothingCanBeWritten() throws {
    let scene = try EngineScene(shape: Index3(2, 2, 2600)) { at, _ in at == .finish ? EIO : nil }
    let stage = try scene.stage(capacity: 200)
    try scene.workAgain(for: stage)
    let error = thrown(JobError.self) { try stage.close() }
    guard case .unanswered(let what, _) = error else { return #expect(Bool(false), "\(error as Any)") }
    #expect(what.contains("nothing can be written"))
    #expect(scene.ledger.results.count <= 1024)
  }

  /// The folder of a work order lies on a disk that may go away, too.
  @Test func aLedgerThatDoesNotAnswerIsWaitedFor() throws {
    let scene = try EngineScene(patienceSeconds: 30)
    scene.ledger.set {
      $0.takeErrors = (0..<5).map { _ in JobError.unanswered("the log is away") }
      $0.recordErrors = (0..<5).map { _ in JobError.unanswered("the log is away") }
    }
    let stage = try scene.stage()
    try scene.work(for: stage)
    try stage.close()
    #expect(scene.ledger.outcomes(scene.layout).values.count { $0 == "done" } == 4)
    #expect(scene.said.read { $0.first?.hasPrefix("the log is away; waiting") } == true)
  }

  @Test func aRecordThatCannotBeWrittenStopsTheRun() throws {
    let scene = try EngineScene()
    scene.ledger.set { $0.recordErrors = [JobError.lost("another process has it")] }
    let stage = try scene.stage()
    try scene.work(for: stage)
    let error = thrown(JobError.self) { try stage.close() }
    guard case .lost = error else { return #expect(Bool(false), "\(error as Any)") }
  }
}
