/// Whether the `Host` of a request names this machine itself. A page of another site can have its name lead to 127.0.0.1
/// (DNS rebinding) and would then be let in by the browser; but it cannot change the name that the browser sends.
package func isLoopbackHost(_ host: String?) -> Bool {
  guard let host else { return false }
  for name in ["localhost", "127.0.0.1", "[::1]"] {
    guard host.lowercased().hasPrefix(name) else { continue }
    let rest = host.dropFirst(name.count)
    if rest.isEmpty { return true }
    let digits = rest.dropFirst()
    return rest.first == ":" && (1...5).contains(digits.count) && digits.allSatisfy { $0.isASCII && $0.isNumber }
  }
  return false
}
