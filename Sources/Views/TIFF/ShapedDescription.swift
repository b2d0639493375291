import Geometry
import JSON
import Zarr

/// The description that tifffile writes into a TIFF file when nothing else is asked of it:
/// `{"shape": [3, 2, 64, 64], "axes": "ZCYX"}`, formerly `shape=(3, 2, 64, 64)`.
struct ShapedDescription {
  /// The lengths of the array, the slowest axis first.
  private var lengths: [Int]
  /// tifffile's letter for each length; nil if it wrote none.
  private var letters: [Character]?
  /// Only the first page has a directory: all others follow it.
  private let isTruncated: Bool

  /// Nil if the description is not tifffile's.
  init?(_ description: String) {
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
    lengths = list.compactMap(\.int)
    guard lengths.count == list.count, lengths.count <= 8, lengths.allSatisfy({ $0 > 0 && $0 < 1 << 31 }) else { return nil }
    letters = json["axes"]?.string.map { Array($0.lowercased()) }
    if letters?.count != lengths.count { letters = nil }
    isTruncated = json["truncated"]?.bool == true
  }

  /// Nil if the description is of other pages than the file has.
  ///
  /// - Parameter given: what the dataset calls the axes.
  func metadata(path: String, pageCount: Int, directory: TIFFLayout, axes given: [Axis]?) throws(TIFFError) -> TIFFMetadata? {
    var planes = self
    let samples = directory.sampleCount
    guard planes.dropPixels(directory), var product = TIFFPageMap.count(planes.lengths) else { return nil }
    let isTruncated = isTruncated && pageCount == 1
    let others = given?.filter { $0 != .y && $0 != .x && !($0 == .c && samples > 1) }
    if product > 1 && product < pageCount {
      try planes.addAppended(count: product, pageCount: pageCount, given: others, path: path)
      product = pageCount
    }
    guard product == pageCount || isTruncated else { return nil }
    let named = try planes.namedLengths(given: others, path: path)
    let counts = Dictionary(uniqueKeysWithValues: named)
    let order = named.reversed().map(\.0)
    var metadata = try TIFFMetadata(plain: path, pageCount: 1, directory: directory, axes: nil)
    metadata.kind = .shaped
    metadata.saysZ = planes.letters?.contains("z") == true
    metadata.planes = TIFFPageMap(
      t: counts[.t] ?? 1, c: counts[.c] ?? 1, z: counts[.z] ?? 1,
      order: order + [Axis.t, .c, .z].filter { !order.contains($0) })
    metadata.isContiguous = isTruncated && product > 1
    return metadata
  }

  /// Leaves the lengths that count planes; false where the others are not those of the file. From the end they are samples
  /// beside each other, x, y, samples apart.
  private mutating func dropPixels(_ directory: TIFFLayout) -> Bool {
    let samples = directory.sampleCount
    if samples > 1 && directory.isInterleaved && !drop(samples) { return false }
    guard drop(directory.width), drop(directory.height) else { return false }
    return samples == 1 || directory.isInterleaved || drop(samples)
  }

  private mutating func drop(_ length: Int) -> Bool {
    guard lengths.last == length else { return false }
    lengths.removeLast()
    letters?.removeLast()
    return true
  }

  /// Planes that were appended one by one have a description each, of that plane; stacks that were are images of their own.
  private mutating func addAppended(count: Int, pageCount: Int, given: [Axis]?, path: String) throws(TIFFError) {
    letters = letters.map { zip($0, lengths).filter { $0.1 > 1 }.map(\.0) }
    lengths.removeAll { $0 == 1 }
    guard pageCount % count == 0, given?.count == lengths.count + 1 else {
      throw .unsupported(
        path: path, feature: "a file of several images (the first has \(count) planes, the file \(pageCount))",
        advice: "save each image as a file of its own; if all are alike and make up one image, give the view \"axes\" with "
          + "one more for their number, such as [\"c\", \"z\", \"y\", \"x\"]")
    }
    lengths.insert(pageCount / count, at: 0)
    letters?.insert("?", at: 0)
  }

  /// The axis of each length that has one.
  private func namedLengths(given: [Axis]?, path: String) throws(TIFFError) -> [(Axis, Int)] {
    let kinds: [Axis?] =
      if let letters {
        Self.kinds(letters, lengths: lengths, given: given ?? [])
      } else if let given {
        Self.kinds(given, lengths: lengths)
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
    return named
  }

  /// An axis for each length; else one for each that is not 1. What has length 1 needs none, so axes may be more if all are 1.
  private static func kinds(_ axes: [Axis], lengths: [Int]) -> [Axis?] {
    let long = lengths.filter { $0 > 1 }
    if axes.count == lengths.count || !long.isEmpty && axes.count != long.count { return axes }
    var rest = axes[...]
    return lengths.map { $0 > 1 ? rest.popFirst() : nil }
  }

  /// The axes of tifffile's letters. Other letters (Q: unknown, I: sequence) are the axes that the dataset names beside those
  /// that are known, if they are as many.
  private static func kinds(_ letters: [Character], lengths: [Int], given: [Axis]) -> [Axis?] {
    var kinds = letters.map { Axis(rawValue: String($0)).flatMap { $0 == .y || $0 == .x ? nil : $0 } }
    let unknown = kinds.indices.filter { kinds[$0] == nil && lengths[$0] > 1 }
    let left = given.filter { !kinds.contains($0) }
    if unknown.count == left.count { for (i, axis) in zip(unknown, left) { kinds[i] = axis } }
    return kinds
  }
}
