import Foundation
import Geometry
import JSON
import Views
import Zarr

/// Datasets and images of other programs: BigStitcher's XML over N5, and TileConfiguration.txt over TIFF.
struct FormatArea: Area {
  static let name = "format"
  private let folder: String

  init(folder: String) { self.folder = folder }

  func run(_ random: inout SeededRandom) throws {
    let isN5 = random.once(in: 2)
    var files = isN5 ? Self.bigStitcher : Self.tileConfiguration
    // one file is changed; each must be read, and the first names the others
    let victim = random.pick(files.keys.sorted())
    if victim.hasSuffix(".json"), let json = try? JSONValue.parse(files[victim] ?? []) {
      files[victim] = Mutation.text(of: json, using: &random)
    } else {
      Mutation.change(&files[victim, default: []], using: &random)
    }
    for (name, bytes) in files { try write(bytes, to: folder + "/" + name) }
    let dataset = try Dataset.load(
      folder + (isN5 ? "/dataset.xml" : "/TileConfiguration.txt"), options: Dataset.LoadOptions(threads: 1))
    for view in dataset.views { try read(try view.openSource(level: 0)) }
  }

  private func read(_ source: any ImageSource) throws {
    guard source.chunkByteCount <= 64 << 20 else { return }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: source.chunkByteCount, alignment: 16)
    defer { buffer.deallocate() }
    let grid = source.chunkGrid
    for index in [0, grid.total - 1] {
      _ = try source.readChunk(grid.position(at: index), into: buffer, context: CodecContext())
    }
  }

  private static let bigStitcher: [String: [UInt8]] = {
    func setup(_ id: Int) -> String {
      """
      <ViewSetup><id>\(id)</id><size>6 4 3</size><voxelSize><unit>um</unit><size>0.5 0.5 1.0</size></voxelSize>
      <attributes><channel>0</channel><tile>\(id)</tile></attributes></ViewSetup>
      """
    }
    func registration(_ id: Int) -> String {
      """
      <ViewRegistration timepoint="0" setup="\(id)"><ViewTransform type="affine"><Name>n</Name>
      <affine>1 0 0 \(4 * id) 0 1 0 0.5 0 0 2 0</affine></ViewTransform></ViewRegistration>
      """
    }
    let xml = """
      <?xml version="1.0" encoding="UTF-8"?>
      <SpimData version="0.2"><BasePath type="relative">.</BasePath><SequenceDescription>
      <ImageLoader format="bdv.n5" version="1.0"><n5 type="relative">data.n5</n5></ImageLoader>
      <ViewSetups>\(setup(0))\(setup(1))<Attributes name="channel"><Channel><id>0</id><name>GFP</name></Channel></Attributes></ViewSetups>
      <Timepoints type="range"><first>0</first><last>0</last></Timepoints><MissingViews></MissingViews></SequenceDescription>
      <ViewRegistrations>\(registration(0))\(registration(1))</ViewRegistrations>
      <BoundingBoxes><BoundingBoxDefinition name="a"><min>0 0 0</min><max>3 3 2</max></BoundingBoxDefinition></BoundingBoxes>
      </SpimData>
      """
    // default mode, 3 axes, x y z, then big endian voxels
    let block: [UInt8] = [0, 0, 0, 3, 0, 0, 0, 6, 0, 0, 0, 4, 0, 0, 0, 3] + (0..<144).map { UInt8($0) }
    let attributes = #"{"dimensions": [6, 4, 3], "blockSize": [6, 4, 3], "dataType": "uint16", "compression": {"type": "raw"}}"#
    var files = ["dataset.xml": Array(xml.utf8)]
    for id in 0..<2 {
      files["data.n5/setup\(id)/timepoint0/s0/attributes.json"] = Array(attributes.utf8)
      files["data.n5/setup\(id)/timepoint0/s0/0/0/0"] = block
    }
    return files
  }()

  private static let tileConfiguration: [String: [UInt8]] = [
    "TileConfiguration.txt": Array("dim = 3\na.tif; ; (0.0, 0.0, 0.0)\nb.tif; ; (3.5, -2, 1)\n".utf8),
    "a.tif": tiff(description: "ImageJ=1.53t\nimages=2\nslices=2\nunit=\\u00B5m\nspacing=3\nxorigin=2\n"),
    "b.tif": tiff(
      description: """
        <?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0">\
        <Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="uint8" SizeX="3" SizeY="2" SizeZ="2" SizeC="1" SizeT="1" \
        PhysicalSizeX="0.5" PhysicalSizeY="0.5" PhysicalSizeZ="2"><TiffData IFD="0" PlaneCount="2"/></Pixels></Image></OME>
        """),
  ]

  /// Two planes of 2 x 3 voxels, uint8, one strip each, little endian.
  private static func tiff(description: String) -> [UInt8] {
    var bytes: [UInt8] = [0x49, 0x49, 42, 0, 0, 0, 0, 0]
    func number(_ value: Int, count: Int = 4) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
    var link = 4
    for plane in 0..<2 {
      let strip = bytes.count
      bytes += (1...6).map { UInt8(10 * plane + $0) }
      let text = bytes.count
      bytes += Array(description.utf8) + [0]
      if bytes.count % 2 == 1 { bytes.append(0) }
      let entries = [
        (256, 4, 1, 3), (257, 4, 1, 2), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1),
        (270, 2, description.utf8.count + 1, text), (273, 4, 1, strip), (277, 3, 1, 1), (278, 4, 1, 2), (279, 4, 1, 6),
      ]
      bytes.replaceSubrange(link..<link + 4, with: number(bytes.count))
      bytes += number(entries.count, count: 2)
      for (tag, type, count, value) in entries {
        bytes += number(tag, count: 2) + number(type, count: 2) + number(count) + number(value)
      }
      link = bytes.count
      bytes += number(0)
    }
    return bytes
  }
}
