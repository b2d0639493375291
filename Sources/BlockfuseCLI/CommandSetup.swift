import Fusion
import Synchronization

/// What commands need that does not come from the command line.
enum CommandSetup {
  private static let stored = Mutex(FusionRegistry.builtin)

  static var registry: FusionRegistry { stored.withLock { $0 } }
  static func set(_ registry: FusionRegistry) { stored.withLock { $0 = registry } }
}
