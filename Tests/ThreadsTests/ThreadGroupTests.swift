import Synchronization
import Testing
import Threads

@Suite struct ThreadGroupTests {
  @Test(arguments: [0, 1, 7]) func allBodiesHaveRunWhenJoined(count: Int) throws {
    let seen = Mutex<[Int]>([])
    let group = try ThreadGroup(name: "a-name-that-is-longer-than-systems-take", count: count) { index in
      seen.withLock { $0.append(index) }
    }
    group.join()
    #expect(seen.withLock { $0.sorted() } == Array(0..<count))
    // once more is nothing
    group.join()
  }
}
