import Geometry
import JobStore
import Testing

/// The largest level that can be recorded, and the smallest that cannot.
@Suite struct LevelLimitTests {
  private func layout(_ shape: TCZYX, chunk: Int) -> LevelLayout {
    LevelLayout(
      level: 0, shape: shape, chunk: TCZYX(z: chunk, y: chunk, x: chunk), shard: nil, factor: Index3(repeating: 1),
      absoluteFactor: Index3(repeating: 1))
  }

  @Test(arguments: [
    (size(1 << 12, 1 << 12, 1 << 12), 1, true), (size(1 << 12, 1 << 12, 1 << 12 + 16), 1, false),
    (size(1_000_000, 1_000_000, 100_000), 1, false), (size(1_000_000, 1_000_000, 100_000), 200, true),
    (size(1, 1, 1 << 48), 1 << 30, true), (size(1, 1, 1 << 48 + 1), 1 << 30, false),
    (size(1 << 40, 1 << 40, 1 << 40), 1, false),
  ])
  func isKept(shape: TCZYX, chunk: Int, isRecorded: Bool) throws {
    let layout = layout(shape, chunk: chunk)
    #expect((LevelLimit.excess(of: layout) == nil) == isRecorded)
    let scene = try Scene()
    func record() throws { _ = try scene.store.createJob(NewJob(description: .sample(), views: [], levels: [layout])) }
    if isRecorded {
      try record()
      #expect(try scene.store.levels(of: 1).count == 1)
    } else {
      #expect(throws: JobStoreError.self) { try record() }
    }
  }
}
