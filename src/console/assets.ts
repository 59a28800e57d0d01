/** Style and scripts: carried in the binary, served under names that change with their content. */
import htmx from "htmx.org/dist/htmx.min.js" with { type: "text" };
import style from "../../views/assets/console.css" with { type: "text" };
import script from "../../views/assets/console.js" with { type: "text" };
import icon from "../../views/assets/icon.svg" with { type: "text" };
import { sha256Hex } from "../kit/hash.ts";
import type { ConsoleRoute } from "./route.ts";

export interface Assets {
  style: string;
  icon: string;
  /** In the order in which they must run. */
  scripts: readonly string[];
  routes: ConsoleRoute[];
}

interface Asset {
  path: string;
  type: string;
  text: string;
}

const types: Record<string, string> = {
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

function asset(name: string, text: string): Asset {
  const [base, extension] = name.split(".");
  const type = types[extension ?? ""] ?? "application/octet-stream";
  return { path: `/console/assets/${base}.${sha256Hex(text).slice(0, 16)}.${extension}`, type, text };
}

export function createAssets(): Assets {
  const sheet = asset("console.css", style);
  const mark = asset("icon.svg", icon);
  const scripts = [asset("console.js", script), asset("htmx.js", htmx)];
  return {
    style: sheet.path,
    icon: mark.path,
    scripts: scripts.map(({ path }) => path),
    routes: [sheet, mark, ...scripts].map(route),
  };
}

function route({ path, type, text }: Asset): ConsoleRoute {
  // Compressed when somebody first asks for it.
  let packed: Uint8Array<ArrayBuffer> | undefined;
  return {
    method: "GET",
    path,
    access: "public",
    run({ request, requestId }) {
      const headers = {
        "content-type": type,
        "cache-control": "public, max-age=31536000, immutable",
        "x-content-type-options": "nosniff",
        "cross-origin-resource-policy": "same-origin",
        vary: "accept-encoding",
        "x-request-id": requestId,
      };
      if (!/\bgzip\b/.test(request.headers.get("accept-encoding") ?? "")) return new Response(text, { headers });
      packed ??= Bun.gzipSync(text, { level: 9 });
      return new Response(packed, { headers: { ...headers, "content-encoding": "gzip" } });
    },
  };
}
