import Diagnostics
import Geometry

/// What can go wrong while a block is fused, a case a cause.
public enum FusionError: Failure, Equatable {
  case unknownFunction(kind: String, name: String, known: [String])
  case unknownArgument(function: String, name: String, known: [String])
  case invalidArgument(function: String, name: String, why: String)
  case invalidOption(name: String, why: String)
  case nameTaken(kind: String, name: String)
  case tooLarge(what: String, byteCount: Int?)
  case unexpectedElementType(view: Int, type: ElementType)
  case wrongBufferSize(what: String, expected: Int, actual: Int)
  case outsideOutput(box: Box3, volume: Box3)
  case unsortedViews(first: Int, second: Int)

  /// Stable; recorded with failed blocks.
  public var code: FailureCode {
    switch self {
    case .unknownFunction: .functionUnknown
    case .unknownArgument: .argumentUnknown
    case .invalidArgument: .argumentInvalid
    case .invalidOption: .optionInvalid
    case .nameTaken: .nameTaken
    case .tooLarge: .blockTooLarge
    case .unexpectedElementType: .typeUnexpected
    case .wrongBufferSize: .bufferSize
    case .outsideOutput: .boxOutsideOutput
    case .unsortedViews: .viewsUnsorted
    }
  }

  public var description: String {
    switch self {
    case .unknownFunction(let kind, let name, _): "there is no \(kind) function \"\(name)\""
    case .unknownArgument(let function, let name, _): "\(function) takes no argument \"\(name)\""
    case .invalidArgument(let function, let name, let why): "argument \"\(name)\" of \(function): \(why)"
    case .invalidOption(let name, let why): "option \"\(name)\": \(why)"
    case .nameTaken(let kind, let name): "a \(kind) function \"\(name)\" is registered already"
    case .tooLarge(let what, let byteCount):
      "\(what) would need \(byteCount.map { "\($0) bytes" } ?? "more bytes than can be counted")"
    case .unexpectedElementType(let view, let type):
      "view \(view) has voxels of type \(type.rawValue), which the recipe does not name"
    case .wrongBufferSize(let what, let expected, let actual):
      "\(what) has \(actual) bytes, but \(expected) are needed"
    case .outsideOutput(let box, let volume):
      "the block \(box.lower)..<\(box.upper) reaches beyond the output \(volume.lower)..<\(volume.upper)"
    case .unsortedViews(let first, let second):
      "view \(second) follows view \(first), but views come in ascending order"
    }
  }

  /// What to do next.
  public var hint: String {
    switch self {
    case .unknownFunction(_, let name, let known):
      known.isEmpty ? "register the function before the job is submitted" : nameHint(name, among: known)
    case .unknownArgument(let function, let name, let known):
      known.isEmpty ? "leave it out: \(function) takes no arguments" : nameHint(name, among: known)
    case .invalidArgument, .invalidOption: "correct the value"
    case .nameTaken: "choose another name"
    case .tooLarge: "use a smaller output_chunksize"
    case .unexpectedElementType: "submit the job again; the input changed its type"
    case .wrongBufferSize, .outsideOutput, .unsortedViews: "this is an error of the program; please report it"
    }
  }

  public var exitStatus: ExitStatus { .usage }
}
