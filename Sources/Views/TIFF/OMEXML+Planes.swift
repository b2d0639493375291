import Diagnostics
import Files
import Geometry
import Zarr

/// An image of OME-XML as planes in TIFF files: their order, pixel size, position and names.
extension OMEXML {
  /// The metadata of the one image there is, or of the one that the file at `path` belongs to.
  ///
  /// - Parameter directoryCount: the directories of the file at `path`.
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
    var pages = OMEPages(self, image, t: pixels.t, c: c, z: pixels.z, order: pixels.order, path: path)
    let planes = try pages.map(samples: samples, directoryCount: directoryCount)
    var metadata = TIFFMetadata(kind: .ome, planes: planes, file: path)
    metadata.files = pages.files
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

  /// The image that the file holds: if several images are in files of their own, each file may describe all.
  private func ownImage(path: String) throws(TIFFError) -> Image {
    guard let first = images.first else { throw OMEXML.invalid(path, "there is no Image in it") }
    if images.count == 1 { return first }
    let own = images.filter { image in image.tiffData.isEmpty || image.tiffData.contains { isData($0, in: path) } }
    if own.count == 1 { return own[0] }
    let names = nameList(images.map { $0.name ?? "" }, limit: 5)
    throw .unsupported(
      path: path, feature: "a file of \(images.count) images (\(names))",
      advice: own.isEmpty
        ? "give the file the name that its OME-XML has for it, or save each image as a file of its own with its own metadata only"
        : "save each image as a file of its own")
  }

  /// Whether planes are in the file at `path` itself.
  func isData(_ data: TIFFData, in path: String) -> Bool {
    guard let name = data.fileName else { return true }
    return data.uuid != nil && data.uuid == uuid || name == FilePath.lastComponent(of: path)
  }

  /// Red, green, blue and alpha in one number.
  private static func hex(_ color: Int32) -> String {
    let digits = String(UInt32(bitPattern: color) >> 8, radix: 16)
    return String(repeating: "0", count: 6 - digits.count) + digits
  }
}
