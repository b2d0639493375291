import Foundation
import Geometry
import Zarr

/// The content of a TIFF file by itself, before a dataset adds to it: how its voxels are kept, and what its planes are.
struct TIFFImageFile: Sendable {
  /// An absolute path.
  let path: String
  private(set) var layout: TIFFLayout
  let metadata: TIFFMetadata
  let isBigEndian: Bool

  /// Opens the file, and makes sure that every plane its metadata count is there and like the others.
  ///
  /// - Parameter axes: the axes by the dataset, for a file that does not name them, or names its only one wrongly.
  static func open(_ path: String, axes: [Axis]? = nil) throws(TIFFError) -> TIFFImageFile {
    // nothing that is remembered of a file that may be another one by now
    TIFFPool.shared.forget(path)
    return try TIFFPool.shared.with(path) { (handle) throws(TIFFError) in
      try TIFFImageFile(handle, axes: axes)
    }
  }

  private init(_ handle: TIFFHandle, axes: [Axis]?) throws(TIFFError) {
    path = handle.path
    #if _endian(big)
      isBigEndian = handle.isNative
    #else
      isBigEndian = !handle.isNative
    #endif
    try TIFFImageFile.refuseNDTiff(handle)
    let table = try TIFFPool.shared.table(handle)
    try TIFFImageFile.refuseOtherKinds(table.tags, path: path)
    try handle.select(table.offsets[0], TIFFImageFile.directory(0, table))
    layout = try TIFFLayout(handle.directory, path: path)
    var metadata = try TIFFImageFile.metadata(handle, table: table, layout: layout, axes: axes)
    // samples of a pixel are channels, whatever they are called
    if let axes, layout.sampleCount == 1 { metadata.relabel(axes) }
    self.metadata = metadata
    try checkPlanes(handle, table)
  }

  /// Files that look like TIFF and keep their planes in ways of their own, which read as one plane, or as thumbnails.
  private static func refuseOtherKinds(_ tags: Set<UInt16>, path: String) throws(TIFFError) {
    let kinds: [(tags: Set<UInt16>, name: String)] = [
      (TIFFTag.zeissLSM, "Zeiss LSM"), (TIFFTag.metaMorphSTK, "MetaMorph STK"), (TIFFTag.olympusFluoView, "Olympus FluoView"),
      (TIFFTag.hamamatsuNDPI, "Hamamatsu NDPI"),
    ]
    for kind in kinds where !tags.isDisjoint(with: kind.tags) {
      throw .unsupported(
        path: path, feature: "\(kind.name), a format of its own,", advice: "convert it to OME-TIFF or OME-Zarr, with Fiji or bioformats2raw"
      )
    }
  }

  private static func refuseNDTiff(_ handle: TIFFHandle) throws(TIFFError) {
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 32, alignment: 8)
    defer { bytes.deallocate() }
    let count = try handle.read(at: 0, into: bytes)
    guard ForeignFormat.isNDTiff(Array(bytes[..<count]), at: handle.path) else { return }
    throw .unsupported(
      path: handle.path, feature: "\(ForeignFormat.ndTiff.name), a format of its own,", advice: ForeignFormat.ndTiff.advice)
  }

  private static func metadata(
    _ handle: TIFFHandle, table: TIFFDirectoryTable, layout: TIFFLayout, axes: [Axis]?
  ) throws(TIFFError) -> TIFFMetadata {
    let path = handle.path
    let description = handle.imageDescription ?? ""
    if OMEXML.isOME(description) {
      return try OMEXML(description, path: path).metadata(
        path: path, directoryCount: table.offsets.count, directory: layout)
    }
    if let imageJ = ImageJDescription(description) {
      var metadata = try imageJ.metadata(
        path: path, pageCount: table.pageCount, byteCount: handle.byteCount, directory: layout)
      metadata.channelColors = imageJ.colors(handle, channelCount: metadata.planes.c * layout.sampleCount)
      return metadata
    }
    if let scifio = SCIFIODescription(description) {
      return try scifio.metadata(path: path, pageCount: table.pageCount, directory: layout)
    }
    let shaped = try ShapedDescription(description)?.metadata(
      path: path, pageCount: table.pageCount, directory: layout, axes: axes)
    if let shaped { return shaped }
    return try TIFFMetadata(plain: path, pageCount: table.pageCount, directory: layout, axes: axes)
  }

  /// The number of the directory that a plane has in its file.
  func directory(of place: TIFFPageMap.Place, in table: TIFFDirectoryTable) -> Int {
    // OME-XML counts all directories
    metadata.isContiguous ? 0 : metadata.kind == .ome ? place.page : table.directory(ofPage: place.page)
  }

  static func directory(_ number: Int, _ table: TIFFDirectoryTable) -> String {
    "directory \(number)" + (table.offsets.indices.contains(number) ? " (byte \(table.offsets[number]))" : "")
  }

  // MARK: - Checks

  private func checkPlanes(_ own: TIFFHandle, _ table: TIFFDirectoryTable) throws(TIFFError) {
    let lastPages = metadata.planes.lastPages(fileCount: metadata.files.count)
    for (file, last) in zip(metadata.files, lastPages) where last >= 0 {
      if file == path {
        try check(own, table, last: last)
      } else {
        try TIFFPool.shared.with(file) { (handle) throws(TIFFError) in
          let table = try TIFFPool.shared.table(handle)
          try handle.select(table.offsets[0], TIFFImageFile.directory(0, table))
          let other = try TIFFLayout(handle.directory, path: file)
          guard handle.isNative == own.isNative, other.isLike(layout) else {
            throw .metadataInvalid(
              path: file, reason: "its planes are not like those of \(path), which counts it as a part of its image",
              advice: "restore the file from its source")
          }
          try check(handle, table, last: last)
        }
      }
    }
  }

  private func check(_ handle: TIFFHandle, _ table: TIFFDirectoryTable, last: Int) throws(TIFFError) {
    let number = directory(of: TIFFPageMap.Place(file: 0, page: last), in: table)
    if let ignored = table.firstIgnoredPredictor, ignored <= number {
      throw .unsupported(
        path: handle.path,
        feature: "a predictor with \(layout.compressionName) compression "
          + "(\(TIFFImageFile.directory(ignored, table)))",
        advice: TIFFLayout.resave)
    }
    if metadata.isContiguous {
      try checkContiguous(handle, count: metadata.planes.count)
      return
    }
    guard last < (metadata.kind == .ome ? table.offsets.count : table.pageCount) else {
      throw .damaged(
        path: handle.path, place: "directory \(table.offsets.count)",
        reason: "the file has \(table.offsets.count) planes and its metadata count \(last + 1); it was never finished")
    }
    if let odd = table.firstOddPage, odd <= number {
      throw .unsupported(
        path: handle.path,
        feature: "a file whose planes differ in size, type or compression (\(TIFFImageFile.directory(odd, table)))",
        advice: "save the planes of one image as a file of its own")
    }
    // the end of a file is what is missing first
    try handle.select(table.offsets[number], TIFFImageFile.directory(number, table))
    let place = "\(TIFFImageFile.directory(number, table)), its last tile or strip"
    let block = try handle.locate(block: layout.blocksPerSample * (layout.isInterleaved ? 1 : layout.sampleCount) - 1, place)
    guard block.offset <= handle.byteCount, block.byteCount <= handle.byteCount - block.offset else {
      throw .damaged(
        path: handle.path, place: place,
        reason: "it ends at byte \(block.offset &+ block.byteCount), the file at \(handle.byteCount)")
    }
  }

  private func checkContiguous(_ handle: TIFFHandle, count: Int) throws(TIFFError) {
    guard case .rows = layout.pieces, layout.isInterleaved else {
      throw .damaged(
        path: path, place: "directory 1",
        reason: "the file has one of the \(count) planes that its description counts; it was never finished")
    }
    let first = try handle.locate(block: 0, "directory 0")
    let needed = layout.planeByteCount.multipliedReportingOverflow(by: count)
    guard !needed.overflow, first.offset <= handle.byteCount,
      UInt64(needed.partialValue) <= handle.byteCount - first.offset
    else {
      throw .damaged(
        path: path, place: "byte \(handle.byteCount)",
        reason: "the file ends here, its \(count) planes from byte \(first.offset) on do not; it is truncated")
    }
  }

  // MARK: - As an image

  /// The axes of the voxels: those of t, c and z that have more than one, y and x.
  var axes: [Axis] {
    let shape = shape
    return Axis.allCases.filter { $0 == .y || $0 == .x || shape[$0] > 1 }
  }

  var shape: TCZYX {
    TCZYX(
      t: metadata.planes.t, c: metadata.planes.c * layout.sampleCount, z: metadata.planes.z, y: layout.height,
      x: layout.width)
  }

  /// The shape of a piece, which has all samples of a pixel where they lie beside each other.
  var chunk: TCZYX {
    TCZYX(c: layout.pieceSampleCount, z: 1, y: layout.rowCount, x: layout.columnCount)
  }

  var inWholeTiles: TIFFImageFile {
    var whole = self
    whole.layout = layout.inWholeTiles
    return whole
  }

  var summary: String { "\(metadata.kind.rawValue), \(layout.summary(isBigEndian: isBigEndian))" }

  var fingerprint: Fingerprint {
    func text(_ lengths: [Axis: Double]) -> String {
      Axis.space.compactMap { axis in lengths[axis].map { "\(axis) \($0)" } }.joined(separator: ", ")
    }
    return Fingerprint(
      fields: [
        "shape": shape.array.map { "\($0)" }.joined(separator: " "), "type": layout.elementType.rawValue,
        "codec": summary, "scale": text(metadata.spacing), "translation": text(metadata.origin),
        "channels": (metadata.channelNames ?? []).joined(separator: ", "),
      ], files: metadata.files, path: path)
  }
}

extension TIFFLayout {
  /// Whether two files can hold planes of one image.
  fileprivate func isLike(_ other: TIFFLayout) -> Bool {
    elementType == other.elementType && pieces == other.pieces && rowCount == other.rowCount
      && columnCount == other.columnCount && width == other.width && height == other.height
      && sampleCount == other.sampleCount && isInterleaved == other.isInterleaved
      && compression == other.compression && stripRowCount == other.stripRowCount
  }
}
