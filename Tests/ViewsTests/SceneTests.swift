import Diagnostics
import Foundation
import Geometry
import Testing
import Views

@Suite struct SceneTests {
  private static let axes = ["z", "y", "x"].map { #"{"name": "\#($0)", "type": "space", "unit": "micrometer"}"# }.joined(separator: ", ")

  /// A tile of 2 x 3 x 4 voxels, in a system of these axes.
  private func tile(_ folder: ViewsTestFolder, _ name: String, axes: String = axes, count: Int = 3) throws {
    let scale = [Double](repeating: 2, count: count)
    let shape = [Int](repeating: 1, count: count - 3) + [2, 3, 4]
    try folder.write(
      name + "/zarr.json",
      """
      {"zarr_format": 3, "node_type": "group", "attributes": {"ome": {"version": "0.6", "multiscales": [{
        "coordinateSystems": [{"name": "physical", "axes": [\(axes)]}],
        "datasets": [{"path": "0", "coordinateTransformations": [{"type": "scale", "scale": \(scale),
          "input": {"path": "0"}, "output": {"name": "physical"}}]}]}]}}}
      """)
    try folder.write(
      name + "/0/zarr.json",
      """
      {"zarr_format": 3, "node_type": "array", "shape": \(shape), "data_type": "uint16", "fill_value": 0,
       "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": \(shape)}},
       "chunk_key_encoding": {"name": "default"}, "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}]}
      """)
  }

  private func scene(_ folder: ViewsTestFolder, _ transformations: String, world: String = axes) throws -> String {
    try folder.write(
      "scene/zarr.json",
      """
      {"zarr_format": 3, "node_type": "group", "attributes": {"ome": {"version": "0.6", "scene": {
        "coordinateSystems": [{"name": "world", "axes": [\(world)]}], "coordinateTransformations": [\(transformations)]}}}}
      """)
    return folder.path + "/scene"
  }

  private static func edge(_ tile: String, _ rest: String) -> String {
    #"{"input": {"path": "\#(tile)", "name": "physical"}, "output": {"name": "world"}, \#(rest)}"#
  }

  @Test func imagesBecomeViews() throws {
    let folder = try ViewsTestFolder()
    for name in ["scene/a", "scene/b"] { try tile(folder, name) }
    let path = try scene(
      folder,
      [
        Self.edge("a", #""type": "identity""#),
        Self.edge("b", #""type": "affine", "affine": [[1, 0, 0, 1], [0, 1, 0.1, 2], [0, 0, 1, 3]]"#),
      ]
      .joined(separator: ","))
    let file = try DatasetFile.read(path + "/")
    #expect(file.entries.map(\.name) == ["a", "b"])
    #expect(file.entries[1].path == path + "/b")
    #expect(file.entries[1].transforms == ["world": .constant([[1, 0, 0, 1], [0, 1, 0.1, 2], [0, 0, 1, 3], [0, 0, 0, 1]])])
    let dataset = try Dataset(file)
    #expect(dataset.transformKeys == ["world"])
    #expect(dataset.views[0].levels[0].stack.spacing == Vector3(2, 2, 2))
    // the metadata are the dataset: an edit is noticed
    #expect(try DatasetFile.digest(of: path) == file.digest)
    _ = try scene(folder, Self.edge("a", #""type": "identity""#))
    #expect(try DatasetFile.digest(of: path) != file.digest)
  }

  @Test func unitsAndTheOrderOfAxesAreThoseOfTheSystems() throws {
    let folder = try ViewsTestFolder()
    let nanometres = Self.axes.replacing("micrometer", with: "nanometer")
    try tile(folder, "scene/a", axes: nanometres)
    // x y z in millimetres
    let world = ["x", "y", "z"].map { #"{"name": "\#($0)", "type": "space", "unit": "millimeter"}"# }.joined(separator: ", ")
    let rows = "[[0, 0, 2e-6, 0.5], [0, 1e-6, 0, 0.25], [1e-6, 0, 0, 0]]"
    let path = try scene(folder, Self.edge("a", #""type": "affine", "affine": \#(rows)"#), world: world)
    let file = try DatasetFile.read(path)
    let matrix = [[1, 0, 0, 0], [0, 1, 0, 250], [0, 0, 2, 500], [0, 0, 0, 1.0]]
    guard case .constant(let found)? = file.entries[0].transforms["world"] else { throw TestProblem() }
    for (a, b) in zip(found.joined(), matrix.joined()) { #expect(abs(a - b) < 1e-9) }
    // without units it has those of the image
    let plain = ["z", "y", "x"].map { #"{"name": "\#($0)", "type": "space"}"# }.joined(separator: ", ")
    _ = try scene(folder, Self.edge("a", #""type": "translation", "translation": [0, 0, 1000]"#), world: plain)
    guard case .constant(let shifted)? = try DatasetFile.read(path).entries[0].transforms["world"] else { throw TestProblem() }
    #expect(shifted[2] == [0, 0, 1, 1])
  }

  @Test func timeAndChannelsPassThrough() throws {
    let folder = try ViewsTestFolder()
    let five = #"{"name": "t", "type": "time", "unit": "second"}, {"name": "c", "type": "channel"}, "# + Self.axes
    try tile(folder, "scene/a", axes: five, count: 5)
    let path = try scene(folder, Self.edge("a", #""type": "translation", "translation": [0, 0, 1, 2, 3]"#), world: five)
    #expect(
      try Dataset.load(path).views[0].transforms["world"]
        == .constant(AffineMap(rows: AffineMap.identity.rows, translation: Vector3(1, 2, 3))))
    // of space only, by leaving the others out
    let affine = #""type": "affine", "affine": [[0, 0, 1, 0, 0, 4], [0, 0, 0, 1, 0, 5], [0, 0, 0, 0, 1, 6]]"#
    _ = try scene(folder, Self.edge("a", affine))
    #expect(
      try Dataset.load(path).views[0].transforms["world"]
        == .constant(AffineMap(rows: AffineMap.identity.rows, translation: Vector3(4, 5, 6))))
    for (text, words) in [
      (#""type": "translation", "translation": [5, 0, 1, 2, 3]"#, "changes t"),
      (
        #""type": "affine", "affine": [[1, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0], [0, 3, 1, 0, 0, 0], [0, 0, 0, 1, 0, 0], [0, 0, 0, 0, 1, 0]]"#,
        "moves with c"
      ),
    ] {
      _ = try scene(folder, Self.edge("a", text), world: five)
      let error = #expect(throws: ViewsError.self) { try DatasetFile.read(path) }
      #expect(error?.code.rawValue == "dataset-unsupported" && error?.description.contains(words) == true, "\(String(describing: error))")
    }
  }

  /// What is wrong, the code of the error and what it must name beside the scene.
  @Test(arguments: [
    (edge("a", #""type": "displacements", "path": "field""#), "dataset-invalid", ["image \"a\"", "field"]),
    (edge("gone", #""type": "identity""#), "input-missing", ["\"gone\"", "scene/gone"]),
    (edge("a", #""type": "translation", "translation": [1, 2]"#), "dataset-invalid", ["image \"a\"", "translation"]),
    (
      edge("a", #""type": "identity""#) + ","
        + #"{"type": "identity", "input": {"path": "b", "name": "physical"}, "output": {"path": "b", "name": "physical"}}"#,
      "dataset-invalid", ["image \"b\"", "world"]
    ),
    ("", "dataset-unreadable", ["coordinateTransformations"]),
    (edge("a", #""type": "scale", "scale": [1, 0, 1]"#), "view-invalid", ["\"a\"", "singular"]),
    (edge("flat", #""type": "identity""#), "metadata-invalid", ["\"flat\"", "scene/flat", "multiscales"]),
  ])
  func whatIsWrongIsNamed(transformations: String, code: String, words: [String]) throws {
    let folder = try ViewsTestFolder()
    for name in ["scene/a", "scene/b"] { try tile(folder, name) }
    try folder.write("scene/flat/zarr.json", #"{"zarr_format": 3, "node_type": "group", "attributes": {}}"#)
    let path = try scene(folder, transformations)
    let error = #expect(throws: ViewsError.self) { try Dataset.load(path) }
    #expect(error?.code.rawValue == code, "\(String(describing: error))")
    for word in words { #expect(error?.description.contains(word) == true, "\(String(describing: error))") }
    #expect(error?.hint.isEmpty == false)
  }

  private struct TestProblem: Error {}
}
