import HDF5
import Testing
import Zarr

/// Stored chunks that h5py 3.16 with hdf5plugin 7.1 made of `HDF5Sample.raw`: filters that libhdf5 has not by itself.
struct HDF5Sample: CustomTestStringConvertible {
  /// 64 elements of 16 bits: 1000 + i² mod 37, little endian.
  static let raw: [UInt8] = (0..<64).flatMap { i in
    let value = 1000 + i * i % 37
    return [UInt8(value & 255), UInt8(value >> 8)]
  }

  let name: String
  let filters: [HDF5TestFile.Filter]
  let stored: [UInt8]

  init(_ name: String, _ filters: [HDF5TestFile.Filter], _ hex: String) {
    let digits = Array(hex)
    stored = stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(String(digits[$0...($0 + 1)]), radix: 16) }
    (self.name, self.filters) = (name, filters)
  }

  var testDescription: String { name }

  static let all = [
    HDF5Sample(
      "lzf", [.init(id: 32000, values: [4, 261, 128])],
      "1fe803e903ec03f103f80301040c04f4030304ef030204f2030904fd03f303eb03030a04060440000406040a04eb201100fd201900f2"
        + "202100ef202906f4030c040104f8203d00ec204500e82003e0274901f203"),
    HDF5Sample(
      "zstd", [.init(id: 32015, values: [3])],
      "28b52ffd2080fd010062040d14d0b51a95b17b5b485e0000000000db1825c894391e93cb77d8e856b5904d0c6ca2cbe37111d90c26b2"
        + "856a759b83cf65f2080402005a13ee71054f"),
    HDF5Sample(
      "blosc", [.init(id: 32001, values: [2, 2, 2, 128, 5, 1, 1])],
      "0201310280000000800000006f0000001400000057000000ff16e8e9ecf1f8010cf403ef02f209fdf3eb0a060404060aebf3fd09f202"
        + "ef03f40c01f8f1ece925000810030100f1070404030403040304030303040404040404030303040315000014000202000d2500500303"
        + "030403"),
    HDF5Sample(
      "shuffle and zstd", [.init(id: 2, values: [2]), .init(id: 32015, values: [3])],
      "28b52ffd2080250200c402e8e9ecf1f8010cf403ef02f209fdf3eb0a060404060aebf3fd09f202ef03f40c01f8f1ece9030404030403"
        + "030900482900f28001960010e012406e0617dca2503d01"),
    HDF5Sample(
      "lzf and fletcher32", [.init(id: 32000, values: [4, 261, 128]), .init(id: 3, values: [])],
      "1fe803e903ec03f103f80301040c04f4030304ef030204f2030904fd03f303eb03030a04060440000406040a04eb201100fd201900f2"
        + "202100ef202906f4030c040104f8203d00ec204500e82003e0274901f20349cf6339"),
  ]
}
