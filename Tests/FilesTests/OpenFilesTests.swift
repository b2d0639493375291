import Files
import Testing

/// What is made of a limit of open files.
@Suite struct OpenFilesTests {
  @Test func filesOnTheirWayLeaveRoomForTheRest() {
    // a limit that is no limit
    #expect(OpenFiles.onTheirWay(wanted: 1040, workers: 128, limit: 65_536) == 1040)
    for (workers, limit) in [(1, 64), (4, 64), (32, 256), (128, 1024), (244, 1024)] {
      let files = OpenFiles.onTheirWay(wanted: 8 * workers + 16, workers: workers, limit: limit)
      #expect(files.map { $0 >= 1 && $0 + 2 * workers + 2 * OpenFiles.idle(limit: limit) < limit } == true)
    }
    #expect(OpenFiles.onTheirWay(wanted: 100, workers: 100, limit: 128) == nil)
  }
}
