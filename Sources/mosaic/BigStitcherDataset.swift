import Geometry

/// The XML that BigStitcher keeps beside images in OME-Zarr (`bdv.multimg.zarr` 3.0), its world in units of the smallest voxel size.
///
/// Each view has two transforms, as after a registration: the calibration, which is applied first, and the registered one.
struct BigStitcherDataset {
  /// Where the images are, relative to the XML.
  var images: String
  var tiles: [Tile]

  var xml: String {
    let angles = Set(tiles.map(\.angle)).sorted()
    let groups = tiles.indices.map { "      <zgroup setup=\"\($0)\" tp=\"0\" path=\"\(tiles[$0].name).ome.zarr\" indicies=\"0 0\"/>\n" }
    let setups = tiles.enumerated().map { setup, tile in
      """
            <ViewSetup><id>\(setup)</id><name>\(tile.name)</name><size>\(list([2, 1, 0].map { Double(tile.shape[$0]) }, whole: true))</size>
              <voxelSize><unit>µm</unit><size>\(list([2, 1, 0].map { tile.spacing[$0] }))</size></voxelSize>
              <attributes><illumination>0</illumination><channel>0</channel><tile>\(setup)</tile><angle>\(angles.firstIndex(of: tile.angle) ?? 0)</angle></attributes>
            </ViewSetup>

      """
    }
    let registrations = tiles.enumerated().map { setup, tile in
      """
          <ViewRegistration timepoint="0" setup="\(setup)">
            <ViewTransform type="affine"><Name>registered</Name><affine>\(registered(tile))</affine></ViewTransform>
            <ViewTransform type="affine"><Name>calibration</Name><affine>\(calibration(tile))</affine></ViewTransform>
          </ViewRegistration>

      """
    }
    let names = angles.enumerated().map { "        <Angle><id>\($0)</id><name>\($1)</name></Angle>\n" }
    return """
      <?xml version="1.0" encoding="UTF-8"?>
      <SpimData version="0.2">
        <BasePath type="relative">.</BasePath>
        <SequenceDescription>
          <ImageLoader format="bdv.multimg.zarr" version="3.0"><zarr type="relative">\(images)</zarr><zgroups>
      \(groups.joined())    </zgroups></ImageLoader>
          <ViewSetups>
      \(setups.joined())      <Attributes name="channel"><Channel><id>0</id><name>tissue</name></Channel></Attributes>
            <Attributes name="angle">
      \(names.joined())      </Attributes>
          </ViewSetups>
          <Timepoints type="pattern"><integerpattern>0</integerpattern></Timepoints>
          <MissingViews/>
        </SequenceDescription>
        <ViewRegistrations>
      \(registrations.joined())  </ViewRegistrations>
      </SpimData>

      """
  }

  /// Micrometres of one unit of the world.
  private func unit(_ tile: Tile) -> Double { tile.spacing.min() }

  /// Pixels to units.
  private func calibration(_ tile: Tile) -> String {
    let s = tile.spacing / unit(tile)
    return list([s[2], 0, 0, 0, 0, s[1], 0, 0, 0, 0, s[0], 0])
  }

  /// Units to units: the tile's affine, its rows and columns in the order x, y, z.
  private func registered(_ tile: Tile) -> String {
    let matrix = tile.affine.homogeneous
    return list([2, 1, 0].flatMap { row in [2, 1, 0].map { matrix[row][$0] } + [matrix[row][3] / unit(tile)] })
  }

  private func list(_ numbers: [Double], whole: Bool = false) -> String {
    numbers.map { whole ? "\(Int($0))" : "\($0)" }.joined(separator: " ")
  }
}
