import Files
import TestSupport
import Testing

/// What control groups say, read from folders of files that stand for those of a system.
@Suite struct ControlGroupsTests {
  /// Version 1, a hierarchy for each controller, as without a container.
  private let firstVersion = [
    "proc/self/cgroup": "9:name=systemd:/\n4:memory:/slurm/job_7\n2:cpu,cpuacct:/slurm/job_7\n0::/\n",
    "proc/self/mountinfo": """
    31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
    32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
    35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
    """,
  ]
  private let cpu = "sys/fs/cgroup/cpu,cpuacct", memory = "sys/fs/cgroup/memory"
  /// What version 1 writes where there is no limit.
  private let none = "9223372036854771712\n"

  private func groups(_ files: [String: String], _ more: [String: String], _ body: (ControlGroups) -> Void) throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    for (name, text) in files.merging(more, uniquingKeysWith: { $1 }) { try folder.write(text, to: name) }
    body(ControlGroups(root: folder.path))
  }

  @Test func noLimitIsNone() throws {
    try groups([:], [:]) { #expect($0.processors == nil && $0.memory == nil) }
    try groups(firstVersion, [:]) { #expect($0.processors == nil && $0.memory == nil) }
    try groups(
      firstVersion,
      [
        "\(cpu)/slurm/job_7/cpu.cfs_quota_us": "-1\n", "\(cpu)/slurm/job_7/cpu.cfs_period_us": "100000\n",
        "\(memory)/slurm/job_7/memory.limit_in_bytes": none, "\(memory)/memory.limit_in_bytes": none,
      ]
    ) { #expect($0.processors == nil && $0.memory == nil) }
    try groups(unified("/a"), ["sys/fs/cgroup/a/cpu.max": "max 100000\n", "sys/fs/cgroup/a/memory.max": "max\n"]) {
      #expect($0.processors == nil && $0.memory == nil)
    }
  }

  /// A part of a processor counts as one.
  @Test(arguments: [(400_000, 4), (150_000, 2), (20_000, 1)]) func theQuotaOfVersion1(quota: Int, expected: Int) throws {
    let files = ["\(cpu)/slurm/job_7/cpu.cfs_quota_us": "\(quota)\n", "\(cpu)/slurm/job_7/cpu.cfs_period_us": "100000\n"]
    try groups(firstVersion, files) {
      #expect($0.processors?.value == expected)
      #expect($0.processors?.source.contains("/sys/fs/cgroup/cpu,cpuacct/slurm/job_7/cpu.cfs_quota_us") == true)
    }
  }

  /// The groups above bind those below.
  @Test func theLeastOfAllAboveCounts() throws {
    let job = "\(memory)/slurm/job_7/memory.limit_in_bytes"
    try groups(firstVersion, [job: "8000\n", "\(memory)/slurm/memory.limit_in_bytes": "5000\n", "\(memory)/memory.limit_in_bytes": none]) {
      #expect($0.memory?.value == 5000)
      #expect($0.memory?.source.contains("(/sys/fs/cgroup/memory/slurm/memory.limit_in_bytes)") == true)
    }
    try groups(firstVersion, [job: "3000\n", "\(memory)/slurm/memory.limit_in_bytes": "5000\n"]) { #expect($0.memory?.value == 3000) }
    let quotas = [
      "\(cpu)/slurm/cpu.cfs_quota_us": "50000\n", "\(cpu)/slurm/cpu.cfs_period_us": "25000\n",
      "\(cpu)/slurm/job_7/cpu.cfs_quota_us": "300000\n", "\(cpu)/slurm/job_7/cpu.cfs_period_us": "100000\n",
    ]
    try groups(firstVersion, quotas) { #expect($0.processors?.value == 2) }
  }

  private func unified(_ group: String, root: String = "/") -> [String: String] {
    ["proc/self/cgroup": "0::\(group)\n", "proc/self/mountinfo": "25 20 0:22 \(root) /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate\n"]
  }

  @Test func version2() throws {
    let files = [
      "sys/fs/cgroup/user.slice/cpu.max": "max 100000\n", "sys/fs/cgroup/user.slice/app/cpu.max": "250000 100000\n",
      "sys/fs/cgroup/user.slice/memory.max": "900000\n", "sys/fs/cgroup/user.slice/app/memory.max": "max\n",
      "sys/fs/cgroup/user.slice/app/memory.high": "700000\n",
    ]
    try groups(unified("/user.slice/app"), files) {
      #expect($0.processors?.value == 3)
      #expect($0.processors?.source.contains("/sys/fs/cgroup/user.slice/app/cpu.max") == true)
      // above it the system slows a group down so much that it is no more use
      #expect($0.memory?.value == 700_000)
      #expect($0.memory?.source.contains("memory.high") == true)
    }
  }

  /// A container sees its own group as the root, or the group's name outside with only the group mounted.
  @Test(arguments: [("/", "/"), ("/docker/4f", "/docker/4f"), ("/../other", "/"), ("/docker/4f", "/system.slice")])
  func inAContainer(group: String, root: String) throws {
    let limits = ["sys/fs/cgroup/cpu.max": "100000 100000\n", "sys/fs/cgroup/memory.max": "268435456\n"]
    try groups(unified(group, root: root), limits) {
      #expect($0.processors?.value == 1)
      #expect($0.memory?.value == 268_435_456)
    }
    let docker = [
      "proc/self/cgroup": "4:memory:\(group)\n",
      "proc/self/mountinfo": "35 31 0:32 \(root) /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n",
    ]
    try groups(docker, ["\(memory)/memory.limit_in_bytes": "268435456\n"]) { #expect($0.memory?.value == 268_435_456) }
  }

  /// Whatever the files hold: an answer or none.
  @Test(arguments: ["", "\n", "max", "-1", "0 0", "1 0", "x y", "99999999999999999999 1", "nan 100000", "inf 1"])
  func nonsenseIsNoLimit(text: String) throws {
    try groups(unified("/a"), ["sys/fs/cgroup/a/cpu.max": text, "sys/fs/cgroup/a/memory.max": text]) {
      #expect(($0.processors?.value ?? 1) >= 1)
      #expect(($0.memory?.value ?? 1) >= 1)
    }
  }
}
