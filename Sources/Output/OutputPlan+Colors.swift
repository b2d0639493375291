import Planning

/// The colours in which the channels of an output are shown, in its metadata and in previews alike.
extension OutputPlan {
  /// For channels that have no colour of their own, where there are several.
  private static let palette = ["00ff00", "ff00ff", "00ffff", "ffff00", "ff0000", "0000ff"]

  /// `rrggbb`, one for each channel: its own, else the next of a palette that no other channel has, so that no two look
  /// alike as long as there are enough; a single channel is white.
  package func colors(channelCount: Int) -> [String] {
    let own = (0..<channelCount).map { c in channelColors.flatMap { $0.indices.contains(c) ? $0[c] : nil } }
    if channelCount == 1 { return [own[0] ?? "ffffff"] }
    let taken = Set(own.compactMap { $0?.lowercased() })
    let free = Self.palette.filter { !taken.contains($0) }
    let rest = free.isEmpty ? Self.palette : free
    var next = 0
    return own.map { color in
      if let color { return color }
      next += 1
      return rest[(next - 1) % rest.count]
    }
  }
}
