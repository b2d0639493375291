/// A brick of a job, by its level and its number there.
struct BrickKey: Hashable, Sendable {
  let level: Int
  let brick: Int
}
