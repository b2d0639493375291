import Foundation
import Geometry
import Testing
import Views
import Zarr

@Suite struct SinglePlaneTests {
  /// OME-TIFF of one plane of 1 x 2 pixels.
  private func write(_ folder: ViewsTestFolder, _ name: String, z: Double? = nil, x: Double = 0, size: Double? = nil) throws {
    let thickness = size.map { " PhysicalSizeZ=\"\($0)\"" } ?? ""
    let place = z.map { " PositionZ=\"\($0)\"" } ?? ""
    let xml = """
      <OME><Image ID="Image:0"><Pixels DimensionOrder="XYZCT" SizeX="2" SizeY="1" SizeZ="1" SizeC="1" SizeT="1"\(thickness)>
      <TiffData/><Plane TheZ="0" TheC="0" TheT="0" PositionX="\(x)" PositionY="0"\(place)/></Pixels></Image></OME>
      """
    try folder.write(name, TinyTIFF(planes: [[1, 2]], width: 2, description: xml).bytes)
  }

  private func load(_ folder: ViewsTestFolder, _ views: String) throws -> Dataset {
    try folder.write("dataset.json", "{\"views\": [\(views)]}")
    return try Dataset.load(folder.path + "/dataset.json")
  }

  private func stack(_ dataset: Dataset, _ i: Int) -> StackProperties { dataset.views[i].levels[0].stack }

  @Test func nothingSaysThatThereIsZ() throws {
    let folder = try ViewsTestFolder()
    try write(folder, "a.tif", z: 3)
    try write(folder, "b.tif", z: 3.0004)
    let dataset = try load(folder, #"{"path": "a.tif"}, {"path": "b.tif"}"#)
    #expect(!dataset.is3D && dataset.notes.isEmpty)
  }

  @Test func planesAtSeveralZAreSlices() throws {
    let folder = try ViewsTestFolder()
    for (name, z) in [("a", 4.0), ("b", 0.0), ("c", 2.0005), ("d", 8.0)] { try write(folder, name + ".tif", z: z) }
    let dataset = try load(folder, #"{"path": "a.tif"}, {"path": "b.tif"}, {"path": "c.tif"}, {"path": "d.tif"}"#)
    #expect(dataset.is3D)
    #expect((0..<4).map { stack(dataset, $0).origin[0] } == [4, 0, 2.0005, 8])
    // even but for what the stage is off
    #expect((0..<4).allSatisfy { stack(dataset, $0).spacing[0] == 2 })
    #expect(dataset.notes.count == 1 && dataset.notes[0].contains("z spacing of 2, the distance between them"))
    let uneven = try load(folder, #"{"path": "a.tif"}, {"path": "b.tif", "origin": {"z": -1.5}}, {"path": "c.tif"}"#)
    #expect(stack(uneven, 0).spacing[0] == 1.9995 && uneven.notes[0].contains("the smallest distance between them"))
  }

  @Test func theFilesSpacingCounts() throws {
    let folder = try ViewsTestFolder()
    try write(folder, "a.tif", z: 0)
    try write(folder, "b.tif", z: 0.3, x: 5, size: 1.5)
    let dataset = try load(folder, #"{"path": "a.tif"}, {"path": "b.tif"}"#)
    #expect(dataset.is3D && stack(dataset, 0).spacing[0] == 1.5 && stack(dataset, 1).origin[0] == 0.3)
    #expect(dataset.notes[0].contains("as the images say"))
  }

  @Test func whatTheDatasetSaysDecides() throws {
    let folder = try ViewsTestFolder()
    try write(folder, "a.tif", z: 7, size: 2)
    for (keys, is3D) in [
      (#""axes": ["y", "x"]"#, false), (#""axes": ["z", "y", "x"]"#, true), (#""spacing": {"z": 3}"#, true),
      (#""transforms": {"r": [[1, 0, 0], [0, 1, 0], [0, 0, 1]]}"#, false),
      (#""transforms": {"r": [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]}"#, true), (#""t": 0"#, true),
    ] {
      let dataset = try load(folder, #"{"path": "a.tif", \#(keys)}"#)
      #expect(dataset.is3D == is3D, "\(keys)")
      #expect(stack(dataset, 0).origin[0] == (is3D ? 7 : 0), "\(keys)")
      #expect(dataset.views[0].levels[0].axes.contains(.z) == is3D)
    }
  }

  @Test func anotherViewIsAStack() throws {
    let folder = try ViewsTestFolder()
    try write(folder, "a.tif")
    try folder.image("b.ome.zarr", levels: [([4, 8, 8], [2, 1, 1], [0, 0, 0])])
    let dataset = try load(folder, #"{"path": "a.tif"}, {"path": "b.ome.zarr"}"#)
    #expect(dataset.is3D && stack(dataset, 0).spacing[0] == 2)
    try folder.image("b.ome.zarr", axes: "yx", levels: [([8, 8], [1, 1], [0, 0])])
    try write(folder, "a.tif", z: 3, size: 2)
    #expect(try !load(folder, #"{"path": "a.tif"}, {"path": "b.ome.zarr"}"#).is3D)
  }

  @Test func placesOfMatricesGiveTheSpacing() throws {
    let folder = try ViewsTestFolder()
    try folder.write("a.tif", TinyTIFF(planes: [[1, 2]], width: 2).bytes)
    let views = [0, 2.5, 5].map { z in
      #"{"name": "\#(z)", "path": "a.tif", "transforms": {"r": [[1, 0, 0, \#(z)], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]}}"#
    }
    let dataset = try load(folder, views.joined(separator: ", "))
    #expect(dataset.is3D && stack(dataset, 0).spacing[0] == 2.5)
  }

  @Test func aViewIsMadeAgainOfItsRecord() throws {
    let folder = try ViewsTestFolder()
    try write(folder, "a.tif", z: 0)
    try write(folder, "b.tif", z: 2)
    let view = try load(folder, #"{"path": "a.tif"}, {"path": "b.tif"}"#).views[1]
    let source = try view.openSource(level: 0)
    #expect(source.shape == TCZYX(z: 1, y: 1, x: 2))
    #expect(try view.firstVoxel(c: 0) == 1)
  }
}
