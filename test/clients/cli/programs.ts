/** The four command line clients, each with the settings that let it run without its vendor. */
import { fieldsOf } from "../../support/upstream/shape.ts";
import type { Program } from "./program.ts";

const system = { darwin: "darwin", win32: "win32" }[process.platform as string] ?? "linux";
const arch = process.arch === "arm64" ? "arm64" : "x64";

function jsonLines(out: string) {
  return out
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => fieldsOf(JSON.parse(line)));
}

const codex: Program = {
  name: "codex",
  launch: ({ url, key, model, prompt }) => ({
    file: "@openai/codex/bin/codex.js",
    args: ["exec", "--skip-git-repo-check", "--json", prompt],
    environment: { LOCAL_KEY: key },
    files: {
      ".codex/config.toml": [
        `model = "${model}"`,
        'model_provider = "local"',
        'approval_policy = "never"',
        'sandbox_mode = "danger-full-access"',
        "check_for_update_on_startup = false",
        "[model_providers.local]",
        'name = "local"',
        `base_url = "${url}/v1"`,
        'env_key = "LOCAL_KEY"',
        'wire_api = "responses"',
        "request_max_retries = 0",
        "stream_max_retries = 0",
      ].join("\n"),
    },
  }),
  reading: (path) => ({ name: "exec_command", args: { cmd: `cat ${path}` } }),
  answer(out) {
    const items = jsonLines(out).map(({ item }) => fieldsOf(item));
    return String(items.findLast(({ type }) => type === "agent_message")?.text);
  },
};

const gemini: Program = {
  name: "gemini",
  launch: ({ url, key, model, prompt }) => ({
    file: "@google/gemini-cli/bundle/gemini.js",
    args: ["-m", model, "--yolo", "--output-format", "json", "-p", prompt],
    environment: {
      GEMINI_API_KEY: key,
      GOOGLE_GEMINI_BASE_URL: url,
      GEMINI_CLI_TRUST_WORKSPACE: "true",
      GEMINI_CLI_NO_RELAUNCH: "true",
    },
    files: {
      ".gemini/settings.json": JSON.stringify({
        security: { auth: { selectedType: "gemini-api-key" } },
        telemetry: { enabled: false },
        privacy: { usageStatisticsEnabled: false },
      }),
    },
  }),
  reading: (path) => ({ name: "read_file", args: { file_path: path } }),
  answer: (out) => String(fieldsOf(JSON.parse(out.slice(out.indexOf("{")))).response),
};

const qwen: Program = {
  name: "qwen",
  launch: ({ url, key, model, prompt }) => ({
    file: "@qwen-code/qwen-code/cli.js",
    args: ["--auth-type", "openai", "--yolo", "-p", prompt],
    environment: { OPENAI_API_KEY: key, OPENAI_BASE_URL: `${url}/v1`, OPENAI_MODEL: model },
    // It would go on to ask what is worth remembering.
    files: { ".qwen/settings.json": JSON.stringify({ memory: { enableManagedAutoMemory: false } }) },
  }),
  reading: (path) => ({ name: "read_file", args: { file_path: path } }),
  answer: (out) => out.trim(),
};

const opencode: Program = {
  name: "opencode",
  launch: ({ url, key, model, sideModel, prompt }) => {
    const limits = { tool_call: true, limit: { context: 200_000, output: 8192 } };
    return {
      file: `opencode-${system === "win32" ? "windows" : system}-${arch}/bin/opencode`,
      args: ["run", "-m", `local/${model}`, prompt],
      environment: {
        OPENCODE_DISABLE_AUTOUPDATE: "1",
        OPENCODE_DISABLE_MODELS_FETCH: "1",
        OPENCODE_DISABLE_LSP_DOWNLOAD: "1",
      },
      files: {
        ".config/opencode/opencode.json": JSON.stringify({
          provider: {
            local: {
              npm: "@ai-sdk/openai-compatible",
              options: { baseURL: `${url}/v1`, apiKey: key },
              models: { [model]: limits, [sideModel]: limits },
            },
          },
          model: `local/${model}`,
          small_model: `local/${sideModel}`,
          permission: { "*": "allow" },
          autoupdate: false,
          share: "disabled",
        }),
      },
    };
  },
  reading: (path) => ({ name: "read", args: { filePath: path } }),
  answer: (out) => out.trim(),
};

export const programs: Program[] = [codex, gemini, qwen, opencode];
