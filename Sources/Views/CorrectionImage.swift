import Diagnostics
import Foundation
import Files
import Geometry
import HDF5
import JSON
import Store
import Zarr

/// An image of numbers by which views are corrected, with the digest of its numbers: as a job records it.
public struct CorrectionImage: Sendable, Hashable, Codable {
  public enum Role: String, Sendable, Hashable, Codable, CaseIterable {
    case flatfield, darkfield
    case coefficients = "intensity_coefficients"
  }

  public let role: Role
  let format: ImageFormat
  public private(set) var level: ViewLevel
  /// Of coefficients: values below it stay as they are; nil: none do.
  public let threshold: Double?
  public let digest: String
  /// The mean of its numbers.
  let mean: Double
  /// Absolute paths of the files that tell whether it changed.
  private(set) var files: [String]

  /// Voxels along z, y, x.
  public var shape: Index3 { level.shape.zyx }
  /// Where it is, for people.
  public var name: String { level.arrayPath + (level.dataset.map { ", \($0)" } ?? "") }
  /// How the field of a fingerprint is called that has its digest.
  var field: String { "\(role.rawValue) \(level.arrayPath)" }

  /// The most numbers that one may have: all of them are in memory while blocks are made.
  static let maximumCount = 1 << 30

  /// - Parameters:
  ///   - place: absolute.
  ///   - view: for messages.
  init(_ place: CorrectionPlace, as role: Role, view: String) throws(ViewsError) {
    func invalid(_ reason: String) -> ViewsError {
      .viewInvalid(view: view, field: role.rawValue, reason: "\(place.path)\(place.dataset.map { ", \($0)" } ?? ""): \(reason)")
    }
    var entry = DatasetEntry(name: view, path: place.path)
    entry.dataset = place.dataset
    if role == .coefficients {
      entry.axes = [.c, .z, .y, .x]
    } else if let rank = Self.rank(place) {
      guard rank == 2 || rank == 3 else { throw invalid("it has \(rank) dimensions; an image of y and x, or of z, y and x, is needed") }
      entry.axes = rank == 2 ? [.y, .x] : [.z, .y, .x]
    }
    if let axes = entry.axes {
      let space = axes.filter { $0.spaceLane != nil }
      (entry.spacing, entry.origin) = (
        Dictionary(uniqueKeysWithValues: space.map { ($0, 1) }), Dictionary(uniqueKeysWithValues: space.map { ($0, 0) })
      )
    }
    if !Place(place.path).isThere { throw .inputMissing(view: view, path: place.path) }
    let image: OpenedImage
    do throws(ViewsError) { image = try OpenedImage.open(entry, in: "/") } catch {
      if error.isTransient || error.isAbsence { throw error }
      throw invalid(error.description.replacingOccurrences(of: "view \"\(view)\": ", with: ""))
    }
    (self.role, format, level) = (role, image.format, image.levels[0])
    files = image.fingerprint.files.sorted().map { KnownStores.absolute($0, in: image.path) }
    let shape = level.shape
    guard shape.t == 1, shape.c == (role == .coefficients ? 2 : 1) else {
      throw invalid(
        role == .coefficients
          ? "coefficients are an array of x y z 2 numbers, as BigStitcher-Spark writes them; this has \(level.shape.array) along t c z y x"
          : "it has \(shape.t) time points and \(shape.c) channels; give one image for each channel")
    }
    guard let count = shape.checkedProduct, count <= Self.maximumCount else {
      throw invalid("it has more numbers than can be held in memory, \(Self.maximumCount)")
    }
    threshold = role == .coefficients ? try Self.threshold(place, image, invalid) : nil
    let numbers = try Self.numbers(level, format, role, view: view, name: place.path)
    (digest, mean) = (Self.digest(numbers), numbers.reduce(0, +) / Double(max(numbers.count, 1)))
  }

  /// The dimensions of a plain array, whose axes nobody names; nil for an image that has its own.
  private static func rank(_ place: CorrectionPlace) -> Int? {
    if let dataset = place.dataset {
      return (try? HDF5ImageFile.open(place.path, dataset: dataset, view: ""))?.levels[0].array.shape.count
    }
    let array: (any ChunkedArray)? = (try? ZarrArray.open(place.path)) ?? (try? N5Array.open(place.path))
    return array?.shape.count
  }

  // MARK: Coefficients

  private static let versionKey = "coefficients version"
  private static let thresholdKey = "threshold"

  /// Checks the version, and returns the threshold.
  private static func threshold(
    _ place: CorrectionPlace, _ image: OpenedImage, _ invalid: (String) -> ViewsError
  ) throws(ViewsError) -> Double? {
    let attributes: [String: JSONValue]
    do throws(ZarrError) { attributes = try self.attributes(place, image) } catch { throw invalid(error.description) }
    guard let version = attributes[versionKey]?.string else {
      throw invalid("its attributes have no \"\(versionKey)\": it is no field of intensity coefficients of BigStitcher-Spark")
    }
    guard version == "1.0" else { throw invalid("its \"\(versionKey)\" is \(version); 1.0 is read") }
    guard let json = attributes[thresholdKey], !json.isNull else { return nil }
    guard let threshold = json.double, threshold.isFinite else { throw invalid("its \"\(thresholdKey)\" is no number") }
    return threshold
  }

  private static func attributes(_ place: CorrectionPlace, _ image: OpenedImage) throws(ZarrError) -> [String: JSONValue] {
    switch image.format {
    case .n5: return try N5Array.attributes(place.path)?.object ?? [:]
    case .hdf5:
      let file = try HDF5File.open(place.path)
      var found: [String: JSONValue] = [:]
      for key in [versionKey, thresholdKey] {
        switch try file.attribute(key, of: place.dataset ?? "") {
        case .number(let number): found[key] = .double(number)
        case .text(let text): found[key] = .string(text)
        case nil: break
        }
      }
      return found
    default: return try ZarrArray.open(place.path).attributes.object ?? [:]
    }
  }

  // MARK: Numbers

  /// All its numbers, in C order. One that is not what was recorded is an error.
  ///
  /// - Parameter view: for messages.
  public func numbers(view: String) throws(ViewsError) -> [Double] {
    let numbers = try Self.numbers(level, format, role, view: view, name: name)
    let found = Self.digest(numbers)
    guard found == digest else {
      throw .inputChanged(view: view, path: name, field: "\(role.rawValue), its numbers", recorded: digest, found: found)
    }
    return numbers
  }

  private static func digest(_ numbers: [Double]) -> String { numbers.withUnsafeBytes { Digest($0).text } }

  private static func numbers(
    _ level: ViewLevel, _ format: ImageFormat, _ role: Role, view: String, name: String
  ) throws(ViewsError) -> [Double] {
    let source = try format.reader.source(view: view, level: level)
    let (shape, chunk, element) = (source.shape, source.chunk, source.elementType.byteCount)
    var numbers = [Double](repeating: 0, count: shape.product)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: source.chunkByteCount, alignment: 64)
    defer { buffer.deallocate() }
    let (context, grid) = (CodecContext(), source.chunkGrid)
    for number in 0..<grid.total {
      let index = grid.position(at: number)
      if case .missing = try source.readChunk(index, into: buffer, context: context) {
        guard role == .darkfield else {
          throw .viewInvalid(view: view, field: role.rawValue, reason: "\(name): a chunk of it is missing; copy it again from its source")
        }
        for i in 0..<buffer.count { buffer[i] = source.fill[i % element] }
      }
      let box = grid.box(of: index)
      let (c0, c1) = (index.c * chunk.c, min((index.c + 1) * chunk.c, shape.c))
      for c in c0..<c1 {
        for z in box.lower[0]..<box.upper[0] {
          for y in box.lower[1]..<box.upper[1] {
            let from = (((c - c0) * chunk.z + z - box.lower[0]) * chunk.y + y - box.lower[1]) * chunk.x
            let to = ((c * shape.z + z) * shape.y + y) * shape.x + box.lower[2]
            let row = UnsafeRawBufferPointer(rebasing: buffer[(from * element)..<((from + box.shape[2]) * element)])
            for i in 0..<box.shape[2] { numbers[to + i] = source.elementType.number(in: row, at: i) }
          }
        }
      }
    }
    guard numbers.allSatisfy(\.isFinite) else {
      throw .viewInvalid(view: view, field: role.rawValue, reason: "\(name): a number of it is NaN or infinite")
    }
    return numbers
  }

  // MARK: Records

  /// The image as it is now.
  func reopened(view: String) throws(ViewsError) -> CorrectionImage {
    try CorrectionImage(CorrectionPlace(path: level.arrayPath, dataset: level.dataset), as: role, view: view)
  }

  func moved(_ moves: [PathMove]) -> CorrectionImage {
    var image = self
    (image.level, image.files) = (level.moved(moves), files.map { moves.moved($0) ?? $0 })
    return image
  }
}

extension ElementType {
  /// A number of a row.
  fileprivate func number(in row: UnsafeRawBufferPointer, at i: Int) -> Double {
    func load<T: BitwiseCopyable>(_ type: T.Type) -> T { row.loadUnaligned(fromByteOffset: i * MemoryLayout<T>.size, as: type) }
    return switch self {
    case .uint8: Double(load(UInt8.self))
    case .int8: Double(load(Int8.self))
    case .uint16: Double(load(UInt16.self))
    case .int16: Double(load(Int16.self))
    case .uint32: Double(load(UInt32.self))
    case .int32: Double(load(Int32.self))
    case .uint64: Double(load(UInt64.self))
    case .int64: Double(load(Int64.self))
    case .float16: Double(Half(bits: load(UInt16.self)).float)
    case .float32: Double(load(Float.self))
    case .float64: load(Double.self)
    }
  }
}
