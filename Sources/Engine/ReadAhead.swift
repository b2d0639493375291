import Fusion
import Geometry
import JobStore
import Planning
import Views

/// What a worker does while another decodes a chunk that both need: it decodes one that the next blocks will need.
///
/// For one thread, that of its reader. Errors are left to those who need the chunk.
final class ReadAhead {
  /// The voxels of a chunk that will be made soon.
  struct Place {
    let box: Box3
    let t: Int
    let c: Int
  }

  private let level: FusedLevel
  private let reader: RegionReader
  private let upcoming: () -> [Place]

  init(level: FusedLevel, reader: RegionReader, upcoming: @escaping () -> [Place]) {
    (self.level, self.reader, self.upcoming) = (level, reader, upcoming)
  }

  /// Decodes one chunk of a view. False where there is none to decode.
  func step() -> Bool {
    for place in upcoming() {
      let box = place.box.intersection(Box3(shape: level.plan.levels[0].shape.zyx))
      if box.isEmpty { continue }
      for view in level.views(touching: box, t: place.t, c: place.c) {
        do {
          if try fetchOne(of: view, for: box, place) { return true }
        } catch {
          return false
        }
      }
    }
    return false
  }

  private func fetchOne(of view: PlacedView, for box: Box3, _ place: Place) throws(ViewsError) -> Bool {
    let details = level.planned(view.id).details
    guard let t = details.times[place.t], let c = details.channels[place.c] else { return false }
    let image = try level.image(view)
    let source = image.source
    let input = level.inputBox(of: view, for: box)
    if input.isEmpty { return false }
    let chunks = BlockGrid(shape: source.shape, block: source.chunk).blocks(meeting: input)
    for chunk in chunks.positions {
      if try reader.fetch(image, TCZYX(t: t / source.chunk.t, c: c / source.chunk.c, zyx: chunk)) { return true }
    }
    return false
  }
}
