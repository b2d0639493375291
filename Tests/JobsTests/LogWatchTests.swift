import Jobs
import Testing

@Suite struct LogWatchTests {
  @Test func growthIsSaidOnceForEachDoubling() {
    var watch = LogWatch()
    let mebibyte = 1 << 20
    let said = [0, 8, 31, 33, 40, 63, 70, 90, 500, 600, 1100].map { watch.note(path: "/d/jobs.sqlite-wal", byteCount: $0 * mebibyte) }
    #expect(said.map { $0 != nil } == [false, false, false, true, false, false, true, false, true, true, true])
    #expect(said[3]?.contains("has grown to 33.0 MiB") == true && said[3]?.contains("lsof /d/jobs.sqlite-wal") == true)
  }
}
