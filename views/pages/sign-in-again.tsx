/** Asks for the same page once more: the browser keeps the session's cookie back when another site's link leads here. */
import type { Markup } from "../jsx/jsx-runtime.ts";

export function signInAgainPage(): Markup {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="refresh" content="0" />
        <title>One moment - Plexus</title>
      </head>
      <body>
        <h1>One moment</h1>
        <p>
          <a href="/console">Go to the console</a>
        </p>
      </body>
    </html>
  );
}
