/// `4GiB`, `600MB`, `2g`, `1048576`.
func byteCount(_ text: String) -> Int? {
  let units: [(String, Double)] = [
    ("kib", 1024), ("mib", 1_048_576), ("gib", 1_073_741_824), ("tib", 1_099_511_627_776), ("kb", 1e3), ("mb", 1e6),
    ("gb", 1e9), ("tb", 1e12), ("k", 1024), ("m", 1_048_576), ("g", 1_073_741_824), ("t", 1_099_511_627_776), ("b", 1),
  ]
  let lower = text.lowercased().filter { $0 != " " }
  let (number, factor) =
    units.first { lower.hasSuffix($0.0) }.map { (String(lower.dropLast($0.0.count)), $0.1) } ?? (lower, 1)
  guard let value = Double(number), value > 0, value * factor < 9e18 else { return nil }
  return Int(value * factor)
}
