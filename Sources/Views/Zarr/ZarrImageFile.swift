import Files
import Geometry
import JSON
import Store
import Zarr

/// The content of a Zarr folder by itself, before a dataset adds to it: an OME-Zarr image with its arrays, or one array.
struct ZarrImageFile {
  /// The absolute path of the image's group, or of the array.
  let path: String
  /// Nil for a plain array.
  let image: OMEImage?
  /// An array for each level of the image, or the plain one.
  let arrays: [ZarrArray]
  /// The part of the image's metadata that a view replaces, if they could not be used by themselves.
  let mending: OMEMending?

  /// Opens `path` for a view. The root of a `bioformats2raw` layout with exactly one image is that image.
  ///
  /// - Parameter mending: what the view says in place of metadata that cannot be used by themselves; nil if they can.
  static func open(_ path: String, view: String, mending: OMEMending?) throws(ViewsError) -> ZarrImageFile {
    do {
      guard let group = try readAttributes(ofGroup: path) else { return try openArray(path, view: view) }
      let ome = group.ome
      let isRoot = ome["multiscales"] == nil && (ome["bioformats2raw.layout"] ?? ome["plate"]) != nil
      if isRoot {
        let images = try OMELayout(path)?.images ?? []
        guard !images.isEmpty else {
          throw ViewsError.formatUnknown(view: view, path: path, reason: "the folder of images has none")
        }
        guard images.count == 1 else { throw ViewsError.severalImages(view: view, path: path, images: images) }
        return try ZarrImageFile(image: OMEImage.open(images[0], mending: mending ?? OMEMending()), mending: mending, view: view)
      }
      let image = try OMEImage(path: path, group: group, mending: mending ?? OMEMending())
      return try ZarrImageFile(image: image, mending: mending, view: view)
    } catch let error as ViewsError {
      throw error
    } catch let error as ZarrError {
      throw .unreadable(view: view, why: error)
    } catch {
      throw .formatUnknown(view: view, path: path, reason: "\(error)")
    }
  }

  private init(path: String, image: OMEImage?, mending: OMEMending? = nil, arrays: [ZarrArray]) {
    (self.path, self.image, self.mending, self.arrays) = (path, image, mending, arrays)
  }

  private init(image: OMEImage, mending: OMEMending?, view: String) throws(ViewsError) {
    var arrays: [ZarrArray] = []
    for level in image.levels {
      let arrayPath = image.path + "/" + level.path
      let place = Place(arrayPath)
      let array: ZarrArray
      do {
        array = try ZarrArray.open(place)
      } catch {
        guard error.isFileMissing else { throw .unreadable(view: view, why: error) }
        guard place.isFolder else { throw .inputMissing(view: view, path: arrayPath) }
        throw .metadataMissing(view: view, path: arrayPath, reason: "the image has it as a level, but \(missingMetadata(place))")
      }
      try ZarrImageFile.check(
        array, level: level, image: image, first: arrays.first, isNamed: mending?.axes == nil, view: view)
      arrays.append(array)
    }
    self.init(path: image.path, image: image, mending: mending, arrays: arrays)
  }

  private static func openArray(_ path: String, view: String) throws(ViewsError) -> ZarrImageFile {
    let place = Place(path)
    do {
      return ZarrImageFile(path: path, image: nil, arrays: [try ZarrArray.open(place)])
    } catch {
      guard error.isFileMissing else { throw .unreadable(view: view, why: error) }
      if place.isFolder { throw .metadataMissing(view: view, path: path, reason: missingMetadata(place)) }
      if place.isMissing { throw .inputMissing(view: view, path: path) }
      do throws(StorageError) { _ = try place.look() } catch { throw .unreadable(view: view, why: .storage(error)) }
      throw .formatUnknown(view: view, path: path, reason: "files of this kind are not read")
    }
  }

  /// An array must have the axes that the image's metadata give it, in that order.
  ///
  /// - Parameter isNamed: the axes are those of the metadata, and not given by the view in their place.
  private static func check(
    _ array: ZarrArray, level: OMELevel, image: OMEImage, first: ZarrArray?, isNamed: Bool, view: String
  ) throws(ViewsError) {
    let axes = image.axes.map(\.axis)
    let field = "level \"\(level.path)\""
    guard array.shape.count == axes.count else {
      throw .imageInvalid(
        view: view, field: field,
        reason: "the array has \(array.shape.count) dimensions and the image \(axes.count) axes (\(array.path))")
    }
    // names that are no axes at all say nothing; those that are must not contradict
    let names = isNamed ? array.dimensionNames ?? [] : []
    for (name, axis) in zip(names, image.axes) {
      guard let name, name != axis.name, let known = Axis(rawValue: name.lowercased()), known != axis.axis else {
        continue
      }
      throw .imageInvalid(
        view: view, field: field,
        reason: "the array's dimensions are \(names.map { $0 ?? "-" }), the image's axes "
          + "\(image.axes.map(\.name)) (\(array.path))")
    }
    guard let first else { return }
    for (i, axis) in axes.enumerated() where axis.spaceLane == nil && array.shape[i] != first.shape[i] {
      throw .imageInvalid(
        view: view, field: field,
        reason: "its length along \(axis) is \(array.shape[i]), but \(first.shape[i]) at the first level "
          + "(\(array.path))")
    }
  }

  /// The metadata files, relative to `path`.
  private var metadataFiles: [String] {
    guard let image else { return [arrays[0].metadataFile] }
    return [ZarrFileName.attributes(zarrFormat: image.zarrFormat)] + zip(image.levels, arrays).map { $0.path + "/" + $1.metadataFile }
  }

  var fingerprint: Fingerprint {
    let finest = arrays[0]
    var fields = [
      "shape": text(finest.shape), "type": finest.elementType.rawValue, "codec": finest.codecSummary,
    ]
    if let image {
      let level = image.levels[0]
      fields["axes"] = image.axes.map(\.name).joined(separator: " ")
      fields["scale"] = text(level.scale)
      fields["translation"] = text(level.translation)
      fields["time unit"] = image.timeUnit
      fields["channels"] = image.channels?.map { $0.label ?? "" }.joined(separator: ", ")
      for (i, level) in image.levels.enumerated().dropFirst() {
        fields["level \(i)"] =
          "\(level.path): \(text(arrays[i].shape)) \(arrays[i].codecSummary) at \(text(level.scale)) "
          + "from \(text(level.translation))"
      }
    }
    return Fingerprint(fields: fields, files: metadataFiles, path: path, areMetadata: true)
  }

  private func text<Number>(_ numbers: [Number]) -> String {
    numbers.map { "\($0)" }.joined(separator: " ")
  }
}

extension ZarrArray {
  fileprivate var metadataFile: String { ZarrFileName.array(zarrFormat: zarrFormat) }
}
