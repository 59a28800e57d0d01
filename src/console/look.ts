/** What a browser's cookie says about how the console looks. */

export const themes = ["auto", "light", "dark"] as const;
export const densities = ["auto", "comfortable", "compact"] as const;

export interface Look {
  theme: (typeof themes)[number];
  density: (typeof densities)[number];
}

export function lookOf(request: Request): Look {
  const [, theme, density] = /(?:^|;\s*)plexus-look=(\w+)\.(\w+)/.exec(request.headers.get("cookie") ?? "") ?? [];
  return {
    theme: themes.find((one) => one === theme) ?? "auto",
    density: densities.find((one) => one === density) ?? "auto",
  };
}
