import Foundation
import Geometry
import JSON

/// The value of the option `pyramid`: which levels an output has above level 0.
package enum PyramidOption: Sendable, Equatable {
  case reference
  case isotropic
  /// The voxels of level 0 that a voxel of each level stands for; an axis that is not named has 1.
  case factors([[Axis: Int]])

  /// The words of the option, apart from factors.
  static let words = ["reference", "isotropic"]
  static let expected =
    "reference, isotropic, or the factors of each level in the order z,y,x, such as 1,2,2;2,4,4 (in 2D y,x)"

  /// - Parameter value: a word; factors as text, `1,2,2;2,4,4` or `y=2,x=2;z=2,y=4,x=4`; or a list of lists or maps of numbers.
  init?(_ value: JSONValue) {
    if let text = value.string {
      switch text {
      case "reference": self = .reference
      case "isotropic": self = .isotropic
      default:
        self.init(levels: text.split(separator: ";", omittingEmptySubsequences: false).map { Self.level(String($0)) })
      }
    } else {
      self.init(levels: value.array?.map { Self.level($0) } ?? [])
    }
  }

  private init?(levels: [[Axis: Int]?]) {
    let known = levels.compactMap { $0 }
    guard !known.isEmpty, known.count == levels.count else { return nil }
    self = .factors(known)
  }

  private static func level(_ text: String) -> [Axis: Int]? {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false).map { $0.trimmingCharacters(in: .whitespaces) }
    if !text.contains("=") { return level(numbers: parts.map { Int($0) }) }
    var level: [Axis: Int] = [:]
    for part in parts {
      let pair = part.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
      guard pair.count == 2, let axis = Axis(rawValue: pair[0]), let factor = factor(Int(pair[1])),
        level.updateValue(factor, forKey: axis) == nil
      else { return nil }
    }
    return checked(level)
  }

  private static func level(_ value: JSONValue) -> [Axis: Int]? {
    if let numbers = value.array { return level(numbers: numbers.map(\.wholeNumber)) }
    guard let map = value.object else { return nil }
    var level: [Axis: Int] = [:]
    for (name, value) in map {
      guard let axis = Axis(rawValue: name), let factor = factor(value.wholeNumber) else { return nil }
      level[axis] = factor
    }
    return checked(level)
  }

  private static func level(numbers: [Int?]) -> [Axis: Int]? {
    guard numbers.count == 2 || numbers.count == 3 else { return nil }
    var level: [Axis: Int] = [:]
    for (axis, number) in zip(Axis.space.suffix(numbers.count), numbers) {
      guard let factor = factor(number) else { return nil }
      level[axis] = factor
    }
    return level
  }

  private static func checked(_ level: [Axis: Int]) -> [Axis: Int]? {
    level.keys.allSatisfy { $0.spaceLane != nil } ? level : nil
  }

  private static func factor(_ number: Int?) -> Int? { number.flatMap { (1...(1 << 20)).contains($0) ? $0 : nil } }
}
