import Pictures
import Testing

@Suite struct DrawingTests {
  private func marked(_ picture: Picture) -> Int {
    (0..<picture.height * picture.width).count { picture.bytes[$0 * 3] == 255 }
  }

  @Test func whatLiesOutsideIsLeftOut() {
    var picture = Picture(width: 20, height: 10)
    picture.fill(rows: -5..<2, columns: 18..<400, (255, 0, 0))
    #expect(marked(picture) == 4)
    picture.line(from: (row: -3, column: -3), to: (row: 30, column: 30), (255, 0, 0))
    #expect((0..<10).allSatisfy { picture[$0, $0].red == 255 })
    picture.line(from: (row: 0, column: 0), to: (row: .infinity, column: 0), (255, 0, 0))
    picture.text("outside", row: 8, column: 15, scale: 3, (255, 0, 0))
  }

  @Test func textsAreAsLargeAsTheySay() {
    for scale in 1...3 {
      let size = Picture.size(of: "IH_l", scale: scale)
      #expect(size.width == 23 * scale && size.height == 9 * scale)
      var picture = Picture(width: size.width + 4, height: size.height + 4)
      picture.text("HHgH", row: 2, column: 2, scale: scale, (255, 0, 0))
      // the upper left of an H, the lower right of another, and what a g has below
      #expect(picture[2, 2].red == 255 && picture[1 + 7 * scale, 1 + size.width].red == 255)
      #expect((0..<picture.width).contains { picture[1 + size.height, $0].red == 255 })
      let border = (0..<picture.width).filter { picture[1, $0].red > 0 || picture[picture.height - 2, $0].red > 0 }
      #expect(border == [])
    }
  }

  /// No letter is missing, and no two look alike.
  @Test func allLettersAreThere() {
    var seen: [[UInt8]: Character] = [:]
    for character in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.,-_:/()+=%#µ肝" {
      var picture = Picture(width: 5, height: 9)
      picture.text(String(character), row: 0, column: 0, scale: 1, (255, 255, 255))
      #expect(marked(picture) > 0)
      let before = seen.updateValue(character, forKey: picture.bytes)
      #expect(before == nil, "\(character) looks as \(before ?? " ")")
    }
  }
}
