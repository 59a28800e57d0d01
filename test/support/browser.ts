/** A real Chromium: the one of the system where there is one, else the one of the npm package, unpacked once. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { type BrowserContext, chromium } from "playwright-core";

const modules = join(import.meta.dir, "../../node_modules");
const installed = ["/usr/bin/chromium", "/usr/bin/chromium-headless-shell"];
const flags = [
  ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
  ...["--disable-component-update", "--disable-sync"],
];

/** Undefined, with the reason printed, where the platform has none. */
function browserPath(): string | undefined {
  const wanted = process.env.CHROME;
  if (wanted) return wanted;
  const found = installed.find((path) => existsSync(path));
  if (found && !process.env.FORCE_NPM_CHROME) return found;
  const packed = join(modules, "@sparticuz/chromium/bin/chromium.br");
  if (process.platform === "linux" && process.arch === "x64" && existsSync(packed)) return unpacked(packed);
  console.log(`skipped: there is no Chromium package for ${process.platform}-${process.arch}; set CHROME to a browser`);
  return undefined;
}

function unpacked(packed: string): string {
  const path = join(modules, ".chromium");
  if (existsSync(path)) return path;
  const half = `${path}.${process.pid}`;
  writeFileSync(half, brotliDecompressSync(readFileSync(packed)));
  chmodSync(half, 0o755);
  renameSync(half, path);
  return path;
}

export interface Browser {
  context: BrowserContext;
  close(): Promise<void>;
}

export async function openBrowser(): Promise<Browser | undefined> {
  const executablePath = browserPath();
  if (!executablePath) return undefined;
  const profile = mkdtempSync(join(tmpdir(), "plexus-chromium-"));
  try {
    const context = await chromium.launchPersistentContext(profile, { executablePath, args: flags, headless: true });
    return {
      context,
      async close() {
        await context.close();
        rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
      },
    };
  } catch (error) {
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    throw error;
  }
}
