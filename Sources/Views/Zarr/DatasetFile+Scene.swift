import Diagnostics
import Geometry
import Threads
import Zarr

/// An OME-Zarr 0.6 scene as a dataset: each image that its transformations name is a view, and each coordinate system of
/// the scene that they lead to is a coordinate system of the dataset.
///
/// Transformations are those of the scene and of the images' own multiscales, followed in either direction. Only their
/// part of space counts; what would move or mix t and c is refused.
extension DatasetFile {
  init(scene path: String) throws(ViewsError) {
    let bytes = try Self.bytes(of: path + "/" + ZarrFileName.v3)
    let scene: OMEScene
    let graph: OMESceneGraph
    var systems: [String: OMEImageSystems] = [:]
    // of images that are missing or damaged, which stop only what needs them
    var unread: [String: ZarrError] = [:]
    do throws(ZarrError) {
      guard let group = try readAttributes(ofGroup: path) else { throw ZarrError.arrayMissing(path: path) }
      scene = try OMEScene(path: path, group: group)
      let paths = scene.imagePaths
      let read = parallelMap(count: paths.count, threads: nil) { i in
        Result { () throws(ZarrError) in try OMEImageSystems(inGroup: "\(path)/\(paths[i])") }
      }
      systems.reserveCapacity(paths.count)
      for (image, result) in zip(paths, read) {
        do throws(ZarrError) { systems[image] = try result.get() } catch { unread[image] = error }
      }
      graph = try OMESceneGraph(scene, images: systems)
    } catch {
      throw .datasetUnreadable(path: path, why: error)
    }
    guard !scene.imagePaths.isEmpty else { throw .noViews(path: path) }
    var notes: [String] = []
    let limit = 16
    let targets = scene.targets
    if targets.count > limit { notes.append("of \(targets.count) coordinate systems of the scene the first \(limit) can be chosen") }
    let entries = try Self.entries(of: scene, graph, systems, to: targets.prefix(limit), path: path)
    var failures: [Int: ViewsError] = [:]
    for (i, image) in scene.imagePaths.enumerated() {
      guard let error = unread[image] else { continue }
      failures[i] =
        error.isFileMissing
        ? .inputMissing(view: entries[i].name, path: entries[i].path) : .unreadable(view: entries[i].name, why: error)
    }
    for (i, (entry, image)) in zip(entries, scene.imagePaths).enumerated() where entry.transforms.isEmpty && failures[i] == nil {
      // it may have led over one that is missing
      if let first = failures.keys.min(), let error = failures[first] { throw error }
      throw .datasetInvalid(
        path: path, field: "image \"\(image)\"",
        reason: graph.problem(of: image).map { "it cannot be placed: \($0)" }
          ?? "no transformation that can be followed leads from it to \"\(targets[0].name)\"")
    }
    self.init(path: path, entries: entries, digest: Digest(bytes).text, notes: notes)
    self.failures = failures
    try checkNames()
  }

  /// The images of a scene, with their transformations to some of its coordinate systems.
  private static func entries(
    of scene: OMEScene, _ graph: OMESceneGraph, _ systems: [String: OMEImageSystems], to targets: ArraySlice<OMEScene.Place>, path: String
  ) throws(ViewsError) -> [DatasetEntry] {
    var entries = zip(scene.imagePaths, names(scene.imagePaths)).map { DatasetEntry(name: $1, path: "\(path)/\($0)") }
    for target in targets {
      let maps = graph.maps(to: target)
      guard let world = graph.system(target) else { continue }
      for (i, image) in scene.imagePaths.enumerated() {
        guard let map = maps[image], let own = systems[image]?.intrinsic else { continue }
        do throws(SceneProblem) {
          entries[i].transforms[target.name] = .constant(try matrix(map, from: own, to: world))
        } catch {
          throw .datasetUnsupported(
            path: path, field: "image \"\(image)\"", what: "a transformation to \"\(target.name)\" that \(error.reason)",
            hint: "write the scene with transformations of space only, in z y x or y x")
        }
      }
    }
    return entries
  }

  private struct SceneProblem: Error { var reason: String }

  /// The homogeneous matrix, in micrometres and the order z y x, of a map whose numbers are in the order and units of both systems.
  /// A system without units has those of the image.
  private static func matrix(
    _ map: OMEAffine, from own: OMECoordinateSystem, to world: OMECoordinateSystem
  ) throws(SceneProblem) -> [[Double]] {
    let space = own.space
    guard world.space == space, space.suffix(2) == [.y, .x] else {
      func text(_ system: OMECoordinateSystem) -> String { system.axes.map(\.name).joined(separator: " ") }
      throw SceneProblem(reason: "goes from axes \(text(own)) to \(text(world))")
    }
    let columns = space.compactMap { own.index(of: $0) }
    let rows = space.compactMap { world.index(of: $0) }
    func close(_ a: Double, _ b: Double) -> Bool { (a - b).magnitude <= 1e-9 }
    for axis in [Axis.t, .c] {
      guard let row = world.index(of: axis), let column = own.index(of: axis) else { continue }
      for k in 0...map.inputCount where !close(map[row, k], k == column ? 1 : 0) { throw SceneProblem(reason: "changes \(axis)") }
    }
    for row in rows {
      for k in 0..<map.inputCount where !columns.contains(k) && !close(map[row, k], 0) {
        throw SceneProblem(reason: "moves with \(own.axes[k].name)")
      }
    }
    func micrometres(_ unit: String?) -> Double { OMEUnits.micrometres(in: unit) ?? 1 }
    let units = columns.map { micrometres(own.axes[$0].unit) }
    var matrix: [[Double]] = []
    for (i, row) in rows.enumerated() {
      let unit = world.axes[row].unit.map { micrometres($0) } ?? units[i]
      matrix.append(columns.indices.map { map[row, columns[$0]] * unit / units[$0] } + [map[row, map.inputCount] * unit])
    }
    return matrix + [space.map { _ in 0 } + [1]]
  }
}

extension OMEImageSystems {
  /// The systems of the image whose group is a folder.
  fileprivate init(inGroup path: String) throws(ZarrError) {
    guard let group = try readAttributes(ofGroup: path) else { throw .arrayMissing(path: path) }
    try self.init(path: path, group: group)
  }
}
