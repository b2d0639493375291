import Planning

/// Which task of how many this process is, from what a scheduler put into its environment.
package struct TaskIndex: Equatable, Sendable {
  /// From 0.
  package let index: Int
  package let count: Int

  /// - Parameters:
  ///   - task: as given on the command line, from 0; wins over the environment.
  ///   - tasks: as given on the command line. Where the array of the scheduler has another size, it is taken for a part of
  ///     one of so many tasks.
  package init(task: Int?, tasks: Int?, environment: [String: String]) throws {
    func number(_ name: String) -> Int? { environment[name].flatMap { Int($0) } }
    var (index, count): (Int?, Int?) = (nil, nil)
    // numbered from anywhere, in steps; a part of one is numbered as the whole, which begins at `base`
    func array(_ id: Int, base: Int, first: Int, last: Int?, step: Int, size: Int?) {
      let step = max(1, step)
      let whole = size ?? last.map { ($0 - first) / step + 1 }
      if let whole, tasks == nil || tasks == whole {
        (index, count) = ((id - first) / step, whole)
      } else {
        (index, count) = (id - base, tasks)
      }
    }
    if let id = number("SLURM_ARRAY_TASK_ID") {
      array(
        id, base: 0, first: number("SLURM_ARRAY_TASK_MIN") ?? 0, last: number("SLURM_ARRAY_TASK_MAX"),
        step: number("SLURM_ARRAY_TASK_STEP") ?? 1, size: number("SLURM_ARRAY_TASK_COUNT"))
    } else if let id = number("AWS_BATCH_JOB_ARRAY_INDEX") {
      (index, count) = (id, number("AWS_BATCH_JOB_ARRAY_SIZE"))
    } else if let id = number("JOB_COMPLETION_INDEX") {
      (index, count) = (id, nil)
    } else if let id = number("LSB_JOBINDEX"), id > 0 {
      array(
        id, base: 1, first: 1, last: number("LSB_JOBINDEX_END"), step: number("LSB_JOBINDEX_STEP") ?? 1, size: nil)
    } else if let id = number("SGE_TASK_ID") {
      array(
        id, base: 1, first: number("SGE_TASK_FIRST") ?? 1, last: number("SGE_TASK_LAST"),
        step: number("SGE_TASK_STEPSIZE") ?? 1, size: nil)
    }
    guard let index = task ?? index else {
      throw JobError.invalid(
        what: "--task is missing: which of the tasks is this?",
        hint: "count from 0, such as --task 3; a scheduler's array gives it by itself")
    }
    guard let count = tasks ?? count else {
      throw JobError.invalid(
        what: "--tasks is missing: how many tasks share the work?",
        hint: "give the same number to all of them, such as --tasks 8")
    }
    guard count > 0, (0..<count).contains(index) else {
      throw JobError.invalid(what: "there is no task \(index) of \(count)", hint: "tasks are numbered from 0")
    }
    (self.index, self.count) = (index, count)
  }
}
