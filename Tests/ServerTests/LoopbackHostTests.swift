import Server
import Testing

/// Only requests that were meant for this machine are answered.
@Suite struct LoopbackHostTests {
  @Test(arguments: ["localhost", "localhost:8642", "LOCALHOST:1", "127.0.0.1", "127.0.0.1:65535", "[::1]", "[::1]:80"])
  func own(host: String) { #expect(isLoopbackHost(host)) }

  @Test(arguments: [
    "", "evil.example", "evil.example:8642", "localhost.evil.example", "localhost:", "localhost:80.evil.example",
    "127.0.0.1.evil.example", "127.0.0.1:123456", "127.0.0.1:8642:1", "127.0.0.2", "0.0.0.0", "192.168.0.1", "::1",
    "[::1].evil.example", "user@localhost", "localhost:٨٠",
  ])
  func foreign(host: String) { #expect(!isLoopbackHost(host)) }

  @Test func none() { #expect(!isLoopbackHost(nil)) }
}
