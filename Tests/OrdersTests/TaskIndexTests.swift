import Orders
import Planning
import Testing

@Suite struct TaskIndexTests {
  @Test(arguments: [
    (["SLURM_ARRAY_TASK_ID": "3", "SLURM_ARRAY_TASK_MIN": "0", "SLURM_ARRAY_TASK_MAX": "7"], 3, 8),
    (["SLURM_ARRAY_TASK_ID": "3", "SLURM_ARRAY_TASK_MIN": "1", "SLURM_ARRAY_TASK_MAX": "8"], 2, 8),
    (["SLURM_ARRAY_TASK_ID": "6", "SLURM_ARRAY_TASK_MIN": "2", "SLURM_ARRAY_TASK_MAX": "8", "SLURM_ARRAY_TASK_STEP": "2"], 2, 4),
    (["AWS_BATCH_JOB_ARRAY_INDEX": "0", "AWS_BATCH_JOB_ARRAY_SIZE": "5"], 0, 5),
    (["LSB_JOBINDEX": "1", "LSB_JOBINDEX_END": "5"], 0, 5),
    (["LSB_JOBINDEX": "100", "LSB_JOBINDEX_END": "100", "LSB_JOBINDEX_STEP": "1"], 99, 100),
    (["LSB_JOBINDEX": "5", "LSB_JOBINDEX_END": "10", "LSB_JOBINDEX_STEP": "2"], 2, 5),
    (["SGE_TASK_ID": "5", "SGE_TASK_FIRST": "1", "SGE_TASK_LAST": "5", "SGE_TASK_STEPSIZE": "1"], 4, 5),
  ])
  func fromTheEnvironment(environment: [String: String], index: Int, count: Int) throws {
    let found = try TaskIndex(task: nil, tasks: nil, environment: environment)
    #expect(found.index == index && found.count == count)
  }

  @Test func theCommandLineWins() throws {
    let slurm = ["SLURM_ARRAY_TASK_ID": "3", "SLURM_ARRAY_TASK_MIN": "3", "SLURM_ARRAY_TASK_MAX": "3"]
    // a part of an array of 8
    #expect(try TaskIndex(task: nil, tasks: 8, environment: slurm).index == 3)
    #expect(try TaskIndex(task: 1, tasks: 8, environment: slurm).index == 1)
    #expect(try TaskIndex(task: nil, tasks: 9, environment: ["JOB_COMPLETION_INDEX": "8"]).index == 8)
    // a part of an array is numbered as the whole, by schedulers that count from 1, too
    let part = ["SGE_TASK_ID": "7", "SGE_TASK_FIRST": "7", "SGE_TASK_LAST": "7", "SGE_TASK_STEPSIZE": "1"]
    #expect(try TaskIndex(task: nil, tasks: 100, environment: part).index == 6)
    #expect(try TaskIndex(task: nil, tasks: 100, environment: ["LSB_JOBINDEX": "7", "LSB_JOBINDEX_END": "7"]).index == 6)
    #expect(try TaskIndex(task: nil, tasks: 100, environment: ["LSB_JOBINDEX": "7", "LSB_JOBINDEX_END": "100"]).index == 6)
    #expect(throws: JobError.self) { try TaskIndex(task: nil, tasks: nil, environment: ["JOB_COMPLETION_INDEX": "8"]) }
    #expect(throws: JobError.self) { try TaskIndex(task: nil, tasks: 8, environment: ["SGE_TASK_ID": "undefined"]) }
    // no array
    #expect(throws: JobError.self) { try TaskIndex(task: nil, tasks: 8, environment: ["LSB_JOBINDEX": "0"]) }
    // without the count of Kubernetes or of an old LSF, all tasks would be thought to be one
    #expect(throws: JobError.self) { try TaskIndex(task: nil, tasks: nil, environment: ["LSB_JOBINDEX": "3"]) }
    #expect(throws: JobError.self) { try TaskIndex(task: 8, tasks: 8, environment: [:]) }
  }
}
