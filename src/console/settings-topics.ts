/** All settings, by topic: how each is called, in which unit, what it does. */
import type { FieldSpec } from "./forms/fields.ts";

export interface Topic {
  /** Last part of its address. */
  name: string;
  title: string;
  about: string;
  specs: readonly FieldSpec[];
}

/** The models and timezones that there are to choose from. */
export interface Choices {
  aliases: readonly string[];
  timezones: readonly string[];
}

const option = (value: string) => ({ value, words: value });

export function topicsOf({ aliases, timezones }: Choices): Topic[] {
  return [
    routing,
    cooldowns,
    timeouts,
    limits,
    vision(aliases),
    retention,
    capture,
    network,
    time(timezones),
    currency,
  ];
}

const routing: Topic = {
  name: "routing",
  title: "Routing and failover",
  about: "Which targets are tried, and how often.",
  specs: [
    {
      ...{ path: "failover.enabled", label: "Try another target when one fails", kind: "switch" },
      help: "As long as nothing of an answer has gone to the client.",
    },
    { path: "failover.max_attempts", label: "Attempts for one request, at most", kind: "number" },
    {
      ...{ path: "exploration", label: "Exploration, share of requests", kind: "number" },
      help: "With which measured selectors ask another than the best, to learn how it does. 0.05 is one in twenty.",
    },
  ],
};

const cooldowns: Topic = {
  name: "cooldowns",
  title: "Cooldowns",
  about: "How long targets are left alone after failures.",
  specs: [
    {
      path: "cooldown.initial_s",
      label: "First cooldown, seconds",
      kind: "number",
      help: "Doubles with each failure.",
    },
    { path: "cooldown.max_s", label: "Longest cooldown, seconds", kind: "number" },
    {
      ...{ path: "cooldown.probe_s", label: "One request tries it after, seconds", kind: "number" },
      help: "Of long cooldowns: whether it works again is tried by one request at a time.",
    },
    { path: "cooldown.on_timeout", label: "Timeouts count as failures", kind: "switch" },
  ],
};

const timeouts: Topic = {
  name: "timeouts",
  title: "Timeouts",
  about: "How long is waited for providers.",
  specs: [
    { path: "timeouts.request_s", label: "A whole request, seconds", kind: "number", help: "Until its first content." },
    {
      ...{ path: "timeouts.connect_s", label: "A connection, seconds", kind: "number" },
      help: "When a provider is tried out. Requests have no time of their own for it: it is part of the whole.",
    },
    { path: "timeouts.idle_s", label: "Silence in a stream, seconds", kind: "number" },
    {
      ...{ path: "heartbeat_s", label: "Heartbeat of streams, seconds", kind: "number" },
      help: "Sent to the client while a provider is silent, so that proxies keep the connection.",
    },
  ],
};

const limits: Topic = {
  name: "limits",
  title: "Sizes and media",
  about: "What is taken of clients, and fetched for them.",
  specs: [
    { path: "limits.body_mb", label: "A request's body, MB at most", kind: "number" },
    { path: "limits.header_kb", label: "A request's headers, KB at most", kind: "number" },
    {
      ...{ path: "media.fetch", label: "Fetch images and files by their address", kind: "switch" },
      help: "For providers that take no addresses.",
    },
    { path: "media.max_mb", label: "A fetched file, MB at most", kind: "number" },
    {
      ...{ path: "media.allow_private", label: "Also fetch from private networks", kind: "switch" },
      help: "Clients can then reach what this machine can reach.",
    },
  ],
};

function vision(aliases: readonly string[]): Topic {
  return {
    name: "vision",
    title: "Images in words",
    about: "Images are described for targets that cannot see, where an alias asks for it.",
    specs: [
      {
        ...{ path: "vision.descriptor", label: "Model that describes them", kind: "choice" },
        options: [{ value: "", words: "none: nothing is described" }, ...aliases.map(option)],
      },
      {
        ...{ path: "vision.prompt", label: "What it is asked", kind: "prose" },
        help: "Empty: to describe everything that matters.",
      },
      { path: "vision.cache_days", label: "Descriptions are kept, days", kind: "number" },
    ],
  };
}

const retention: Topic = {
  name: "retention",
  title: "Retention",
  about: "How long is kept what clients may come back to.",
  specs: [
    {
      ...{ path: "responses.retention_days", label: "Answers that clients may read again, days", kind: "number" },
      help: "0: none is kept.",
    },
    {
      ...{ path: "seals.retention_days", label: "Signatures of reasoning, days", kind: "number" },
      help: "They are put back into conversations whose clients drop them. 0: none is kept.",
    },
    {
      ...{ path: "usage.retention_days", label: "Requests and what they used, days", kind: "number" },
      help: "Until it is, all of them are kept.",
    },
  ],
};

const capture: Topic = {
  name: "capture",
  title: "Capture",
  about: "Of which requests the bodies and headers are kept, to be looked at.",
  specs: [
    {
      ...{ path: "capture.mode", label: "Kept of", kind: "choice" },
      options: [
        { value: "errors", words: "requests that failed" },
        { value: "all", words: "all requests" },
        { value: "off", words: "none" },
      ],
    },
    { path: "capture.bodies", label: "Bodies, too", kind: "switch" },
    { path: "capture.retention_days", label: "Kept for, days", kind: "number" },
    { path: "capture.max_mb", label: "All together, MB at most", kind: "number" },
  ],
};

const currency: Topic = {
  name: "currency",
  title: "Currency",
  about: "In which currency costs are shown. They are counted in dollars.",
  specs: [
    { path: "currency.code", label: "Currency", kind: "text", help: "Three capital letters, such as EUR." },
    { path: "currency.per_usd", label: "How much of it one dollar is", kind: "number" },
  ],
};

const network: Topic = {
  name: "network",
  title: "Network",
  about: "How this gateway is reached.",
  specs: [
    {
      ...{ path: "public_url", label: "Address that clients use", kind: "text" },
      help: "Such as https://llm.example.com. Empty: as each request came.",
    },
    {
      ...{ path: "trusted_proxies", label: "Proxies whose word on the client's address is taken", kind: "lines" },
      help: "One address or network a line. Whoever is listed here can pretend to be any address.",
    },
  ],
};

function time(timezones: readonly string[]): Topic {
  return {
    name: "time",
    title: "Timezone",
    about: "By whose clocks days begin, in reports and for quotas.",
    specs: [
      {
        ...{ path: "timezone", label: "Reporting timezone", kind: "choice", options: timezones.map(option) },
        help: "Daily sums are made anew after a change. Windows of quotas begin by it from then on.",
      },
    ],
  };
}
