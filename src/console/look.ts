/** What a browser's cookie says about how the console looks. */

export const themes = ["auto", "light", "dark"] as const;
export const densities = ["auto", "comfortable", "compact"] as const;

export interface Look {
  theme: (typeof themes)[number];
  density: (typeof densities)[number];
  /** Single keys do something while nobody types. */
  hasShortcuts: boolean;
}

export function lookOf(request: Request): Look {
  const said = request.headers.get("cookie") ?? "";
  const [, theme, density, keys] = /(?:^|;\s*)plexus-look=(\w+)\.(\w+)(?:\.(\w+))?/.exec(said) ?? [];
  return {
    theme: themes.find((one) => one === theme) ?? "auto",
    density: densities.find((one) => one === density) ?? "auto",
    hasShortcuts: keys !== "off",
  };
}
