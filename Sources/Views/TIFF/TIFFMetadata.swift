import Foundation
import Geometry
import JSON
import Zarr

/// What a TIFF file says of its image beside the voxels: how its planes make up t, c and z, and where they sit.
///
/// From OME-XML, ImageJ's, SCIFIO's or tifffile's description, or the tags alone, whichever the file has.
struct TIFFMetadata: Sendable {
  enum Kind: String, Sendable {
    case ome = "OME-TIFF"
    case imageJ = "ImageJ TIFF"
    case scifio = "SCIFIO TIFF"
    case shaped = "tifffile TIFF"
    case plain = "TIFF"
  }

  var kind: Kind
  var planes: TIFFPlanes
  /// All planes follow each other behind the first directory, which is the only one.
  var isContiguous = false
  /// Micrometres; nil where the file does not say.
  var spacing: [Axis: Double] = [:]
  var origin: [Axis: Double] = [:]
  /// The file says that its image has z, however many planes there are along it.
  var saysZ = false
  /// Why spacing is not what the file means: an error unless the dataset gives it.
  var placementProblem: TIFFError?
  /// The same of the origin.
  var originProblem: TIFFError?
  var time: OpenedImage.TimeAxis?
  /// One for each channel, samples of a pixel included, or nil.
  var channelNames: [String]?
  var channelColors: [String?]?
  /// What the file calls its planes, where the dataset calls them otherwise.
  private(set) var writtenAxis: Axis?
  /// Absolute: the file itself, and others that its OME-XML names.
  var files: [String]

  init(kind: Kind, planes: TIFFPlanes, file: String) {
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
      planes: TIFFPlanes(t: counts[.t] ?? 1, c: counts[.c] ?? 1, z: counts[.z] ?? 1, order: [.z, .c, .t]), file: path)
    // resolutions in inches are for printing (72, 300); no microscope writes them
    if directory.isResolutionInCentimetres { spacing = directory.resolution.mapValues { 10_000 / $0 } }
  }

  /// tifffile's own description: `{"shape": [3, 2, 64, 64], "axes": "ZCYX"}`, formerly `shape=(3, 2, 64, 64)`; nil where it
  /// is none, or of other pages.
  init?(
    shaped description: String, path: String, pageCount: Int, directory: TIFFLayout, axes given: [Axis]?
  ) throws(TIFFError) {
    let json: JSONValue
    if description.hasPrefix("shape=("), let end = description.firstIndex(of: ")") {
      let numbers = description[..<end].dropFirst(7).split(separator: ",").map { $0.filter { $0 != " " } }
      json = ["shape": .array(numbers.map { number in Int64(number).map(JSONValue.int) ?? .null })]
    } else if description.hasPrefix("{"), let parsed = try? JSONValue.parse(description) {
      json = parsed
    } else {
      return nil
    }
    guard let list = json["shape"]?.array else { return nil }
    var lengths = list.compactMap(\.int)
    guard lengths.count == list.count, lengths.count <= 8, lengths.allSatisfy({ $0 > 0 && $0 < 1 << 31 }) else { return nil }
    // from the end: samples beside each other, x, y, samples apart
    var letters = json["axes"]?.string.map { Array($0.lowercased()) }
    if letters?.count != lengths.count { letters = nil }
    func drop(_ length: Int) -> Bool {
      guard lengths.last == length else { return false }
      lengths.removeLast()
      letters?.removeLast()
      return true
    }
    let samples = directory.sampleCount
    if samples > 1 && directory.isInterleaved && !drop(samples) { return nil }
    guard drop(directory.width), drop(directory.height) else { return nil }
    if samples > 1 && !directory.isInterleaved && !drop(samples) { return nil }
    let isTruncated = json["truncated"]?.bool == true && pageCount == 1
    guard var product = TIFFPlanes.count(lengths) else { return nil }
    let others = given?.filter { $0 != .y && $0 != .x && !($0 == .c && samples > 1) }
    // planes that were appended one by one have a description each, of that plane; stacks that were are images of their own
    if product > 1 && product < pageCount {
      letters = letters.map { zip($0, lengths).filter { $0.1 > 1 }.map(\.0) }
      lengths.removeAll { $0 == 1 }
      guard pageCount % product == 0, others?.count == lengths.count + 1 else {
        throw .unsupported(
          path: path, feature: "a file of several images (the first has \(product) planes, the file \(pageCount))",
          advice: "save each image as a file of its own; if all are alike and make up one image, give the view \"axes\" with "
            + "one more for their number, such as [\"c\", \"z\", \"y\", \"x\"]")
      }
      lengths.insert(pageCount / product, at: 0)
      letters?.insert("?", at: 0)
      product = pageCount
    }
    guard product == pageCount || isTruncated else { return nil }

    let kinds: [Axis?] =
      if let letters {
        Self.kinds(letters, lengths: lengths, given: others ?? [])
      } else if let others {
        Self.kinds(others, lengths: lengths)
      } else {
        lengths.filter { $0 > 1 }.count <= 1 ? lengths.map { $0 > 1 ? .z : nil } : []
      }
    let named = zip(kinds, lengths).compactMap { axis, length in axis.map { ($0, length) } }
    // what has length 1 needs no name
    let isNamed = kinds.count == lengths.count && zip(kinds, lengths).allSatisfy { $0 != nil || $1 == 1 }
    guard isNamed, Set(named.map(\.0)).count == named.count else {
      throw .metadataInvalid(
        path: path, reason: "its planes have the shape \(lengths), and it is not said which of t, c and z those are",
        advice: "give the view \"axes\", one for each length, or write the file as OME-TIFF")
    }
    let counts = Dictionary(uniqueKeysWithValues: named)
    let order = named.reversed().map(\.0)
    try self.init(plain: path, pageCount: 1, directory: directory, axes: nil)
    kind = .shaped
    saysZ = letters?.contains("z") == true
    planes = TIFFPlanes(
      t: counts[.t] ?? 1, c: counts[.c] ?? 1, z: counts[.z] ?? 1,
      order: order + [Axis.t, .c, .z].filter { !order.contains($0) })
    isContiguous = isTruncated && product > 1
  }

  /// One for each length; else one for each that is not 1. What has length 1 needs none, so axes may be more where all are 1.
  private static func kinds(_ axes: [Axis], lengths: [Int]) -> [Axis?] {
    let long = lengths.filter { $0 > 1 }
    if axes.count == lengths.count || !long.isEmpty && axes.count != long.count { return axes }
    var rest = axes[...]
    return lengths.map { $0 > 1 ? rest.popFirst() : nil }
  }

  /// What tifffile has another letter for (Q: unknown, I: sequence) is what the dataset names beside those that it knows,
  /// if that are as many.
  private static func kinds(_ letters: [Character], lengths: [Int], given: [Axis]) -> [Axis?] {
    var kinds = letters.map { Axis(rawValue: String($0)).flatMap { $0 == .y || $0 == .x ? nil : $0 } }
    let unknown = kinds.indices.filter { kinds[$0] == nil && lengths[$0] > 1 }
    let left = given.filter { !kinds.contains($0) }
    if unknown.count == left.count { for (i, axis) in zip(unknown, left) { kinds[i] = axis } }
    return kinds
  }
}
