import Diagnostics
import Files
import Planning

extension JobError {
  /// Of work on the folder of an order. What may pass leaves all as it is.
  static func order(_ what: String, _ error: StorageError, hint: String) -> JobError {
    if error.isDiskFull { return .diskFull(path: error.path) }
    let why = error.isUnanswered ? error.description : error.systemNumber.map(systemWords) ?? error.description
    return error.isTransient ? .unanswered("\(what): \(why)") : .output("\(what): \(why)", hint: hint)
  }
}
