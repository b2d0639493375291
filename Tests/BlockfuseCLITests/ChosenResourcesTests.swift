import BlockfuseCLI
import Files
import Testing

@Suite struct ChosenResourcesTests {
  private func chosen(
    _ environment: [String: String] = [:], workers: Int? = nil, memory: Int? = nil, machine: Int = 64 << 30, addressSpace: Int? = nil
  ) -> ChosenResources {
    let system = ProcessLimits.System(processors: 8, allowedProcessors: 8, memoryByteCount: machine, addressSpace: addressSpace)
    // a folder that is not there: no control groups
    let limits = ProcessLimits(groups: ControlGroups(root: "/dev/null"), environment: environment, system: system)
    return ChosenResources(workers: workers, memoryByteCount: memory, limits: limits)
  }

  @Test func defaults() {
    #expect(chosen().workers == 8 && chosen().workersSource == "the processors of this machine")
    #expect(chosen().memoryByteCount == 2 << 30 && chosen().memorySource == "the default" && chosen().notes == [])
    let small = chosen(machine: 256 << 20)
    #expect((153 << 20...154 << 20).contains(small.memoryByteCount))
    #expect(small.memorySource == "60 % of 256.0 MiB, which is the memory of this machine")
    // nothing is set aside for the job there
    #expect(chosen(machine: 3 << 30).memoryByteCount < 2 << 30)
    #expect(chosen(machine: 4 << 30).memoryByteCount == 2 << 30)
  }

  @Test func whatIsGivenCounts() {
    let given = chosen(["SLURM_CPUS_PER_TASK": "2"], workers: 30, memory: 5 << 30)
    #expect(given.workers == 30 && given.workersSource == "--workers")
    #expect(given.memoryByteCount == 5 << 30 && given.memorySource == "--memory" && given.notes == [])
    let tooMuch = chosen(memory: 5 << 30, machine: 4 << 30)
    #expect(tooMuch.memoryByteCount == 5 << 30)
    #expect(tooMuch.notes.count == 1 && tooMuch.notes[0].contains("more than 4.00 GiB, which is the memory of this machine"))
  }

  /// What Slurm set aside is used, and not only 2 GiB of it.
  @Test func memoryOfSlurm() {
    let task = chosen(["SLURM_MEM_PER_NODE": "20000", "SLURM_CPUS_PER_TASK": "4"])
    #expect(task.workers == 4)
    #expect(task.memoryByteCount / (1 << 20) == 12_000)
    #expect(task.memorySource.contains("SLURM_MEM_PER_NODE"))
  }

  @Test func aLimitOfTheAddressSpaceIsSaid() {
    let bound = chosen(addressSpace: 1 << 30)
    #expect(bound.memoryByteCount < 700 << 20)
    #expect(bound.notes.count == 1 && bound.notes[0].contains("ulimit -v"))
  }
}
