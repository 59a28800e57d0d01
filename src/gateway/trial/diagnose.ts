/** Failures in words: what happened, and what to change where. */
import type { Wire } from "../../protocols/protocol.ts";
import type { Reached } from "../../providers/reach.ts";
import { type Heard, jsonOf } from "./hear.ts";

/** `field` is the path within the provider of what is to be changed. */
export interface Diagnosis {
  words: string;
  fix: string | null;
  field: string | null;
}

export interface Reaching {
  /** Field of the address that was called. */
  field: string;
  isProxy: boolean;
}

export function diagnoseReach({ step, target, failure }: Reached, { field, isProxy }: Reaching): Diagnosis | undefined {
  if (!failure) return undefined;
  const { code, message } = failure;
  const whose = isProxy ? "the proxy's address" : "the URL";
  if (code === "LINK_LOCAL") return { words: `Not tested: ${message}.`, fix: "Use another address.", field };
  if (step === "dns") {
    const words = code === "ETIMEDOUT" ? `The name of ${target} was not resolved in time` : `${target} has no address`;
    const fix = `Look for a slip in ${whose}, and whether this machine can resolve names.`;
    return { words: `${words} (${code}).`, fix, field };
  }
  return step === "connect" ? diagnoseConnect({ code, target, whose, field }) : diagnoseTls({ code, message, field });
}

interface Failing {
  code: string;
  target: string;
  whose: string;
  field: string;
}

function diagnoseConnect({ code, target, whose, field }: Failing): Diagnosis {
  if (code === "ECONNREFUSED") {
    const fix = `Start the server, or correct host and port in ${whose}.`;
    return { words: `Nothing listens at ${target}: the connection was refused.`, fix, field };
  }
  const fix = `Check ${whose}, and whether a firewall stands between; a proxy may be needed.`;
  const words =
    code === "ETIMEDOUT" ? `${target} did not take the connection in time.` : `No way to ${target} (${code}).`;
  return { words, fix, field };
}

function diagnoseTls({ code, message, field }: { code: string; message: string; field: string }): Diagnosis {
  const told = (words: string, fix: string) => ({ words: `${words} (${code}).`, fix, field });
  if (/WRONG_VERSION|EPROTO/.test(code)) {
    return told(
      "The server does not speak TLS at this port",
      "Write http:// in place of https://, or correct the port.",
    );
  }
  if (/SELF_SIGNED|UNABLE_TO|ISSUER/.test(code)) {
    const fix = "Give the server a certificate of a known authority, or start Plexus with NODE_EXTRA_CA_CERTS.";
    return told("The server's certificate is of nobody whom this machine knows", fix);
  }
  if (/EXPIRED|NOT_YET/.test(code)) {
    return told("The server's certificate does not hold today", "Renew it, or correct the clock of this machine.");
  }
  if (/ALTNAME|HOSTNAME/.test(code)) {
    return told("The server's certificate is for another name", "Use the name in the certificate.");
  }
  return told(`TLS failed: ${message}`, "Check whether the URL leads to the right server.");
}

export interface Asked {
  wire: Wire;
  what: "models" | "answer";
  /** Field of the base URL. */
  field: string;
  hasKey: boolean;
}

/** Undefined for an answer of JSON with status 200. */
export function diagnoseAnswer(heard: Heard, asked: Asked): Diagnosis | undefined {
  const { status, error, text, headers } = heard;
  const { field } = asked;
  if (error) return diagnoseSilence(heard, field);
  if (status === null) return undefined;
  if (status >= 300 && status < 400) {
    const where = headers.get("location");
    const words = `The URL redirects (${status})${where === null ? "" : ` to ${where}`}. Requests do not follow that.`;
    return { words, fix: "Write the address that it leads to.", field };
  }
  if (isWebPage(heard)) return webPage(heard, field);
  if (status >= 400) return diagnoseStatus(heard, asked, status);
  if (jsonOf(text) !== undefined) return undefined;
  return { words: "The answer is not JSON.", fix: "Check whether the URL leads to an API of this protocol.", field };
}

function diagnoseSilence({ error }: Heard, field: string): Diagnosis {
  const words = error?.message ?? "";
  if (error?.code === "upstream-timeout") {
    return { words, fix: "Try again; if it stays so, check the address and the proxy.", field };
  }
  return { words, fix: "Check whether http:// or https:// is right, and the proxy.", field };
}

function isWebPage({ headers, text }: Heard): boolean {
  return /text\/html/.test(headers.get("content-type") ?? "") || /^\s*<(!doctype|html|head|body)/i.test(text);
}

function webPage({ url, status }: Heard, field: string): Diagnosis {
  const isVersioned = /\/v\d/.test(new URL(url).pathname);
  const words = `This looks like a web page, not like an API (status ${status})`;
  if (isVersioned) return { words: `${words}.`, fix: "Correct the URL: it leads to a website.", field };
  return { words: `${words}: is /v1 missing?`, fix: "Add the version to the end of the URL, /v1 mostly.", field };
}

function diagnoseStatus(heard: Heard, { wire, what, field, hasKey }: Asked, status: number): Diagnosis {
  const error = wire.parseError(status, heard.headers, heard.text.slice(0, 65_536));
  const said = error.detail.isSilent ? "" : ` It says: ${error.message}`;
  const key = "api_key";
  if (status === 401) {
    if (!hasKey) return { words: `The provider wants a key (401).${said}`, fix: "Give it one.", field: key };
    const fix = "Copy the whole key once more, and check that it is one of this provider.";
    return { words: `The provider does not accept the key (401).${said}`, fix, field: key };
  }
  if (status === 402 || error.code === "billing") {
    const words = `The account has no credit (${status}).${said}`;
    return { words, fix: "Pay for some at the provider; the key itself is accepted.", field: null };
  }
  if (status === 403) {
    const fix = "Look at the provider what this key may do, and from which addresses and countries.";
    return { words: `The provider knows the key, and this is not allowed to it (403).${said}`, fix, field: key };
  }
  if (status === 404 && what === "models") {
    const fix = "If the URL is right, type the names of the models in by hand.";
    return { words: `There is no list of models at this URL (404).${said}`, fix, field };
  }
  if (status === 404) {
    const fix = "Check the model's name, and whether the URL ends with its version.";
    return { words: `The provider does not know this model, or this address (404).${said}`, fix, field };
  }
  if (status === 429) {
    const words = `The provider takes no more requests for now (429).${said}`;
    return { words, fix: "The key is accepted. Wait a little, or look at the limits of the account.", field: null };
  }
  if (status >= 500) {
    return {
      words: `The provider failed (${status}).${said}`,
      fix: "Try again later; nothing here is wrong.",
      field: null,
    };
  }
  return {
    words: `The provider refused the request (${status}).${said}`,
    fix: "Read what it says below.",
    field: null,
  };
}
