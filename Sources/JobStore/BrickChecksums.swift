import Foundation
import GRDB

/// The checksums of a brick's files, for blocks whose codecs have none: four bytes a block, read and written within one
/// transaction. A block without one was recorded without one.
struct BrickChecksums: Sendable {
  let place: BrickPlace
  private var sums: Data

  init(_ place: BrickPlace) {
    self.place = place
    sums = Data(count: 4 * place.count)
  }

  init(_ place: BrickPlace, sums: Data) throws {
    guard sums.count == 4 * place.count else { throw BrickRow.damage(place) }
    // from 0, whatever it was cut from
    (self.place, self.sums) = (place, Data(sums))
  }

  static func load(_ db: Database, job: JobID, level: Int, _ place: BrickPlace) throws -> BrickChecksums {
    let row = try db.row(
      "SELECT sums FROM checksum WHERE job = ? AND level = ? AND brick = ?", [job, level, place.number])
    return try row.map { try BrickChecksums(place, sums: $0.blob("sums")) } ?? BrickChecksums(place)
  }

  func save(_ db: Database, job: JobID, level: Int) throws {
    try db.run(
      """
      INSERT INTO checksum (job, level, brick, sums) VALUES (?, ?, ?, ?)
      ON CONFLICT (job, level, brick) DO UPDATE SET sums = excluded.sums
      """, [job, level, place.number, sums])
  }

  /// The checksum of a block; nil if none was recorded.
  subscript(index: Int) -> UInt32? {
    get {
      let value = (0..<4).reduce(UInt32(0)) { $0 | UInt32(sums[4 * index + $1]) << UInt32(8 * $1) }
      return value == 0 ? nil : value
    }
    set {
      let value = newValue ?? 0
      for i in 0..<4 { sums[4 * index + i] = UInt8(truncatingIfNeeded: value >> UInt32(8 * i)) }
    }
  }
}
