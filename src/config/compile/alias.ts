/** Aliases to their compiled form: always groups, found under every name. */
import { nearest } from "../../kit/nearest.ts";
import type { Json } from "../../model/json.ts";
import type { AliasConfig, TargetConfig } from "../schema/alias.ts";
import { namePattern } from "../schema/common.ts";
import type { Alias, Group, Target } from "../snapshot.ts";
import { type Context, type Entity, warnUnless } from "./context.ts";
import { demoId } from "./provider.ts";

interface Known {
  /** Ids of all providers, those with faults of their own included. */
  providers: ReadonlySet<string>;
}

export function compileAliases(context: Context, entities: Entity<AliasConfig>[], known: Known): Map<string, Alias> {
  const byName = new Map<string, Alias>();
  const aliases = entities.map((entity) => ({ entity, alias: compileAlias(context, entity, known) }));
  for (const { alias } of aliases) byName.set(alias.name, alias);
  for (const { entity, alias } of aliases) {
    alias.also.forEach((name, at) => {
      const path = `${entity.path}.also.${at}`;
      const other = byName.get(name);
      if (!namePattern.test(name)) context.faults.push({ path, message: "must have no control characters" });
      else if (other)
        context.faults.push({ path, message: `"${name}" is already a name of the alias "${other.name}"` });
      else byName.set(name, alias);
    });
  }
  return byName;
}

/** The alias that is there while nothing else is configured. */
export function demoAlias(): Alias {
  const target = { provider: demoId, model: demoId, weight: 1, enabled: true };
  return {
    name: demoId,
    origin: "builtin",
    also: [],
    priority: "selector",
    groups: [{ name: "default", selector: "random", targets: [target] }],
    visionFallthrough: false,
    sticky: false,
    capture: null,
    body: {},
  };
}

function compileAlias(context: Context, entity: Entity<AliasConfig>, known: Known): Alias {
  const { body, path } = entity;
  const later = (field: string, unused: boolean, what: string) =>
    warnUnless(context, unused, { path: `${path}.${field}`, message: `is accepted, but ${what} not in force yet` });
  later("capture", body.capture === null, "capture is");
  return {
    name: entity.name,
    origin: entity.origin,
    also: body.also,
    priority: body.priority,
    groups: compileGroups(context, entity, known),
    visionFallthrough: body.vision_fallthrough,
    sticky: body.sticky,
    capture: body.capture,
    body: body.body as Record<string, Json>,
  };
}

function compileGroups(context: Context, entity: Entity<AliasConfig>, known: Known): Group[] {
  const { body, path } = entity;
  if (body.targets && body.groups) {
    context.faults.push({ path: `${path}.groups`, message: "and targets exclude each other; give one of them" });
  } else if (!body.targets && !body.groups) {
    context.faults.push({ path: `${path}.targets`, message: "is required: give targets, or groups of targets" });
  }
  const common = body.selector ?? "random";
  const groups: Group[] = [];
  if (body.targets) {
    groups.push({
      name: "default",
      selector: common,
      targets: compileTargets(context, body.targets, { path: `${path}.targets`, known }),
    });
  }
  const names = new Set<string>();
  (body.groups ?? []).forEach((group, at) => {
    const here = `${path}.groups.${at}`;
    const name = group.name ?? `group-${at + 1}`;
    if (names.has(name)) context.faults.push({ path: `${here}.name`, message: `"${name}" is already a group here` });
    names.add(name);
    const selector = group.selector ?? common;
    groups.push({
      name,
      selector,
      targets: compileTargets(context, group.targets, { path: `${here}.targets`, known }),
    });
  });
  return groups;
}

function compileTargets(
  context: Context,
  targets: readonly TargetConfig[],
  at: { path: string; known: Known },
): Target[] {
  return targets.map((target, index) => {
    const compiled = typeof target === "string" ? splitTarget(target) : target;
    if (!at.known.providers.has(compiled.provider)) {
      const meant = nearest(compiled.provider, at.known.providers);
      const hint = meant ? `; did you mean "${meant}"?` : "";
      context.faults.push({
        path: `${at.path}.${index}`,
        message: `there is no provider "${compiled.provider}"${hint}`,
      });
    }
    return compiled;
  });
}

/** The first `/` divides provider and model. */
function splitTarget(text: string): Target {
  const slash = text.indexOf("/");
  return { provider: text.slice(0, slash), model: text.slice(slash + 1), weight: 1, enabled: true };
}
