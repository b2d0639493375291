/// Simple shapes and texts. What lies outside of the picture is left out.
extension Picture {
  public typealias Color = (red: UInt8, green: UInt8, blue: UInt8)

  public mutating func point(row: Int, column: Int, _ color: Color) {
    guard row >= 0, column >= 0, row < height, column < width else { return }
    self[row, column] = color
  }

  public mutating func fill(rows: Range<Int>, columns: Range<Int>, _ color: Color) {
    for row in rows.clamped(to: 0..<height) {
      for column in columns.clamped(to: 0..<width) { self[row, column] = color }
    }
  }

  public mutating func line(from a: (row: Double, column: Double), to b: (row: Double, column: Double), _ color: Color) {
    let steps = max((b.row - a.row).magnitude, (b.column - a.column).magnitude).rounded(.up)
    guard steps.isFinite, steps < 1e6 else { return }
    // what rounding took from a whole number is given back
    func pixel(_ place: Double) -> Int { Int((place + 1e-6).rounded(.down)) }
    for i in 0...Int(steps) {
      let share = steps > 0 ? Double(i) / steps : 0
      point(row: pixel(a.row + share * (b.row - a.row)), column: pixel(a.column + share * (b.column - a.column)), color)
    }
  }

  /// The pixels that a text takes, without what is around it.
  public static func size(of text: String, scale: Int) -> (width: Int, height: Int) {
    (max(0, text.count * (Letters.width + 1) - 1) * scale, Letters.height * scale)
  }

  /// - Parameters:
  ///   - row: of its upper left corner.
  ///   - halo: a colour around letters, where they are on something that is no plain ground.
  public mutating func text(_ text: String, row: Int, column: Int, scale: Int, _ color: Color, halo: Color? = nil) {
    func each(_ body: (_ row: Int, _ column: Int) -> Void) {
      for (i, character) in text.enumerated() {
        for (y, bits) in Letters.rows(of: character).enumerated() {
          for x in 0..<Letters.width where bits >> (Letters.width - 1 - x) & 1 == 1 {
            body(row + y * scale, column + (i * (Letters.width + 1) + x) * scale)
          }
        }
      }
    }
    var dots: [(row: Int, column: Int)] = []
    each { dots.append(($0, $1)) }
    if let halo {
      for dot in dots { fill(rows: dot.row - 1..<dot.row + scale + 1, columns: dot.column - 1..<dot.column + scale + 1, halo) }
    }
    for dot in dots { fill(rows: dot.row..<dot.row + scale, columns: dot.column..<dot.column + scale, color) }
  }
}
