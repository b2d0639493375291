import CSystem
import GRDB

/// A CRC-32C over the values of rows, whatever their columns are called: the same on every machine and for ever.
struct RowSum {
  private(set) var value: UInt32 = 0
  private var bytes: [UInt8] = []

  mutating func add(_ row: StoredRow) {
    bytes.removeAll(keepingCapacity: true)
    for value in row.values { add(value.storage) }
    value = bytes.withUnsafeBytes { csystem_crc32c(value, $0.baseAddress, $0.count) }
  }

  /// The type, and then the value at a length that is told: no two rows are the same bytes.
  private mutating func add(_ value: DatabaseValue.Storage) {
    switch value {
    case .null: bytes.append(0)
    case .int64(let value): add(1, UInt64(bitPattern: value))
    case .double(let value): add(2, value.bitPattern)
    case .string(let value):
      add(3, UInt64(value.utf8.count))
      bytes.append(contentsOf: value.utf8)
    case .blob(let value):
      add(4, UInt64(value.count))
      bytes.append(contentsOf: value)
    }
  }

  private mutating func add(_ type: UInt8, _ number: UInt64) {
    bytes.append(type)
    withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
  }
}
