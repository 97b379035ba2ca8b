/// A page that needs nothing else: no scripts, no fonts, no network. Follows the reader's light or dark setting.
struct HTMLPage {
    /// Its name and first heading.
    var title: String
    /// Width of the text in pixels.
    var width: Int
    /// Rules of its own. They may use the colours `--ink`, `--paper`, `--faint` and `--line`, and the classes `sub`, `key`,
    /// `scroll`, `grid` and `tick`.
    var style: String
    /// Markup below the heading.
    var body: String

    /// The whole text.
    var text: String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(HTMLText.escaped(title))</title>
        <style>\(Self.commonStyle)
        body { max-width: \(width)px }
        \(style)</style>
        </head>
        <body>
        <h1>\(HTMLText.escaped(title))</h1>
        \(body)
        </body>
        </html>

        """
    }

    private static let commonStyle = """
        :root { color-scheme: light dark; --ink: #1c1e21; --paper: #fff; --faint: #5b626d; --line: #d9dce1 }
        @media (prefers-color-scheme: dark) {
          :root { --ink: #e5e7eb; --paper: #111418; --faint: #a3aab5; --line: #2b3038 } }
        body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 2rem auto;
          padding: 0 1rem; }
        .sub { color: var(--faint); margin-top: .3rem } .scroll { overflow-x: auto }
        svg { width: 100%; height: auto } .grid { stroke: var(--line) }
        .tick { fill: var(--faint); font: 11px system-ui, sans-serif }
        .key { display: inline-block; width: .8em; height: .8em; border-radius: 2px; margin-left: .7em }
        """
}
