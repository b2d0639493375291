import Files
import Geometry
import Zarr

/// The pages that hold the planes of an OME-TIFF image: what its `TiffData` elements say, each a run of planes in the order
/// of dimensions, in the file itself or in others beside it.
struct OMEPages {
  /// The files that hold planes, with absolute paths; the first is the one that was opened.
  private(set) var files: [String]
  private let xml: OMEXML
  private let data: [OMEXML.TIFFData]
  private let path: String
  /// The planes as they would follow each other in one file.
  private let inOrder: TIFFPageMap
  /// The numbers of other files, by the names that the metadata have for them.
  private var numbers: [String: Int] = [:]

  init(_ xml: OMEXML, _ image: OMEXML.Image, t: Int, c: Int, z: Int, order: [Axis], path: String) {
    (self.xml, data, self.path, files) = (xml, image.tiffData, path, [path])
    inOrder = TIFFPageMap(t: t, c: c, z: z, order: order)
  }

  /// The page of every plane; each must have one.
  ///
  /// - Parameters:
  ///   - samples: samples of a pixel, which metadata may count as channels.
  ///   - directoryCount: the directories of the file that was opened.
  mutating func map(samples: Int, directoryCount: Int) throws(TIFFError) -> TIFFPageMap {
    if data.isEmpty { return inOrder }
    let (t, c, z, count) = (inOrder.t, inOrder.c, inOrder.z, inOrder.count)
    var found = [TIFFPageMap.Place?](repeating: nil, count: count)
    // some count channels, some the samples of each
    let countsSamples = data.contains { $0.attributes["FirstC"].flatMap(Int.init).map { $0 >= c } ?? false }
    let indices = indicesInOrder()
    for run in data {
      let number = try file(of: run)
      let first = try firstPlane(of: run, samples: countsSamples ? samples : 1)
      let ifd = try index("IFD", of: run)
      let planeCount = try index("PlaneCount", of: run) ?? (ifd != nil ? 1 : min(count - first, directoryCount))
      guard planeCount <= count - first else {
        throw OMEXML.invalid(path, "a TiffData has \(planeCount) planes from plane \(first) of \(count)")
      }
      for i in 0..<planeCount { found[indices[first + i]] = TIFFPageMap.Place(file: number, page: (ifd ?? 0) + i) }
    }
    var places: [TIFFPageMap.Place] = []
    places.reserveCapacity(count)
    for (i, place) in found.enumerated() {
      guard let place else {
        throw OMEXML.invalid(path, "no TiffData has the plane t \(i / (c * z)), c \(i / z % c), z \(i % z)")
      }
      places.append(place)
    }
    return TIFFPageMap(t: t, c: c, z: z, places: places)
  }

  /// The index in the order of t, c and z of each plane in the order of dimensions.
  private func indicesInOrder() -> [Int] {
    let (c, z) = (inOrder.c, inOrder.z)
    var indices = [Int](repeating: 0, count: inOrder.count)
    for i in indices.indices { indices[inOrder[t: i / (c * z), c: i / z % c, z: i % z].page] = i }
    return indices
  }

  /// The number of the file that holds a run of planes.
  private mutating func file(of run: OMEXML.TIFFData) throws(TIFFError) -> Int {
    guard let name = run.fileName, !xml.isData(run, in: path) else { return 0 }
    if let known = numbers[name] { return known }
    guard let safe = try? safeRelativePath(name), !safe.isEmpty else {
      throw OMEXML.invalid(path, "the file name \"\(name)\" leaves its folder")
    }
    files.append(FilePath.folder(of: path) + "/" + safe)
    numbers[name] = files.count - 1
    return files.count - 1
  }

  /// The place in the order of dimensions of the first plane of a run.
  ///
  /// - Parameter samples: how many of its channels are samples of one plane.
  private func firstPlane(of run: OMEXML.TIFFData, samples: Int) throws(TIFFError) -> Int {
    let firstC = try index("FirstC", of: run) ?? 0
    let (t, c, z) = (try index("FirstT", of: run) ?? 0, firstC / samples, try index("FirstZ", of: run) ?? 0)
    guard t < inOrder.t, c < inOrder.c, z < inOrder.z, firstC % samples == 0 else {
      throw OMEXML.invalid(path, "a TiffData starts at t \(t), c \(firstC), z \(z), beyond the size of the image")
    }
    return inOrder[t: t, c: c, z: z].page
  }

  private func index(_ key: String, of run: OMEXML.TIFFData) throws(TIFFError) -> Int? {
    guard let text = run.attributes[key] else { return nil }
    guard let value = Int(text), value >= 0 else { throw OMEXML.invalid(path, "a TiffData has \(key)=\"\(text)\"") }
    return value
  }
}
