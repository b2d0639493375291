import CSystem
import Foundation

/// How many processors and how much memory this process may use, and who says so: the system, a control group (a container),
/// or the batch system that started it. Of several that say something, the least counts.
package struct ProcessLimits: Sendable {
  package struct Limit: Sendable, Equatable {
    package let value: Int
    /// A phrase for people that stands after "from".
    package let source: String

    package init(value: Int, source: String) { (self.value, self.source) = (value, source) }
  }

  package let processors: Limit
  /// In bytes.
  package let memory: Limit
  /// Whether a batch system set memory aside for this very job.
  package let isMemoryGranted: Bool
  /// In bytes: how much of its addresses a process may use (`ulimit -v`), be there memory behind them or not. Nil: all.
  package let addressSpace: Int?

  /// Those of this process, as they were when they were asked for first.
  package static let current = ProcessLimits(groups: ControlGroups(), environment: ProcessInfo.processInfo.environment, system: .current)

  /// What the system itself says.
  package struct System: Sendable {
    package var processors: Int
    /// Those that the process may run on; nil where the system does not tell.
    package var allowedProcessors: Int?
    package var memoryByteCount: Int
    package var addressSpace: Int?

    package init(processors: Int, allowedProcessors: Int?, memoryByteCount: Int, addressSpace: Int?) {
      (self.processors, self.allowedProcessors) = (processors, allowedProcessors)
      (self.memoryByteCount, self.addressSpace) = (memoryByteCount, addressSpace)
    }

    package static var current: System {
      let allowed = Int(csystem_allowed_processors())
      let space = csystem_address_space()
      let info = ProcessInfo.processInfo
      return System(
        processors: info.processorCount, allowedProcessors: allowed > 0 ? allowed : nil,
        memoryByteCount: Int(clamping: info.physicalMemory), addressSpace: space > 0 ? Int(clamping: space) : nil)
    }
  }

  package init(groups: ControlGroups, environment: [String: String], system: System) {
    func number(_ name: String) -> Int? { environment[name].flatMap { Int($0) }.flatMap { $0 > 0 && $0 < 1 << 40 ? $0 : nil } }
    var processors = [Limit(value: max(1, system.processors), source: "the processors of this machine")]
    if let allowed = system.allowedProcessors, allowed < system.processors {
      processors.append(Limit(value: allowed, source: "the processors that the process may run on (as set by taskset, or a cpuset)"))
    }
    if let quota = groups.processors { processors.append(quota) }
    // several tasks may share a node
    let slurm = ["SLURM_CPUS_PER_TASK", "SLURM_CPUS_ON_NODE"].compactMap { name in
      number(name).map { Limit(value: $0, source: "Slurm (\(name))") }
    }.first
    if let slurm { processors.append(slurm) }
    self.processors = Self.least(processors)

    var memory = [Limit(value: system.memoryByteCount, source: "the memory of this machine")]
    if let group = groups.memory { memory.append(group) }
    addressSpace = system.addressSpace
    if let space = system.addressSpace { memory.append(Limit(value: space, source: "the limit of the address space (`ulimit -v`)")) }
    let mebibyte = 1 << 20
    if let perNode = number("SLURM_MEM_PER_NODE") {
      memory.append(Limit(value: perNode * mebibyte, source: "Slurm (SLURM_MEM_PER_NODE)"))
      isMemoryGranted = true
    } else if let perProcessor = number("SLURM_MEM_PER_CPU"), let count = number("SLURM_CPUS_ON_NODE") ?? slurm?.value,
      count < 1 << 20, perProcessor < 1 << 20
    {
      memory.append(Limit(value: perProcessor * count * mebibyte, source: "Slurm (SLURM_MEM_PER_CPU x \(count))"))
      isMemoryGranted = true
    } else {
      isMemoryGranted = false
    }
    self.memory = Self.least(memory)
  }

  /// The first of those that are least.
  private static func least(_ limits: [Limit]) -> Limit {
    limits.dropFirst().reduce(limits[0]) { $1.value < $0.value ? $1 : $0 }
  }
}
