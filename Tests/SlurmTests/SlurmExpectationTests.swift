import Slurm
import Testing

/// The number of tasks that fits what a job costs.
@Suite struct SlurmExpectationTests {
  @Test(
    arguments: [
      // 120 core hours: an hour for each task
      (432_000.0, 1, nil, 100_000, 120), (432_000, 8, nil, 100_000, 15),
      // half of a short limit; no task of seconds; never more than there are shares, nor more than a thousand
      (432_000, 8, 1800, 100_000, 60), (30, 1, 60, 100_000, 1), (432_000, 1, nil, 7, 7), (1e9, 1, nil, 1 << 40, 1000), (0, 1, nil, 5, 1),
    ] as [(Double, Int, Int?, Int, Int)])
  func tasks(coreSeconds: Double, cpus: Int, limit: Int?, blocks: Int, expected: Int) {
    #expect(SlurmExpectation.tasks(coreSeconds: coreSeconds, cpus: cpus, limit: limit, blocks: blocks) == expected)
  }
}
