import Files
import TestSupport
import Testing

@Suite struct ProcessLimitsTests {
  private let gibibyte = 1 << 30

  private func limits(
    _ environment: [String: String] = [:], allowed: Int? = nil, addressSpace: Int? = nil, groups files: [String: String] = [:]
  ) throws -> ProcessLimits {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    for (name, text) in files { try folder.write(text, to: name) }
    return ProcessLimits(
      groups: ControlGroups(root: folder.path), environment: environment,
      system: ProcessLimits.System(
        processors: 16, allowedProcessors: allowed, memoryByteCount: 64 * gibibyte, addressSpace: addressSpace))
  }

  private let group = [
    "proc/self/cgroup": "0::/\n", "proc/self/mountinfo": "25 20 0:22 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
    "sys/fs/cgroup/cpu.max": "600000 100000\n", "sys/fs/cgroup/memory.max": "\(4 << 30)\n",
  ]

  @Test func theMachineWhereNothingElseIsSaid() throws {
    let limits = try limits(allowed: 16)
    #expect(limits.processors == ProcessLimits.Limit(value: 16, source: "the processors of this machine"))
    #expect(limits.memory == ProcessLimits.Limit(value: 64 * gibibyte, source: "the memory of this machine"))
    #expect(!limits.isMemoryGranted && limits.addressSpace == nil)
  }

  @Test func theLeastCounts() throws {
    #expect(try limits(allowed: 3).processors.value == 3)
    #expect(try limits(allowed: 3).processors.source.contains("taskset"))
    #expect(try limits(allowed: 8, groups: group).processors.value == 6)
    #expect(try limits(["SLURM_CPUS_PER_TASK": "2"], allowed: 8, groups: group).processors.value == 2)
    #expect(try limits(["SLURM_CPUS_PER_TASK": "32"], allowed: 8, groups: group).processors.value == 6)
    #expect(try limits(groups: group).memory.value == 4 * gibibyte)
    #expect(try limits(addressSpace: gibibyte, groups: group).memory.value == gibibyte)
    #expect(try limits(addressSpace: gibibyte).memory.source.contains("ulimit -v"))
  }

  /// A task has the CPUs of a task, not those of the node.
  @Test func processorsOfSlurm() throws {
    #expect(try limits(["SLURM_CPUS_PER_TASK": "4", "SLURM_CPUS_ON_NODE": "12"]).processors.value == 4)
    #expect(try limits(["SLURM_CPUS_ON_NODE": "12"]).processors.source == "Slurm (SLURM_CPUS_ON_NODE)")
    for nonsense in ["", "0", "-3", "4(x2)", "99999999999999999999"] {
      #expect(try limits(["SLURM_CPUS_PER_TASK": nonsense]).processors.value == 16)
    }
  }

  @Test func memoryOfSlurm() throws {
    let node = try limits(["SLURM_MEM_PER_NODE": "3000"])
    #expect(node.memory.value == 3000 << 20 && node.isMemoryGranted)
    let each = try limits(["SLURM_MEM_PER_CPU": "1000", "SLURM_CPUS_ON_NODE": "5"])
    #expect(each.memory.value == 5000 << 20 && each.isMemoryGranted)
    #expect(each.memory.source.contains("SLURM_MEM_PER_CPU x 5"))
    #expect(try limits(["SLURM_MEM_PER_CPU": "1000", "SLURM_CPUS_PER_TASK": "2"]).memory.value == 2000 << 20)
    // all of the node
    #expect(try !limits(["SLURM_MEM_PER_NODE": "0"]).isMemoryGranted)
    #expect(try limits(["SLURM_MEM_PER_NODE": "8000"], groups: group).memory.value == 4 * gibibyte)
  }

  @Test func thisProcess() {
    #expect(ProcessLimits.current.processors.value >= 1)
    #expect(ProcessLimits.current.memory.value > 64 << 20)
  }
}
