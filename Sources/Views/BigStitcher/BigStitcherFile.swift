import Diagnostics
import Files
import Foundation
import Geometry
import Zarr

/// The XML of BigDataViewer and BigStitcher (`<SpimData>`), as the views of a dataset.
///
/// A view is a time point of a setup; a setup is one tile, channel, angle and illumination. Each becomes a view with one
/// time point and one channel of the output. Its transforms are multiplied in the order of the file, so that the last is
/// applied first; together they take pixels to the world, so a view has spacing 1 and origin 0. The file writes x y z.
struct BigStitcherFile {
  static let transformName = "registered"

  let path: String
  private let root: XMLTree.Element
  /// The folder from which relative paths of images start.
  let base: String

  /// One setup of the file.
  struct Setup {
    var id: Int
    var channel: Int
    var voxel: (size: [Double], unit: String)?
    /// Voxels along z, y, x.
    var shape: Index3?
    /// Angle and illumination.
    var side = ""
  }

  static func read(_ bytes: [UInt8], path: String) throws(ViewsError) -> DatasetFile {
    let root: XMLTree.Element
    do {
      root = try XMLTree.read(bytes)
    } catch {
      throw .datasetInvalid(path: path, field: "line \(error.line)", reason: error.reason)
    }
    return try BigStitcherFile(root, path: path).dataset(digest: Digest(bytes).text)
  }

  private init(_ root: XMLTree.Element, path: String) throws(ViewsError) {
    (self.path, self.root) = (path, root)
    guard root.name == "SpimData" else {
      throw .datasetUnsupported(
        path: path, field: "line \(root.line)", what: "XML of the kind <\(root.name)>",
        hint: "the XML that is read is that of BigStitcher and BigDataViewer, <SpimData>")
    }
    let folder = FilePath.folder(of: path)
    base =
      try root.child("BasePath").map { (element) throws(ViewsError) -> String in
        try Self.place(element, in: folder, path: path)
      } ?? folder
  }

  private func dataset(digest: String) throws(ViewsError) -> DatasetFile {
    guard let sequence = root.child("SequenceDescription") else { throw missing("SequenceDescription", in: root) }
    guard let loaderElement = sequence.child("ImageLoader") else { throw missing("ImageLoader", in: sequence) }
    let loader = try BigStitcherLoader(loaderElement, file: self)
    let (setups, channels) = try setups(sequence)
    let times = try timePoints(sequence)
    let missingViews = try missingViews(sequence)
    var unit = BigStitcherUnit(setups)
    let registrations = try registrations(&unit)
    let adjustments = try adjustments()
    let channelPlaces = Dictionary(uniqueKeysWithValues: channels.enumerated().map { ($1.id, $0) })

    var dataset = DatasetFile(
      path: path, entries: [], digest: digest, channels: channels.map(\.name), timeCount: times.count,
      boundingBoxes: try boundingBoxes())
    let (total, isTooMany) = times.count.multipliedReportingOverflow(by: setups.count)
    guard !isTooMany, total <= 10_000_000 else {
      throw invalid(sequence, "\(times.count) time points of \(setups.count) setups are more views than can be read")
    }
    dataset.entries.reserveCapacity(total)
    let hasSides = Set(setups.map(\.side)).count > 1
    var left = 0
    for (t, time) in times.enumerated() {
      for setup in setups {
        let id = ViewID(time: time, setup: setup.id)
        if missingViews.contains(id) {
          left += 1
          continue
        }
        guard let matrix = registrations[id] else {
          throw .datasetInvalid(
            path: path, field: "ViewRegistrations",
            reason: "there is none for time point \(time), setup \(setup.id), nor is it a MissingView")
        }
        var entry = try loader.entry(id)
        entry.name = times.count > 1 ? "t\(time)-setup\(setup.id)" : "setup\(setup.id)"
        entry.spacing = [.z: 1, .y: 1, .x: 1]
        entry.origin = [.z: 0, .y: 0, .x: 0]
        entry.transforms = [Self.transformName: .constant(matrix.homogeneous)]
        entry.timePlaces = [t]
        entry.channelPlaces = [channelPlaces[setup.channel] ?? 0]
        (entry.bigStitcherView, entry.adjustment) = (id, adjustments[id])
        dataset.expectedShapes[dataset.entries.count] = setup.shape
        if hasSides { dataset.sides[dataset.entries.count] = setup.side }
        dataset.entries.append(entry)
      }
    }
    guard !dataset.entries.isEmpty else { throw .noViews(path: path) }
    try dataset.checkNames()
    dataset.notes = notes(missingCount: left)
    (dataset.worldUnit, dataset.worldUnitNote) = (unit.world, unit.note)
    return dataset
  }

  struct ViewID: Hashable {
    var time: Int
    var setup: Int
  }

  // MARK: - Sequence

  private func setups(_ sequence: XMLTree.Element) throws(ViewsError) -> ([Setup], [(id: Int, name: String)]) {
    guard let list = sequence.child("ViewSetups") else { throw missing("ViewSetups", in: sequence) }
    var setups: [Setup] = []
    var ids = Set<Int>()
    for element in list.children("ViewSetup") {
      let id = try integer(child("id", of: element))
      guard ids.insert(id).inserted else { throw invalid(element, "there are two setups \(id)") }
      var setup = Setup(id: id, channel: 0)
      if let channel = element.child("attributes")?.child("channel") { setup.channel = try integer(channel) }
      let sides = ["angle", "illumination"].map { element.child("attributes")?.child($0)?.text ?? "" }
      setup.side = sides.joined(separator: " ")
      if let size = element.child("size") {
        let n = try numbers(size, count: 3)
        setup.shape = Index3(Vector3(n[2], n[1], n[0]).clamped(lowerBound: .zero, upperBound: Vector3(repeating: 1e15)))
      }
      if let voxel = element.child("voxelSize") {
        setup.voxel = (try numbers(child("size", of: voxel), count: 3), voxel.child("unit")?.text ?? "")
      }
      setups.append(setup)
    }
    guard !setups.isEmpty else { throw invalid(list, "there is no ViewSetup") }
    return (setups, try channels(list, of: setups))
  }

  /// The channels that setups have, by their number, with names that are all different.
  private func channels(_ list: XMLTree.Element, of setups: [Setup]) throws(ViewsError) -> [(id: Int, name: String)] {
    var names: [Int: String] = [:]
    for attributes in list.children("Attributes") where attributes.attribute("name") == "channel" {
      for channel in attributes.children("Channel") {
        let id = try integer(child("id", of: channel))
        if let name = channel.child("name")?.text, !name.isEmpty { names[id] = name }
      }
    }
    var taken = Set<String>()
    return Set(setups.map(\.channel)).sorted().map { id in
      var name = names[id] ?? String(id)
      while !taken.insert(name).inserted { name += " (\(id))" }
      return (id, name)
    }
  }

  private func timePoints(_ sequence: XMLTree.Element) throws(ViewsError) -> [Int] {
    guard let element = sequence.child("Timepoints") else { throw missing("Timepoints", in: sequence) }
    let limit = OpenedImage.maximumSeriesLength
    var times: [Int] = []
    switch element.attribute("type") {
    case "range":
      let (first, last) = (try integer(child("first", of: element)), try integer(child("last", of: element)))
      guard first <= last, last - first < limit else { throw invalid(element, "there are none from \(first) to \(last)") }
      times = Array(first...last)
    case "list":
      for point in element.children where point.name.lowercased() == "timepoint" {
        times.append(try integer(child("id", of: point)))
      }
    case "pattern":
      let pattern = try child("integerpattern", of: element)
      // a series without time points has an empty pattern
      times = try pattern.text.isEmpty ? [0] : integers(pattern, limit: limit)
    case let type:
      throw .datasetUnsupported(
        path: path, field: place(element), what: "a list of time points of type \"\(type ?? "")\"",
        hint: "the types range, list and pattern are read; save the dataset again with BigStitcher")
    }
    guard !times.isEmpty, Set(times).count == times.count else {
      throw invalid(element, times.isEmpty ? "there is none" : "one is there twice")
    }
    return times
  }

  /// `0-9`, `1-100:20`, `1, 3, 7`.
  private func integers(_ element: XMLTree.Element, limit: Int) throws(ViewsError) -> [Int] {
    var list: [Int] = []
    for part in element.text.split(separator: ",") {
      let pieces = part.split(separator: ":", omittingEmptySubsequences: false)
      let ends = pieces[0].split(separator: "-").map { Int($0.trimmingCharacters(in: .whitespaces)) }
      let step = pieces.count == 2 ? Int(pieces[1].trimmingCharacters(in: .whitespaces)) : 1
      guard (1...2).contains(pieces.count), let step, step > 0, (1...2).contains(ends.count), let first = ends[0],
        let last = ends[ends.count - 1], first <= last, (last - first) / step < limit
      else { throw invalid(element, "\"\(part)\" is no range of whole numbers such as 0-9 or 1-100:20") }
      list += Array(stride(from: first, through: last, by: step))
      guard list.count <= limit else { throw invalid(element, "there are more than \(limit) time points") }
    }
    return list
  }

  private func missingViews(_ sequence: XMLTree.Element) throws(ViewsError) -> Set<ViewID> {
    var views: Set<ViewID> = []
    for element in sequence.child("MissingViews")?.children("MissingView") ?? [] {
      views.insert(try viewID(element, time: "timepoint"))
    }
    return views
  }

  // MARK: - Places

  /// Pixels to world of each view, in z y x order.
  private func registrations(_ unit: inout BigStitcherUnit) throws(ViewsError) -> [ViewID: AffineMap] {
    guard let list = root.child("ViewRegistrations") else { throw missing("ViewRegistrations", in: root) }
    var registrations: [ViewID: AffineMap] = [:]
    for element in list.children("ViewRegistration") {
      let id = try viewID(element, time: "timepoint")
      var total = AffineMap.identity
      var steps: [BigStitcherUnit.Step] = []
      for transform in element.children("ViewTransform") {
        steps.append(.init(name: transform.child("Name")?.text ?? "", map: try affine(transform)))
      }
      for step in steps { total = total.after(step.map) }
      unit.look(at: steps, setup: id.setup)
      guard registrations.updateValue(total, forKey: id) == nil else {
        throw invalid(element, "there are two for time point \(id.time), setup \(id.setup)")
      }
    }
    return registrations
  }

  private func affine(_ element: XMLTree.Element) throws(ViewsError) -> AffineMap {
    guard element.attribute("type") == "affine", let matrix = element.child("affine") else {
      throw .datasetUnsupported(
        path: path, field: place(element), what: "a transform of type \"\(element.attribute("type") ?? "")\"",
        hint: "only affine transforms are read; in BigStitcher, remove this one, or register again with an affine model")
    }
    // rows x y z, each with its shift last
    let n = try numbers(matrix, count: 12)
    func row(_ i: Int) -> Vector3 { Vector3(n[4 * i + 2], n[4 * i + 1], n[4 * i]) }
    return AffineMap(rows: [row(2), row(1), row(0)], translation: Vector3(n[11], n[7], n[3]))
  }

  private func boundingBoxes() throws(ViewsError) -> [String: BoundingBox] {
    var boxes: [String: BoundingBox] = [:]
    for element in root.child("BoundingBoxes")?.children("BoundingBoxDefinition") ?? [] {
      guard let name = element.attribute("name"), !name.isEmpty else { throw invalid(element, "it has no name") }
      let (lower, upper) = (try numbers(child("min", of: element), count: 3), try numbers(child("max", of: element), count: 3))
      guard zip(lower, upper).allSatisfy({ $0 <= $1 }) else { throw invalid(element, "its min lies above its max") }
      boxes[name] = BoundingBox(
        lower: Vector3(lower[2], lower[1], lower[0]), upper: Vector3(upper[2], upper[1], upper[0]))
    }
    return boxes
  }

  /// A linear map of a view's intensities.
  struct Adjustment: Sendable, Hashable {
    var scale: Double
    var offset: Double
  }

  private func adjustments() throws(ViewsError) -> [ViewID: Adjustment] {
    var adjustments: [ViewID: Adjustment] = [:]
    for element in root.child("IntensityAdjustments")?.children ?? [] {
      let id = try viewID(element, time: "timepoint")
      let model = try numbers(child("model", of: element), count: 2)
      guard adjustments.updateValue(Adjustment(scale: model[0], offset: model[1]), forKey: id) == nil else {
        throw invalid(element, "there are two for time point \(id.time), setup \(id.setup)")
      }
    }
    return adjustments
  }

  /// As long as they are not asked for.
  static let adjustmentsNote = "the XML's IntensityAdjustments are not applied; --intensity-adjustments applies them"

  private func notes(missingCount: Int) -> [String] {
    var notes: [String] = []
    if missingCount > 0 { notes.append("\(counted(missingCount, "view is", "views are")) missing (MissingViews)") }
    if root.child("IntensityAdjustments")?.children.isEmpty == false {
      notes.append(Self.adjustmentsNote)
    }
    return notes
  }
}
