import Foundation
import Geometry
import Views
import Zarr

/// A TIFF file of uint8 planes, one strip each, byte for byte: little endian, directories behind their voxels.
struct TinyTIFF {
  var planes: [[UInt8]]
  var width: Int
  var pixelsPerCentimetre: UInt32?
  var description: String?
  /// Where the last directory leads; 0 ends the chain.
  var lastLink: UInt32 = 0
  var bits: UInt16 = 8
  /// Only said; the bytes are as they are.
  var compression: UInt16 = 1
  var predictor: UInt16?
  /// Taken from the end.
  var missingByteCount = 0

  init(planes: [[UInt8]], width: Int, pixelsPerCentimetre: UInt32? = nil, description: String? = nil) {
    (self.planes, self.width) = (planes, width)
    (self.pixelsPerCentimetre, self.description) = (pixelsPerCentimetre, description)
  }

  var bytes: Data {
    var data = Data([0x49, 0x49, 42, 0, 0, 0, 0, 0])
    var link = 4
    func put(_ value: UInt32, at offset: Int) {
      for i in 0..<4 { data[offset + i] = UInt8(truncatingIfNeeded: value >> (8 * i)) }
    }
    func append(_ value: UInt32, count: Int = 4) {
      for i in 0..<count { data.append(UInt8(truncatingIfNeeded: value >> (8 * i))) }
    }
    for plane in planes {
      let strip = data.count
      data.append(contentsOf: plane)
      if data.count % 2 == 1 { data.append(0) }
      var entries: [(tag: UInt32, type: UInt32, count: UInt32, value: UInt32)] = [
        (256, 4, 1, UInt32(width)), (257, 4, 1, UInt32(plane.count / width)), (258, 3, 1, UInt32(bits)), (259, 3, 1, UInt32(compression)),
        (262, 3, 1, 1), (273, 4, 1, UInt32(strip)), (277, 3, 1, 1), (278, 4, 1, UInt32(plane.count / width)),
        (279, 4, 1, UInt32(plane.count)),
      ]
      if let predictor { entries.append((317, 3, 1, UInt32(predictor))) }
      if let description {
        entries.append((270, 2, UInt32(description.utf8.count + 1), UInt32(data.count)))
        data.append(contentsOf: Array(description.utf8) + [0])
        if data.count % 2 == 1 { data.append(0) }
      }
      if let pixelsPerCentimetre {
        for tag: UInt32 in [282, 283] { entries.append((tag, 5, 1, UInt32(data.count))) }
        append(pixelsPerCentimetre)
        append(1)
        entries.append((296, 3, 1, 3))
      }
      put(UInt32(data.count), at: link)
      append(UInt32(entries.count), count: 2)
      for entry in entries.sorted(by: { $0.tag < $1.tag }) {
        append(entry.tag, count: 2)
        append(entry.type, count: 2)
        append(entry.count)
        append(entry.value)
      }
      link = data.count
      append(0)
    }
    put(lastLink, at: link)
    return data.dropLast(missingByteCount)
  }
}

extension ViewsTestFolder {
  /// A dataset of the file alone.
  func load(_ tiff: TinyTIFF, keys: String = "") throws -> Dataset {
    try write("a.tif", tiff.bytes)
    return try load(#"{"name": "v", "path": "a.tif"\#(keys)}"#)
  }
}

extension View {
  /// The first voxel of a plane.
  func firstVoxel(t: Int = 0, c: Int = 0, z: Int = 0) throws -> UInt8 {
    let source = try openSource(level: 0)
    var voxels = [UInt8](repeating: 99, count: source.chunkByteCount)
    _ = try voxels.withUnsafeMutableBytes {
      try source.readChunk(TCZYX(t: t, c: c, z: z, y: 0, x: 0), into: $0, context: CodecContext())
    }
    return voxels[0]
  }
}
