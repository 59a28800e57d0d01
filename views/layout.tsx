/** The frame around every page: head, rail, main. */
import type { Child, Markup } from "./jsx/jsx-runtime.ts";

/** The result of what somebody just did. */
export interface Notice {
  tone: "ok" | "warn";
  text: string;
  /** Where to go on. */
  link?: { href: string; words: string };
}

/** What the menu counts. */
export interface Badges {
  cooldowns: number;
  /** Keys that have nearly or wholly used up a quota. */
  keys: number;
}

export interface Shell {
  /** Path of the style sheet. */
  style: string;
  icon: string;
  scripts: readonly string[];
  /** False on plain HTTP over a network. */
  isEncrypted: boolean;
  /** Name of the client key whose holder it is; absent for the admin. */
  holder?: string;
  /** Absent for those to whom the menu counts nothing. */
  badges?: Badges;
  /** Path of the page in the menu that this one belongs to. */
  current: string;
  /** The session's token for forms; null when nobody is signed in. */
  csrf: string | null;
  notices: readonly Notice[];
  /** As the browser's cookie says; by itself where absent. */
  look?: { theme: "auto" | "light" | "dark"; density: "auto" | "comfortable" | "compact"; hasShortcuts: boolean };
}

/** In groups; the first one is at hand on phones, too. */
const menu = [
  [
    { path: "/console", name: "Overview" },
    { path: "/console/requests", name: "Requests" },
    { path: "/console/usage", name: "Usage" },
    { path: "/console/performance", name: "Performance" },
  ],
  [
    { path: "/console/providers", name: "Providers" },
    { path: "/console/aliases", name: "Aliases" },
    { path: "/console/cooldowns", name: "Cooldowns" },
  ],
  [
    { path: "/console/keys", name: "Keys" },
    { path: "/console/quotas", name: "Quotas" },
  ],
  [{ path: "/console/playground", name: "Playground" }],
  [
    { path: "/console/settings", name: "Settings" },
    { path: "/console/audit", name: "Audit" },
    { path: "/console/sessions", name: "Sessions" },
    { path: "/console/jobs", name: "Jobs" },
    { path: "/console/system", name: "System" },
  ],
];
const holderMenu = [
  { path: "/console/me", name: "Your key" },
  { path: "/console/me/requests", name: "Requests" },
  { path: "/console/me/usage", name: "Usage" },
  { path: "/console/me/connect", name: "Connect" },
];
type Entry = (typeof holderMenu)[number];
const htmxConfig = JSON.stringify({ includeIndicatorCSS: false, defaultTimeout: 10_000 });

export interface LayoutProps {
  shell: Shell;
  title: string;
  /** The page asks for itself again after this many seconds. */
  refreshS?: number;
  children?: Child;
}

export function Layout({ shell, title, refreshS, children }: LayoutProps): Markup {
  const { theme = "auto", density = "auto", hasShortcuts = false } = shell.look ?? {};
  const isAdmin = shell.csrf !== null && shell.holder === undefined;
  return (
    <html lang="en" data-theme={theme} data-density={density} data-keys={isAdmin && hasShortcuts ? "on" : null}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content={theme === "auto" ? "light dark" : theme} />
        {refreshS === undefined ? null : <meta http-equiv="refresh" content={String(refreshS)} />}
        <meta name="htmx-config" content={htmxConfig} />
        <title>{title} - Plexus</title>
        <link rel="icon" type="image/svg+xml" href={shell.icon} />
        <link rel="stylesheet" href={shell.style} />
        {shell.scripts.map((path) => (
          <script src={path} defer></script>
        ))}
      </head>
      <body>
        <a class="skip" href="#main">
          Skip to the content
        </a>
        {shell.csrf === null ? null : <Rail shell={shell} csrf={shell.csrf} />}
        <main id="main" tabindex="-1">
          {shell.isEncrypted ? null : (
            <p class="banner warn">This connection is not encrypted: others in your network can read what you see.</p>
          )}
          {shell.notices.map(({ tone, text, link }) => (
            <p class={`banner ${tone}`} role="status">
              {text} {link === undefined ? null : <a href={link.href}>{link.words}</a>}
            </p>
          ))}
          <noscript>
            <p class="banner info">Without JavaScript this page does not update by itself; reload it to see news.</p>
          </noscript>
          {children}
        </main>
      </body>
    </html>
  );
}

function Rail({ shell, csrf }: { shell: Shell; csrf: string }): Markup {
  return (
    <header class="rail">
      <a class="brand" href={shell.holder === undefined ? "/console" : "/console/me"}>
        Plexus
      </a>
      {shell.holder === undefined ? (
        <form class="seek" method="get" action="/console/find">
          <input id="find" name="q" aria-label="Find" placeholder="Find" autocomplete="off" />
        </form>
      ) : null}
      <nav aria-label="Pages" {...(shell.badges === undefined ? {} : liveBadges)}>
        {shell.holder === undefined ? <Groups shell={shell} /> : <Links shell={shell} entries={holderMenu} />}
      </nav>
      <form method="post" action="/console/logout">
        <input type="hidden" name="csrf" value={csrf} />
        <button type="submit" class="quiet">
          Sign out
        </button>
      </form>
    </header>
  );
}

function Groups({ shell }: { shell: Shell }): Markup {
  const [first = [], ...others] = menu;
  return (
    <>
      <Links shell={shell} entries={first} />
      <button type="button" class="quiet more" popovertarget="more">
        More
      </button>
      <div id="more" popover="auto" class="groups">
        {others.map((entries) => (
          <div class="entries">
            <Links shell={shell} entries={entries} />
          </div>
        ))}
      </div>
    </>
  );
}

function Links({ shell, entries }: { shell: Shell; entries: readonly Entry[] }): Markup {
  return (
    <>
      {entries.map(({ path, name }) => (
        <a href={path} aria-current={shell.current === path ? "page" : null}>
          {name} <MenuBadge path={path} badges={shell.badges} />
        </a>
      ))}
    </>
  );
}

const liveBadges = {
  ...{
    "hx-get": "/console/badges",
    "hx-trigger": "news, every 30s",
    "hx-swap": "none",
    "data-refresh": "",
    "data-feed": "/console/live",
  },
};
const counted: Record<string, { of: keyof Badges; sign: string; words: string }> = {
  "/console/cooldowns": { of: "cooldowns", sign: "‖", words: "in force" },
  "/console/quotas": { of: "keys", sign: "!", words: "keys near the limit" },
};

interface MenuBadgeProps {
  path: string;
  badges: Badges | undefined;
  /** It takes the place of the one in the page. */
  isNews?: boolean;
}

function MenuBadge({ path, badges, isNews }: MenuBadgeProps): Markup | null {
  const meant = counted[path];
  if (!meant || !badges) return null;
  const count = badges[meant.of];
  return (
    <span id={`badge-${meant.of}`} class="badge warn" hidden={count === 0} hx-swap-oob={isNews ? "true" : null}>
      {count === 0 ? null : (
        <>
          <span aria-hidden="true">{meant.sign}</span> {count} <span class="hidden">{meant.words}</span>
        </>
      )}
    </span>
  );
}

/** The menu's numbers alone, as every page fetches them. */
export function badges(numbers: Badges): Markup {
  return (
    <>
      {Object.keys(counted).map((path) => (
        <MenuBadge path={path} badges={numbers} isNews />
      ))}
    </>
  );
}
