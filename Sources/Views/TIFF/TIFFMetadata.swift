import Foundation
import Geometry
import Zarr

/// The metadata of the image in a TIFF file: how its planes make up t, c and z, and where they sit.
///
/// It is made from OME-XML, ImageJ's, SCIFIO's or tifffile's description, or the tags alone, whichever the file has.
struct TIFFMetadata: Sendable {
  enum Kind: String, Sendable {
    case ome = "OME-TIFF"
    case imageJ = "ImageJ TIFF"
    case scifio = "SCIFIO TIFF"
    case shaped = "tifffile TIFF"
    case plain = "TIFF"
  }

  var kind: Kind
  var planes: TIFFPageMap
  /// Whether all planes follow each other behind the first directory, which is the only one.
  var isContiguous = false
  /// Spacing and origin in micrometres, along the axes for which the file gives them.
  var spacing: [Axis: Double] = [:]
  var origin: [Axis: Double] = [:]
  /// Whether the file says that its image has z, however many planes there are along it.
  var saysZ = false
  /// Why spacing is not what the file means: an error unless the dataset gives it.
  var placementProblem: TIFFError?
  /// Why the origin is not what the file means.
  var originProblem: TIFFError?
  var time: OpenedImage.TimeAxis?
  /// One for each channel, samples of a pixel included, or nil.
  var channelNames: [String]?
  var channelColors: [String?]?
  /// The axis of the planes by the file itself, if the dataset calls them otherwise.
  private(set) var writtenAxis: Axis?
  /// The absolute paths of the file itself, and of others that its OME-XML names.
  var files: [String]

  init(kind: Kind, planes: TIFFPageMap, file: String) {
    (self.kind, self.planes, files) = (kind, planes, [file])
  }

  /// Planes along one axis only go along the one that the dataset names: writers label stacks wrongly, as tifffile does
  /// by default, and no plane is lost by it.
  mutating func relabel(_ axes: [Axis]) {
    let own = [(Axis.t, planes.t), (.c, planes.c), (.z, planes.z)].filter { $0.1 > 1 }.map(\.0)
    let named = axes.filter { $0 != .y && $0 != .x }
    guard own.count == 1, named.count == 1, own != named else { return }
    planes = planes.along(named[0])
    if own == [.t] { time = nil }
    writtenAxis = own[0]
  }
}

extension TIFFMetadata {
  /// A file without a description that is known: its pages are z planes, or what `axes` calls them.
  init(
    plain path: String, pageCount: Int, directory: TIFFLayout, axes: [Axis]?
  ) throws(TIFFError) {
    // samples of a pixel are channels already
    let others = (axes ?? [.z, .y, .x]).filter { $0 != .y && $0 != .x && !($0 == .c && directory.sampleCount > 1) }
    guard pageCount == 1 || others.count == 1 else {
      throw .metadataInvalid(
        path: path, reason: "the file has \(pageCount) planes and does not say along which axes they are",
        advice: "give the view \"axes\" with one of t, c and z beside y and x, or write the file as OME-TIFF")
    }
    var counts: [Axis: Int] = [:]
    if pageCount > 1 { counts[others[0]] = pageCount }
    self.init(
      kind: .plain,
      planes: TIFFPageMap(t: counts[.t] ?? 1, c: counts[.c] ?? 1, z: counts[.z] ?? 1, order: [.z, .c, .t]), file: path)
    // resolutions in inches are for printing (72, 300); no microscope writes them
    if directory.isResolutionInCentimetres { spacing = directory.resolution.mapValues { 10_000 / $0 } }
  }
}
