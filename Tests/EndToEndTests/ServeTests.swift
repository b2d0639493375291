import Foundation
import JobStore
import Synchronization
import Testing

/// `serve`: read-only pages on loopback, for whoever asks by the right name.
@Suite struct ServeTests {
  /// A server and the port that it printed.
  private func serve(_ folder: TestFolder) throws -> (process: RunningProcess, port: Int) {
    let process = try folder.spawn("serve", "--port", "0")
    for _ in 0..<2000 where process.isRunning {
      if let match = process.outputSoFar.firstMatch(of: /http:\/\/127\.0\.0\.1:(\d+)\//), let port = Int(match.1) {
        return (process, port)
      }
      usleep(5000)
    }
    process.signal(SIGKILL)
    throw CocoaError(.fileReadUnknown)
  }

  /// The folder must be there until then.
  private func end(_ process: RunningProcess, in folder: TestFolder) {
    process.signal(SIGKILL)
    process.wait()
  }

  /// One request by hand, so that any `Host` and method can be sent; the whole answer.
  private func ask(_ port: Int, _ path: String, host: String? = "127.0.0.1", method: String = "GET") throws -> String {
    let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(socket) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(port).bigEndian)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let connected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
    try #require(connected == 0)
    let line = host.map { "Host: \($0)\r\n" } ?? ""
    let request = Array("\(method) \(path) HTTP/1.1\r\n\(line)Connection: close\r\n\r\n".utf8)
    try #require(send(socket, request, request.count, 0) == request.count)
    var answer: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = recv(socket, &buffer, buffer.count, 0)
      if count <= 0 { break }
      answer += buffer[0..<count]
    }
    return String(decoding: answer, as: UTF8.self)
  }

  @Test func jobsAreServedAndFollowed() throws {
    let folder = try TestFolder()
    let dataset = try folder.mosaic("--tiles", "1x2", "--shape", "16,60,100", "--chunk", "16,30,50")
    try folder.blockfuse("submit", dataset, "--output", "a.ome.zarr", "--output-chunksize", "16", "--name", "<b>heart</b>")
    let before = try Data(contentsOf: URL(fileURLWithPath: folder.file("jobs.sqlite")))
    let (process, port) = try serve(folder)
    defer { end(process, in: folder) }
    let list = try ask(port, "/")
    #expect(list.hasPrefix("HTTP/1.1 200"))
    #expect(list.contains("&lt;b&gt;heart&lt;/b&gt;") && !list.contains("<b>heart"))
    #expect(list.contains("href=\"/job/1\""))
    #expect(try ask(port, "/job/1").contains(">pending</span>"))
    #expect(try Data(contentsOf: URL(fileURLWithPath: folder.file("jobs.sqlite"))) == before)
    try folder.blockfuse("run", "--quiet")
    // what is shown is at most a second old
    usleep(1_100_000)
    let done = try ask(port, "/job/1/main")
    #expect(done.contains(">complete</span>"))
    let address = try self.address(in: done)
    let picture = try ask(port, address)
    #expect(picture.contains("image/png"))
    #expect(picture.contains("IHDR"))
    // jobs that come later are there, too
    try folder.blockfuse("submit", dataset, "--output", "b.ome.zarr")
    #expect(try ask(port, "/").contains("href=\"/job/2\""))
    #expect(try !ask(port, "/").contains("(not there)"))
    try FileManager.default.removeItem(atPath: folder.file("b.ome.zarr"))
    #expect(try ask(port, "/main").contains("b.ome.zarr <strong class=\"bad\">(not there)</strong>"))
    process.signal(SIGINT)
    #expect(process.wait().status == 130)
  }

  private func address(in page: String) throws -> String {
    String(try #require(page.firstMatch(of: /(?:src|href)="(\/job\/1\/z-[0-9a-f]+-[0-9a-f]+\.png)"/)).1)
  }

  /// A browser keeps what is at an address for an hour.
  @Test func aPicturesAddressIsThatOfThePicture() throws {
    let folders = [try TestFolder(), try TestFolder()]
    var addresses: [String] = []
    for (folder, seed) in zip(folders, ["1", "2"]) {
      let dataset = try folder.mosaic("--tiles", "1x1", "--shape", "8,32,32", "--chunk", "8,32,32", "--seed", seed)
      try folder.blockfuse("submit", dataset, "--output", "a.ome.zarr")
      for isDone in [false, true] {
        if isDone { try folder.blockfuse("run", "--quiet") }
        let (process, port) = try serve(folder)
        defer { end(process, in: folder) }
        addresses.append(try address(in: ask(port, "/job/1")))
        #expect(try ask(port, addresses[addresses.count - 1]).contains("max-age"))
        for old in addresses.dropLast() {
          let answer = try ask(port, old)
          // of this job: what there is by now; of another: nothing
          #expect(
            !answer.contains("max-age") && answer.hasPrefix("HTTP/1.1 \(old == addresses[addresses.count - 2] && isDone ? 200 : 404)"))
        }
      }
    }
    #expect(Set(addresses).count == 4, "\(addresses)")
    // and the same picture has the same address
    let (process, port) = try serve(folders[1])
    defer { end(process, in: folders[1]) }
    #expect(try address(in: ask(port, "/job/1")) == addresses[3])
  }

  @Test func picturesAreWaitedForAndComeBack() throws {
    let folder = try TestFolder()
    let dataset = try folder.mosaic("--tiles", "1x1", "--shape", "16,64,64", "--chunk", "16,64,64")
    try folder.blockfuse("fuse", dataset, "--output", "a.ome.zarr", "--output-chunksize", "16", "--quiet")
    let uuid = try folder.database.job(1).description.uuid
    let (output, away) = (folder.file("a.ome.zarr"), folder.file("away"))
    do {
      let (process, port) = try serve(folder)
      defer { end(process, in: folder) }
      let answers = Answers()
      // at once, however few cores there are
      let all = DispatchGroup()
      for _ in 0..<20 {
        all.enter()
        Thread {
          let answer = (try? ask(port, "/job/1/z-\(uuid.prefix(8))-0.png")) ?? "none"
          answers.add(String(answer.prefix(12)))
          all.leave()
        }.start()
      }
      all.wait()
      #expect(answers.all == [String](repeating: "HTTP/1.1 200", count: 20))
    }
    try FileManager.default.moveItem(atPath: output, toPath: away)
    let (process, port) = try serve(folder)
    defer { end(process, in: folder) }
    #expect(try ask(port, "/job/1").contains("No picture"))
    try FileManager.default.moveItem(atPath: away, toPath: output)
    var page = ""
    for _ in 0..<30 {
      page = try ask(port, "/job/1/main")
      if page.contains("<img") { break }
      usleep(200_000)
    }
    #expect(try ask(port, address(in: page)).hasPrefix("HTTP/1.1 200"))
  }

  @Test func headIsGetWithoutTheBody() throws {
    let folder = try TestFolder()
    let dataset = try folder.mosaic("--tiles", "1x1", "--shape", "8,32,32", "--chunk", "8,32,32")
    try folder.blockfuse("submit", dataset, "--output", "a.ome.zarr")
    let (process, port) = try serve(folder)
    defer { end(process, in: folder) }
    for path in ["/main", "/favicon.ico", "/job/7"] {
      let (get, head) = (try ask(port, path), try ask(port, path, method: "HEAD"))
      let lines = { (text: String) in String(text.prefix(upTo: text.range(of: "\r\n\r\n")?.upperBound ?? text.startIndex)) }
      #expect(head == lines(get), "\(path): \(head)")
      #expect(head.contains("Content-Length: ") && !head.contains("Content-Length: 0"), "\(head)")
    }
  }

  @Test func aDatabaseThatIsMadeAnewIsNoticed() throws {
    let folder = try TestFolder()
    let dataset = try folder.mosaic("--tiles", "1x1", "--shape", "8,32,32", "--chunk", "8,32,32")
    try folder.blockfuse("submit", dataset, "--output", "a.ome.zarr", "--name", "first")
    let (process, port) = try serve(folder)
    defer { end(process, in: folder) }
    #expect(try ask(port, "/job/1").contains("first"))
    for suffix in ["", "-wal", "-shm", ".lock"] { try? FileManager.default.removeItem(atPath: folder.file("jobs.sqlite" + suffix)) }
    let without = try ask(port, "/job/1")
    #expect(without.hasPrefix("HTTP/1.1 503") && without.contains("no job database"), "\(without)")
    try folder.blockfuse("submit", dataset, "--output", "b.ome.zarr", "--name", "second")
    let page = try ask(port, "/job/1")
    #expect(page.hasPrefix("HTTP/1.1 200") && page.contains("second") && !page.contains("first"), "\(page.prefix(60))")
  }

  @Test func othersAreRefused() throws {
    let folder = try TestFolder()
    let dataset = try folder.mosaic("--tiles", "1x1", "--shape", "8,32,32", "--chunk", "8,32,32")
    try folder.blockfuse("submit", dataset, "--output", "a.ome.zarr")
    let (process, port) = try serve(folder)
    defer { end(process, in: folder) }
    for host in ["evil.example", "evil.example:\(port)", "localhost.evil.example", nil] {
      let answer = try ask(port, "/job/1", host: host)
      #expect(answer.hasPrefix("HTTP/1.1 421"), "\(host ?? "none"): \(answer.prefix(60))")
      #expect(!answer.contains("a.ome.zarr"))
    }
    #expect(try ask(port, "/", host: "localhost:\(port)").hasPrefix("HTTP/1.1 200"))
    for method in ["POST", "PUT", "DELETE"] {
      #expect(try ask(port, "/job/1", method: method).hasPrefix("HTTP/1.1 405"))
    }
    for path in ["/job/7", "/job/heart", "/job/1/q-1.png", "/nothing", "/job/1/main/more", "/../../etc/passwd", "/job/%2e%2e"] {
      #expect(try ask(port, path).hasPrefix("HTTP/1.1 404"), "\(path)")
    }
    // loopback only, and a port that is taken is said
    let second = try folder.blockfuse("serve", "--port", "\(port)")
    #expect(second.status == 1)
    #expect(second.errors.contains("--port"), "\(second.errors)")
    #expect(try TestFolder().blockfuse("serve").status == 10)
  }
}

/// Collected by several threads.
private final class Answers: Sendable {
  private let answers = Mutex<[String]>([])

  func add(_ answer: String) { answers.withLock { $0.append(answer) } }
  var all: [String] { answers.withLock { $0 } }
}
