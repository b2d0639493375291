import Foundation
import Geometry
import JSON
import Testing
import Zarr

@Suite struct OMESceneTests {
  private static let yx = #"[{"name": "y", "type": "space", "unit": "micrometer"}, {"name": "x", "type": "space", "unit": "micrometer"}]"#

  private func image(_ more: String = "") throws -> OMEImageSystems {
    let attributes = """
      {"ome": {"version": "0.6", "multiscales": [{"coordinateSystems": [{"name": "physical", "axes": \(Self.yx)},
        {"name": "moved", "axes": \(Self.yx)}],
       "datasets": [{"path": "0", "coordinateTransformations": [{"type": "identity", "input": {"path": "0"},
         "output": {"name": "physical"}}]}]\(more)}]}}
      """
    return try OMEImageSystems(path: "/s/a", group: GroupAttributes(zarrFormat: 3, attributes: JSONValue.parse(attributes)))
  }

  private func scene(_ transformations: String, systems: String = #"{"name": "world", "axes": \#(yx)}"#) throws -> OMEScene {
    let text = """
      {"ome": {"version": "0.6", "scene": {"coordinateSystems": [\(systems)], "coordinateTransformations": [\(transformations)]}}}
      """
    return try OMEScene(path: "/s", group: GroupAttributes(zarrFormat: 3, attributes: JSONValue.parse(text)))
  }

  private func map(_ transformation: String, image: OMEImageSystems? = nil) throws -> OMEAffine? {
    let scene = try scene(transformation)
    let graph = try OMESceneGraph(scene, images: ["a": image ?? self.image()])
    return graph.maps(to: scene.targets[0])["a"]
  }

  private static let ends = #""input": {"path": "a", "name": "physical"}, "output": {"name": "world"}"#

  /// Where the point y 3, x 5 goes.
  @Test(arguments: [
    (#""type": "identity""#, [3.0, 5.0]),
    (#""type": "translation", "translation": [10, 20]"#, [13, 25]),
    (#""type": "scale", "scale": [2, 4]"#, [6, 20]),
    (#""type": "affine", "affine": [[0, 1, 7], [2, 0, 8]]"#, [12, 14]),
    (#""type": "rotation", "rotation": [[0, -1], [1, 0]]"#, [-5, 3]),
    (#""type": "mapAxis", "mapAxis": [1, 0]"#, [5, 3]),
    (
      #""type": "sequence", "transformations": [{"type": "translation", "translation": [1, 1]}, {"type": "scale", "scale": [2, 3]}]"#,
      [8, 18]
    ),
    (
      #""type": "sequence", "transformations": [{"type": "scale", "scale": [2, 3]}, {"type": "translation", "translation": [1, 1]}]"#,
      [7, 16]
    ),
    (#""type": "sequence", "transformations": [{"type": "projectAxis", "droppedInputs": [0], "createdOutputs": [1]}]"#, [5, 0]),
    (
      #""type": "byDimension", "transformations": [{"transformation": {"type": "scale", "scale": [2]}, "inputAxes": [1], "outputAxes": [0]}, {"transformation": {"type": "translation", "translation": [1]}, "inputAxes": [0], "outputAxes": [1]}]"#,
      [10, 4]
    ),
    (#""type": "bijection", "forward": {"type": "scale", "scale": [2, 2]}, "inverse": {"type": "scale", "scale": [0.5, 0.5]}"#, [6, 10]),
  ])
  func transformationsOfEveryKind(text: String, expected: [Double]) throws {
    let map = try #require(try map("{\(text), \(Self.ends)}"))
    for row in 0..<2 { #expect(map[row, 0] * 3 + map[row, 1] * 5 + map[row, 2] == expected[row], "\(text)") }
  }

  @Test func edgesAreFollowedAgainstTheirDirectionAndThroughTheImageItself() throws {
    let own =
      #", "coordinateTransformations": [{"type": "scale", "scale": [2, 2], "input": {"name": "physical"}, "output": {"name": "moved"}}]"#
    let map = try #require(
      try map(
        #"{"type": "affine", "affine": [[0, 2, 1], [4, 0, 1]], "input": {"name": "world"}, "output": {"path": "a", "name": "moved"}}"#,
        image: image(own)))
    // y x = (2 x' + 1, 4 y' + 1), with moved = 2 physical
    #expect([map[0, 0], map[0, 1], map[0, 2]] == [0, 0.5, -0.25])
    #expect([map[1, 0], map[1, 1], map[1, 2]] == [1, 0, -0.5])
  }

  @Test func whatIsNotAffineOrDoesNotFitConnectsNothingAndSaysWhy() throws {
    for (text, words) in [
      (#""type": "displacements", "path": "field""#, "field"), (#""type": "wavelets""#, "wavelets"),
      (#""type": "translation", "translation": [1]"#, "2 numbers"), (#""type": "affine", "affine": [[1, 2], [3, 4]]"#, "3 numbers"),
      (#""type": "affine", "path": "matrix""#, "array"), (#""type": "mapAxis", "mapAxis": [0, 2]"#, "axes"),
      (#""type": "mapAxis", "mapAxis": [0]"#, "1 coordinates"), (#""type": "rotation", "rotation": [[1, 0]]"#, "2 x 2"),
      (#""type": "projectAxis", "createdOutputs": [0]"#, "3 coordinates"), (#""type": "byDimension", "transformations": []"#, "all axes"),
    ] {
      let scene = try scene("{\(text), \(Self.ends)}")
      let graph = try OMESceneGraph(scene, images: ["a": image()])
      #expect(graph.maps(to: scene.targets[0]).isEmpty)
      #expect(graph.problem(of: "a")?.contains(words) == true, "\(graph.problem(of: "a") ?? "")")
    }
  }

  @Test func targetsAreTheFirstSystemAndThoseThatNothingLeadsOnFrom() throws {
    let three = #"{"name": "stage", "axes": \#(Self.yx)}, {"name": "middle", "axes": \#(Self.yx)}, {"name": "end", "axes": \#(Self.yx)}"#
    let steps = [("stage", "middle"), ("middle", "end")].map {
      #"{"type": "identity", "input": {"name": "\#($0)"}, "output": {"name": "\#($1)"}}"#
    }
    let scene = try scene(
      steps.joined(separator: ",") + #", {"type": "identity", "input": {"path": "a", "name": "physical"}, "output": {"name": "stage"}}"#,
      systems: three)
    #expect(scene.targets.map(\.name) == ["stage", "end"])
    let alone = try self.scene(
      #"{"type": "identity", "input": {"path": "a", "name": "p"}, "output": {"path": "b", "name": "q"}}"#, systems: "")
    #expect(alone.targets.map(\.path) == ["b"] && alone.targets.map(\.name) == ["q"])
    #expect(alone.imagePaths == ["a", "b"])
  }

  @Test(arguments: [
    #"{"type": "identity", "input": {"path": "../a", "name": "p"}, "output": {"name": "world"}}"#,
    #"{"type": "identity", "input": {"path": "a", "name": "p"}, "output": {"name": "elsewhere"}}"#,
    #"{"type": "identity", "input": {"path": "a"}, "output": {"name": "world"}}"#,
    #"{"type": "identity", "output": {"name": "world"}}"#, "",
  ])
  func scenesThatAreWrong(transformation: String) {
    #expect(throws: ZarrError.self) { try scene(transformation) }
  }

  @Test func aSystemThatTheImageDoesNotHave() throws {
    #expect(throws: ZarrError.self) {
      try map(#"{"type": "identity", "input": {"path": "a", "name": "nowhere"}, "output": {"name": "world"}}"#)
    }
  }

  @Test func preReleasesAreRefused() throws {
    let text = #"{"ome": {"version": "0.6.dev4", "scene": {"coordinateTransformations": []}}}"#
    let error = #expect(throws: ZarrError.self) {
      try OMEScene(path: "/s", group: GroupAttributes(zarrFormat: 3, attributes: JSONValue.parse(text)))
    }
    #expect(error?.description.contains("0.6.dev4") == true)
  }
}
