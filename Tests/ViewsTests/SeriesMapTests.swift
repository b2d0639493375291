import Foundation
import Testing
import Views

@Suite struct SeriesMapTests {
  private static let maps: [(SeriesMap, [Int?])] = [
    (SeriesMap(all: 3), [0, 1, 2]), (SeriesMap(own: 0, at: 0, of: 1), [0]), (SeriesMap(own: 4, at: 0, of: 1), [4]),
    (SeriesMap(own: 0, at: 2, of: 4), [nil, nil, 0, nil]), (SeriesMap([1, 0]), [1, 0]),
    (SeriesMap([nil, 5, nil]), [nil, 5, nil]), (SeriesMap([0, nil, 1]), [0, nil, 1]),
  ]

  @Test(arguments: maps) func sayWhatIsWhere(map: SeriesMap, indices: [Int?]) throws {
    #expect(map.indices == indices)
    #expect(map == SeriesMap(indices))
    #expect(map.isWhole == !indices.contains(nil))
    #expect(map.first == indices.firstIndex { $0 != nil })
    #expect(map.only == (indices.count > 1 && indices.count { $0 != nil } == 1 ? map.first : nil))
    #expect(try JSONDecoder().decode(SeriesMap.self, from: JSONEncoder().encode(map)) == map)
    for some in [[0], Array(indices.indices.reversed()), []] {
      #expect(map.selecting(some).indices == some.map { indices[$0] })
    }
  }

  @Test(arguments: [#"{"at": 3, "own": 0, "of": 3}"#, #"{"at": 0, "own": -1, "of": 3}"#, "-1", "[]", "9000000000000", "[-1]"])
  func damagedOnesAreRefused(text: String) {
    #expect(throws: DecodingError.self) { try JSONDecoder().decode(SeriesMap.self, from: Data(text.utf8)) }
  }
}
