/// Folders that hold several images: what bioformats2raw writes, and plates.
extension OMEImage {
  /// The paths of the images in the folder `path`: itself where it is an image, else those that a
  /// `bioformats2raw.layout` root (listed in its `OME` group, or 0, 1, …) or a plate has. Empty where there are none.
  public static func list(_ path: String) throws(ZarrError) -> [String] {
    guard let group = try readAttributes(ofGroup: path) else { return [] }
    let ome = group.attributes["ome"] ?? group.attributes
    if ome["multiscales"] != nil { return [path] }
    if let plate = ome["plate"] { return try imagesOfPlate(plate, at: path) }
    guard ome["bioformats2raw.layout"] != nil else { return [] }
    if let series = try series(at: path) { return series }
    var images: [String] = []
    while try readAttributes(ofGroup: "\(path)/\(images.count)") != nil {
      images.append("\(path)/\(images.count)")
    }
    return images
  }

  private static func series(at path: String) throws(ZarrError) -> [String]? {
    guard let group = try readAttributes(ofGroup: path + "/OME") else { return nil }
    let ome = group.attributes["ome"] ?? group.attributes
    guard let series = ome["series"]?.array else { return nil }
    var images: [String] = []
    for entry in series {
      guard let name = entry.string else { throw .invalidOME(path + "/OME", "\"series\" has an entry that is no path") }
      images.append("\(path)/\(try omeRelativePath(name, in: path))")
    }
    return images
  }

  private static func imagesOfPlate(_ plate: JSONValue, at path: String) throws(ZarrError) -> [String] {
    var images: [String] = []
    for well in plate["wells"]?.array ?? [] {
      guard let wellPath = well["path"]?.string else { throw .invalidOME(path, "a well of the plate has no \"path\"") }
      let folder = "\(path)/\(try omeRelativePath(wellPath, in: path))"
      guard let group = try readAttributes(ofGroup: folder) else {
        throw .invalidOME(path, "the well \"\(wellPath)\" is missing")
      }
      let ome = group.attributes["ome"] ?? group.attributes
      for image in ome["well"]?["images"]?.array ?? [] {
        guard let name = image["path"]?.string else { throw .invalidOME(folder, "an image has no \"path\"") }
        images.append("\(folder)/\(try omeRelativePath(name, in: folder))")
      }
    }
    return images
  }
}
