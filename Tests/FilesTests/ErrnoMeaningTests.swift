import Diagnostics
import Files
import Foundation
import Testing

@Suite struct ErrnoMeaningTests {
  @Test func whatNetworkFileSystemsSayPasses() {
    var numbers = [
      ESHUTDOWN, ENOTCONN, EHOSTUNREACH, EHOSTDOWN, ENETDOWN, ENETUNREACH, EPROTO, ECONNRESET, ETIMEDOUT, ESTALE, ECONNABORTED, ENOLINK,
    ]
    #if !canImport(Darwin)
      numbers.append(EREMOTEIO)
    #endif
    for number in numbers {
      let meaning = ErrnoMeaning(number)
      #expect(meaning.isUnanswered && meaning.isTransient && !meaning.isMissing && !meaning.isDiskFull, "\(number)")
      let error = StorageError.io(step: .open, path: "/data/a", errno: number)
      #expect(error.description.hasPrefix("the file system of /data/a does not answer: cannot open: "), "\(error)")
      #expect(error.hint.contains("mount"))
    }
  }

  @Test func whatIsTheFilesOwnIsNotTheFileSystems() {
    for number in [EIO, EAGAIN, EMFILE, EINTR] {
      #expect(ErrnoMeaning(number).isTransient && !ErrnoMeaning(number).isUnanswered, "\(number)")
    }
    for number in [ENOENT, ENOTDIR, EACCES, EPERM, EROFS, ENOSPC, EISDIR] {
      #expect(!ErrnoMeaning(number).isTransient && !ErrnoMeaning(number).isUnanswered, "\(number)")
    }
  }
}
