import Foundation
import JobStore
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
    defer { process.signal(SIGKILL) }
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
    let address = try #require(done.firstMatch(of: /src="(\/job\/1\/z-\d+\.png)"/))
    let picture = try ask(port, String(address.1))
    #expect(picture.contains("image/png"))
    #expect(picture.contains("IHDR"))
    // jobs that come later are there, too
    try folder.blockfuse("submit", dataset, "--output", "b.ome.zarr")
    #expect(try ask(port, "/").contains("href=\"/job/2\""))
    process.signal(SIGINT)
    #expect(process.wait().status == 130)
  }

  @Test func othersAreRefused() throws {
    let folder = try TestFolder()
    let dataset = try folder.mosaic("--tiles", "1x1", "--shape", "8,32,32", "--chunk", "8,32,32")
    try folder.blockfuse("submit", dataset, "--output", "a.ome.zarr")
    let (process, port) = try serve(folder)
    defer { process.signal(SIGKILL) }
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
