import Files
import Geometry
import Zarr

/// What an image of OME-XML is as planes in TIFF files: order, pixel size, position, names.
extension OMEXML {
  /// Of the one image there is, or the one that the file at `path` belongs to.
  ///
  /// - Parameter directoryCount: of the file at `path`.
  func metadata(path: String, directoryCount: Int, directory: TIFFLayout) throws(TIFFError) -> TIFFMetadata {
    if let metadataFile {
      throw .unsupported(
        path: path, feature: "an OME-TIFF whose metadata are in another file (\(metadataFile))",
        advice: "save the image again as one OME-TIFF, or with the metadata in its first file")
    }
    let image = try ownImage(path: path)
    let pixels = try OMEPixels(image, path: path)
    let samples = directory.sampleCount
    guard pixels.c % samples == 0 else {
      throw OMEXML.invalid(path, "it counts \(pixels.c) channels, the file has \(samples) samples a pixel")
    }
    guard pixels.x == directory.width, pixels.y == directory.height else {
      throw OMEXML.invalid(
        path, "its image has \(pixels.y) x \(pixels.x) pixels, the file's \(directory.height) x \(directory.width) (y x)")
    }
    let c = pixels.c / samples
    let layout = try places(of: image, pixels: pixels, c: c, samples: samples, path: path, directoryCount: directoryCount)
    var metadata = TIFFMetadata(kind: .ome, planes: layout.planes, file: path)
    metadata.files = layout.files
    do throws(TIFFError) { metadata.spacing = try pixels.spacing() } catch { metadata.placementProblem = error }
    do throws(TIFFError) { metadata.origin = try pixels.origin(image.firstPlane) } catch { metadata.originProblem = error }
    // a size along z is that of a stack; every image has a SizeZ
    metadata.saysZ = pixels.z > 1 || metadata.spacing[.z] != nil
    if let increment = pixels.number("TimeIncrement"), increment > 0, pixels.t > 1 {
      metadata.time = OpenedImage.TimeAxis(
        scale: increment, origin: 0, unit: OMEUnits.timeName(pixels.attributes["TimeIncrementUnit"] ?? "s"))
    }
    let names = image.channels.compactMap { $0["Name"] }.filter { !$0.isEmpty }
    let colors = image.channels.map { $0["Color"].flatMap(Int32.init).map(OMEXML.hex) }
    if image.channels.count == pixels.c {
      if names.count == pixels.c { metadata.channelNames = names }
      if colors.contains(where: { $0 != nil }) { metadata.channelColors = colors }
    } else if image.channels.count == c, names.count == c {
      // a channel has several samples
      metadata.channelNames = names.flatMap { name in directory.sampleNames.map { "\(name) \($0)" } }
    }
    return metadata
  }

  /// Of several images in files of their own each file may describe all.
  private func ownImage(path: String) throws(TIFFError) -> Image {
    guard let first = images.first else { throw OMEXML.invalid(path, "there is no Image in it") }
    if images.count == 1 { return first }
    let own = images.filter { image in image.tiffData.isEmpty || image.tiffData.contains { isData($0, in: path) } }
    if own.count == 1 { return own[0] }
    let names = images.prefix(5).map { "\"\($0.name ?? "")\"" }.joined(separator: ", ")
    throw .unsupported(
      path: path, feature: "a file of \(images.count) images (\(names)\(images.count > 5 ? ", …" : ""))",
      advice: own.isEmpty
        ? "give the file the name that its OME-XML has for it, or save each image as a file of its own with its own metadata only"
        : "save each image as a file of its own")
  }

  /// Whether planes are in the file at `path` itself.
  private func isData(_ data: TIFFData, in path: String) -> Bool {
    guard let name = data.fileName else { return true }
    return data.uuid != nil && data.uuid == uuid || name == FilePath.lastComponent(of: path)
  }

  /// Red, green, blue and alpha in one number.
  private static func hex(_ color: Int32) -> String {
    let digits = String(UInt32(bitPattern: color) >> 8, radix: 16)
    return String(repeating: "0", count: 6 - digits.count) + digits
  }

  private func places(
    of image: Image, pixels: OMEPixels, c: Int, samples: Int, path: String, directoryCount: Int
  ) throws(TIFFError) -> (planes: TIFFPlanes, files: [String]) {
    let (t, z) = (pixels.t, pixels.z)
    let count = t * c * z
    if image.tiffData.isEmpty {
      return (TIFFPlanes(t: t, c: c, z: z, order: pixels.order), [path])
    }
    var files = [path]
    var numbers: [String: Int] = [:]
    var found = [TIFFPlanes.Place?](repeating: nil, count: count)
    // some count channels, some the samples of each
    let firstChannels = image.tiffData.compactMap { $0.attributes["FirstC"].flatMap(Int.init) }
    let countsSamples = firstChannels.contains { $0 >= c }
    // the planes one after the other, as the order of dimensions has them
    let inOrder = TIFFPlanes(t: t, c: c, z: z, order: pixels.order)
    var placeOf = [Int](repeating: 0, count: count)
    for i in 0..<count {
      let (tAt, cAt, zAt) = (i / (c * z), i / z % c, i % z)
      placeOf[inOrder[t: tAt, c: cAt, z: zAt].page] = i
    }
    for data in image.tiffData {
      func index(_ key: String) throws(TIFFError) -> Int? {
        guard let text = data.attributes[key] else { return nil }
        guard let value = Int(text), value >= 0 else { throw OMEXML.invalid(path, "a TiffData has \(key)=\"\(text)\"") }
        return value
      }
      var file = 0
      if let name = data.fileName, !isData(data, in: path) {
        if let known = numbers[name] {
          file = known
        } else {
          guard let safe = try? safeRelativePath(name), !safe.isEmpty else {
            throw OMEXML.invalid(path, "the file name \"\(name)\" leaves its folder")
          }
          files.append(FilePath.folder(of: path) + "/" + safe)
          file = files.count - 1
          numbers[name] = file
        }
      }
      let firstC = try index("FirstC") ?? 0
      let start = (t: try index("FirstT") ?? 0, c: countsSamples ? firstC / samples : firstC, z: try index("FirstZ") ?? 0)
      guard start.t < t, start.c < c, start.z < z, !countsSamples || firstC % samples == 0 else {
        throw OMEXML.invalid(
          path, "a TiffData starts at t \(start.t), c \(firstC), z \(start.z), beyond the size of the image")
      }
      let ifd = try index("IFD")
      let first = inOrder[t: start.t, c: start.c, z: start.z].page
      let planeCount = try index("PlaneCount") ?? (ifd != nil ? 1 : min(count - first, directoryCount))
      guard planeCount <= count - first else {
        throw OMEXML.invalid(path, "a TiffData has \(planeCount) planes from plane \(first) of \(count)")
      }
      for i in 0..<planeCount { found[placeOf[first + i]] = TIFFPlanes.Place(file: file, page: (ifd ?? 0) + i) }
    }
    var places: [TIFFPlanes.Place] = []
    places.reserveCapacity(count)
    for (i, place) in found.enumerated() {
      guard let place else {
        throw OMEXML.invalid(path, "no TiffData has the plane t \(i / (c * z)), c \(i / z % c), z \(i % z)")
      }
      places.append(place)
    }
    return (TIFFPlanes(t: t, c: c, z: z, places: places), files)
  }
}

/// The attributes of `Pixels`, checked.
struct OMEPixels {
  let attributes: [String: String]
  let path: String
  let x: Int
  let y: Int
  let z: Int
  let c: Int
  let t: Int
  /// t, c and z from the one that changes fastest.
  let order: [Axis]

  init(_ image: OMEXML.Image, path: String) throws(TIFFError) {
    let attributes = image.pixels
    func size(_ key: String) throws(TIFFError) -> Int {
      guard let size = attributes[key].flatMap(Int.init), size > 0, size < 1 << 31 else {
        throw OMEXML.invalid(path, "Pixels has \(key) \(attributes[key].map { "\"\($0)\"" } ?? "missing")")
      }
      return size
    }
    (x, y, z) = (try size("SizeX"), try size("SizeY"), try size("SizeZ"))
    (c, t) = (try size("SizeC"), try size("SizeT"))
    guard TIFFPlanes.count([t, c, z]) != nil else {
      throw OMEXML.invalid(path, "it counts \(t) x \(c) x \(z) planes")
    }
    let letters = attributes["DimensionOrder"] ?? ""
    let axes = letters.lowercased().compactMap { Axis(rawValue: String($0)) }
    guard axes.count == 5, axes.prefix(2) == [.x, .y], Set(axes).count == 5 else {
      throw OMEXML.invalid(path, "its DimensionOrder is \"\(letters)\"")
    }
    (self.attributes, self.path, order) = (attributes, path, Array(axes.dropFirst(2)))
  }

  /// Nil where it is not given, or said to be unknown (NaN).
  func number(_ key: String) -> Double? { (try? OMEPixels.number(attributes, key, path)) ?? nil }

  private static func number(_ attributes: [String: String], _ key: String, _ path: String) throws(TIFFError) -> Double? {
    guard let text = attributes[key]?.filter({ !$0.isWhitespace }), !text.isEmpty else { return nil }
    guard let number = Double(text) else { throw OMEXML.invalid(path, "\(key) is \"\(text)\", which is no number") }
    return number.isFinite ? number : nil
  }

  /// Micrometres, as far as they are given.
  func spacing() throws(TIFFError) -> [Axis: Double] {
    var spacing: [Axis: Double] = [:]
    for axis in Axis.space {
      let key = "PhysicalSize\(axis.rawValue.uppercased())"
      guard let size = try OMEPixels.number(attributes, key, path), size > 0 else { continue }
      spacing[axis] = size * (try factor(attributes[key + "Unit"], key) ?? 1)
    }
    return spacing
  }

  /// Micrometres; positions in pixels, or in a frame that nothing is known of, count as what they are called.
  func origin(_ plane: [String: String]?) throws(TIFFError) -> [Axis: Double] {
    guard let plane else { return [:] }
    var origin: [Axis: Double] = [:]
    for axis in Axis.space {
      let key = "Position\(axis.rawValue.uppercased())"
      guard let position = try OMEPixels.number(plane, key, path) else { continue }
      let factor = try factor(plane[key + "Unit"], key)
      if let factor { origin[axis] = position * factor } else { origin[axis] = position * (try spacing()[axis] ?? 1) }
    }
    return origin
  }

  /// Nil: it is counted in pixels.
  private func factor(_ unit: String?, _ key: String) throws(TIFFError) -> Double? {
    switch unit {
    case nil, "reference frame": return 1
    case "pixel": return nil
    case "in": return 25_400
    case "Å", "A\u{30A}", "\u{212B}": return 1e-4
    case let unit?:
      guard let factor = OMEUnits.micrometres(in: unit) else {
        throw OMEXML.invalid(path, "\(key) has the unit \"\(unit)\", which is no length")
      }
      return factor
    }
  }
}
