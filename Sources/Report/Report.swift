import Diagnostics
import Foundation
import Geometry
import JobStore
import Jobs
import Output
import Planning
import Projections

/// A job on one page: as a file that needs nothing else, or as what a server shows and keeps up to date.
package struct Report: Sendable {
  let content: ReportContent
  /// Along z, y, x as far as there are; empty where there is no picture.
  let projections: [Projection]
  /// Why there are none.
  let pictureProblem: String?
  /// The address of a projection's picture.
  let source: @Sendable (Projection) -> String

  package init(
    _ content: ReportContent, projections: [Projection], pictureProblem: String? = nil,
    source: @escaping @Sendable (Projection) -> String
  ) {
    (self.content, self.projections, self.pictureProblem, self.source) = (content, projections, pictureProblem, source)
  }

  /// The axes along which a job is shown.
  package static func axes(_ plan: JobPlan) -> [Axis] { plan.is3D ? [.z, .y, .x] : [.z] }

  /// A page of its own.
  package func page() -> HTML {
    document(title: content.title, body: "<main>\(main())</main>", script: nil, images: "data:")
  }

  /// What changes while the job runs.
  package func main() -> HTML {
    "\(summary())\(failures())\(pictures())\(viewsMap())\(blockMaps())\(rates())\(details())\(footer())"
  }

  private func footer() -> HTML {
    """
    <footer>As of \(momentText(content.progress.readAt)) · blockfuse \(Program.version) · recorded by \
    \(content.job.description.programVersion)</footer>
    """
  }
}

/// A whole document; refuses to load or run anything but what it holds itself.
package func document(title: String, body: HTML, script: String?, images: String) -> HTML {
  // a script runs only with this number: markup that slipped in could not
  let nonce = script == nil ? nil : String(UInt64.random(in: 0...UInt64.max), radix: 36)
  let scripts: HTML = nonce.map { "; script-src 'nonce-\($0)'; connect-src 'self'" } ?? ""
  return """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src \(images); \
    style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\(scripts)">
    <meta name="referrer" content="no-referrer">
    <title>\(title) · blockfuse</title>
    <style>\(HTML(verbatim: reportStyle))</style>
    </head>
    <body>
    \(body)\(scriptElement(script, nonce))
    </body>
    </html>

    """
}

private func scriptElement(_ script: String?, _ nonce: String?) -> HTML {
  guard let script, let nonce else { return "" }
  return "<script nonce=\"\(nonce)\">\(HTML(verbatim: script))</script>"
}
