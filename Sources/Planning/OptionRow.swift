import Fusion
import Geometry
import JSON
import Zarr

/// A row of `OptionTable`: all that is known of one option, but for the type of its value.
///
/// `key` is the option's name in JSON, with dots where it stands in the map of another: `zarr_options.overwrite`. On the
/// command line it is the last part, with dashes: `--overwrite`.
package protocol AnyOptionRow: Sendable {
  var key: String { get }
  var help: OptionHelp { get }
  /// What stands for the value in the help; nil: the option's own name.
  var valueName: String? { get }
  /// How the value is written on the command line; nil: only within the map that the option stands in.
  var form: OptionForm? { get }
  /// What a shell offers for the value.
  var choices: OptionChoices { get }
  /// The value where the option is not given, as people write it; nil where there is none, or the help says it.
  var defaultText: String? { get }
  /// The option that puts this one out of force.
  var replacedBy: String? { get }
  /// The option that this is another name of.
  var otherNameOf: String? { get }
  /// The form in which a value is recorded.
  func canonical(_ value: JSONValue) -> JSONValue
  /// The value in a map of options; nil where it is not given.
  func value(in map: OptionMap) throws(JobError) -> (any Sendable)?
}

extension AnyOptionRow {
  /// The key within the map that the option stands in.
  package var name: String { String(key[(key.lastIndex(of: ".").map(key.index(after:)) ?? key.startIndex)...]) }
  /// The key of the map that the option stands in; empty for the options themselves.
  package var parent: String { key.lastIndex(of: ".").map { String(key[..<$0]) } ?? "" }
  /// The name on the command line, without the two dashes.
  package var flag: String { name.replacing("_", with: "-") }
}

/// An option with a value.
package struct OptionRow<Value: Sendable>: AnyOptionRow {
  package let key: String
  package let help: OptionHelp
  package let valueName: String?
  package let form: OptionForm?
  package let choices: OptionChoices
  package let defaultValue: Value
  package let defaultText: String?
  package let replacedBy: String?
  package let otherNameOf: String?
  private let makeCanonical: @Sendable (JSONValue) -> JSONValue
  private let read: @Sendable (OptionMap, String) throws(JobError) -> Value?

  /// - Parameters:
  ///   - defaultText: the default as people write it, where it is more than a word or a number.
  ///   - read: the value under a name in a map; nil where it is not given, and an error where it is wrong.
  init(
    _ key: String, default defaultValue: Value, _ defaultText: String? = nil, form: OptionForm?, value valueName: String? = nil,
    choices: OptionChoices = .any, replacedBy: String? = nil, otherNameOf: String? = nil, help: OptionHelp,
    canonical: @escaping @Sendable (JSONValue) -> JSONValue = { $0 },
    read: @escaping @Sendable (OptionMap, String) throws(JobError) -> Value?
  ) {
    (self.key, self.help, self.valueName, self.form, self.choices) = (key, help, valueName, form, choices)
    (self.replacedBy, self.otherNameOf, self.makeCanonical, self.read) = (replacedBy, otherNameOf, canonical, read)
    self.defaultValue = defaultValue
    self.defaultText = defaultText ?? Self.plainText(of: defaultValue)
  }

  package func canonical(_ value: JSONValue) -> JSONValue { makeCanonical(value) }

  package func value(in map: OptionMap) throws(JobError) -> (any Sendable)? { try read(map, name) }

  private static func plainText(of value: Value) -> String? {
    switch value {
    case let value as any RawRepresentable: "\(value.rawValue)"
    case is Bool, is Int, is String: "\(value)"
    default: nil
    }
  }
}

/// A map of further options: those whose keys begin with its own.
package struct OptionMapRow: AnyOptionRow {
  package let key: String
  package let help: OptionHelp
  package let form: OptionForm?
  package var valueName: String? { "map" }
  package var choices: OptionChoices { .any }
  package var defaultText: String? { nil }
  package var replacedBy: String? { nil }
  package var otherNameOf: String? { nil }

  init(_ key: String, form: OptionForm?, help: OptionHelp) { (self.key, self.form, self.help) = (key, form, help) }

  package func canonical(_ value: JSONValue) -> JSONValue { value }

  /// Its options are read one by one.
  package func value(in map: OptionMap) throws(JobError) -> (any Sendable)? { nil }
}

/// A sentence about an option, which may name the functions that the program has.
package struct OptionHelp: Sendable, ExpressibleByStringInterpolation {
  package let text: @Sendable (FusionRegistry) -> String

  package init(stringLiteral text: String) { self.text = { _ in text } }
  init(_ text: @escaping @Sendable (FusionRegistry) -> String) { self.text = text }
}

/// What a shell offers for an option's value.
package enum OptionChoices: Sendable {
  case any
  case words([String])
  case fusionFunctions
  case weightsFunctions

  static func names<Name: CaseIterable & RawRepresentable>(_: Name.Type) -> OptionChoices where Name.RawValue == String {
    .words(Name.allCases.map(\.rawValue))
  }

  package func words(_ registry: FusionRegistry) -> [String] {
    switch self {
    case .any: []
    case .words(let words): words
    case .fusionFunctions: registry.fusionNames
    case .weightsFunctions: ["null"] + registry.weightsNames
    }
  }
}
