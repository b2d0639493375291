import Diagnostics
import Geometry

/// The fusion, weights and batch functions that options can name. A value: users copy the built-in one and add theirs.
public struct FusionRegistry: Sendable {
  private var fusionTypes: [String: any FusionFunction.Type] = [:]
  private var weightsTypes: [String: any WeightsFunction.Type] = [:]
  private var batchTypes: [String: any BatchFunction.Type] = [:]
  /// The built-in ones first, the default before all.
  public private(set) var fusionNamesAsRegistered: [String] = []

  /// The built-in functions, in the order in which the help lists them. A new one is a line here.
  private static let builtinFusions: [any FusionFunction.Type] = [
    WeightedAverageFusion.self, SimpleAverageFusion.self, MaxFusion.self, MinFusion.self, MedianFusion.self, FirstViewWins.self,
    LastViewWins.self, ClosestViewWins.self,
  ]
  private static let builtinWeights: [any WeightsFunction.Type] = [ContentBasedWeights.self, ContentBasedDCTWeights.self]

  /// The built-in functions alone.
  public static let builtin: FusionRegistry = {
    var registry = FusionRegistry()
    for type in builtinFusions {
      registry.fusionTypes[type.name] = type
      registry.fusionNamesAsRegistered.append(type.name)
    }
    for type in builtinWeights { registry.weightsTypes[type.name] = type }
    return registry
  }()

  private init() {}

  public mutating func register<F: FusionFunction>(_ type: F.Type) throws(FusionError) {
    guard fusionTypes[F.name] == nil else { throw .nameTaken(kind: "fusion", name: F.name) }
    fusionTypes[F.name] = type
    fusionNamesAsRegistered.append(F.name)
  }

  public mutating func register<W: WeightsFunction>(_ type: W.Type) throws(FusionError) {
    guard weightsTypes[W.name] == nil else { throw .nameTaken(kind: "weights", name: W.name) }
    weightsTypes[W.name] = type
  }

  public mutating func register<B: BatchFunction>(_ type: B.Type) throws(FusionError) {
    guard batchTypes[B.name] == nil else { throw .nameTaken(kind: "batch", name: B.name) }
    batchTypes[B.name] = type
  }

  public var fusionNames: [String] { fusionTypes.keys.sorted() }
  public var weightsNames: [String] { weightsTypes.keys.sorted() }
  public var batchNames: [String] { batchTypes.keys.sorted() }

  public func fusionFunction(
    named name: String, arguments: FunctionArguments = .none
  ) throws(FusionError) -> any FusionFunction {
    guard let type = fusionTypes[name] else {
      throw .unknownFunction(kind: "fusion", name: name, known: fusionNames)
    }
    return try type.init(arguments: arguments)
  }

  public func weightsFunction(
    named name: String, arguments: FunctionArguments = .none
  ) throws(FusionError) -> any WeightsFunction {
    guard let type = weightsTypes[name] else {
      throw .unknownFunction(kind: "weights", name: name, known: weightsNames)
    }
    return try type.init(arguments: arguments)
  }

  public func batchFunction(
    named name: String, arguments: FunctionArguments = .none
  ) throws(FusionError) -> any BatchFunction {
    guard let type = batchTypes[name] else {
      throw .unknownFunction(kind: "batch", name: name, known: batchNames)
    }
    return try type.init(arguments: arguments)
  }
}
