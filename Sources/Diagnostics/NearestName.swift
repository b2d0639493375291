/// The known name that a mistyped one probably stands for: the smallest number of inserted, deleted, replaced and
/// swapped letters, upper and lower case alike. Where that is more than a third of the word, the shortest name that has
/// all of the word in it, such as `output_chunksize` for `chunksize`; else nil.
public func nearestName(to word: String, among known: [String]) -> String? {
  let typed = Array(word.lowercased())
  let limit = max(2, typed.count / 3)
  var best: (name: String, distance: Int)?
  for name in known.sorted() {
    let distance = editDistance(typed, Array(name.lowercased()))
    if distance <= limit && distance < min(name.count, best?.distance ?? .max) { best = (name, distance) }
  }
  if let best { return best.name }
  guard typed.count > 3 else { return nil }
  return known.filter { $0.lowercased().contains(word.lowercased()) }.min { ($0.count, $0) < ($1.count, $1) }
}

private func editDistance(_ a: [Character], _ b: [Character]) -> Int {
  // three rows of the table: i - 2, i - 1, i
  var older = [Int](repeating: 0, count: b.count + 1)
  var previous = Array(0...b.count)
  for i in 0..<a.count {
    var row = [i + 1] + [Int](repeating: 0, count: b.count)
    for j in 0..<b.count {
      row[j + 1] = min(previous[j + 1] + 1, row[j] + 1, previous[j] + (a[i] == b[j] ? 0 : 1))
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { row[j + 1] = min(row[j + 1], older[j - 1] + 1) }
    }
    (older, previous) = (previous, row)
  }
  return previous[b.count]
}

/// What to say of a name that is not known: the one that was probably meant, and what there is.
///
/// - Parameters:
///   - prefix: stands before each name, such as that of the option whose part it is.
///   - limit: more names are counted.
public func nameHint(_ word: String, among known: [String], prefix: String = "", limit: Int = 20) -> String {
  if known.isEmpty { return "" }
  let names = known.sorted()
  let list = "there \(names.count == 1 ? "is" : "are") \(nameList(names.map { prefix + $0 }, limit: limit, isQuoted: false))"
  return nearestName(to: word, among: known).map { "did you mean \"\(prefix)\($0)\"? \(list)" } ?? list
}
