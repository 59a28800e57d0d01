/** One alias: making it, changing it, what each selector would choose now. */
import type { Markup } from "../jsx/jsx-runtime.ts";
import { Layout, type Shell } from "../layout.tsx";
import { ChangesLink } from "../parts/changes-link.tsx";
import { Or } from "../parts/empty.tsx";
import { Field, type FieldState, Folded, Form, type FormFrame, Group, OfFile } from "../parts/form.tsx";
import { scoreText } from "../parts/routing.tsx";
import { type GroupsProps, selectors, TargetGroups } from "../parts/target-groups.tsx";

export interface Pick {
  selector: string;
  /** A group of the alias has it. */
  isUsed: boolean;
  target: string | null;
  refusal: string | null;
  measure: string | null;
  score: number | null;
  reason: string | null;
}

export interface AliasProps {
  shell: Shell;
  frame: FormFrame;
  /** Null for a new one. */
  name: string | null;
  isOfFile: boolean;
  nameField: FieldState | null;
  fields: readonly FieldState[];
  groups: GroupsProps;
  picks: readonly Pick[];
}

export function aliasPage({ shell, frame, name, isOfFile, nameField, fields, groups, picks }: AliasProps): Markup {
  const field = (path: string) => fields.filter((one) => one.name === path);
  return (
    <Layout shell={shell} title={name === null ? "New alias" : `${name} - Aliases`}>
      <p class="crumbs">
        <a href="/console/aliases">Aliases</a>
      </p>
      <div class="bar">
        <h1>{name === null ? "New alias" : <bdi>{name}</bdi>}</h1>
        {name === null ? null : <Actions frame={frame} name={name} isOfFile={isOfFile} />}
      </div>
      {isOfFile ? <OfFile what="alias" back={frame.back} /> : null}
      <Form frame={frame} isReadOnly={isOfFile}>
        {/* What the enter key presses: without it that would be the first button that moves something. */}
        <button type="submit" class="hidden" tabindex="-1" data-default="">
          {frame.save}
        </button>
        {nameField === null ? null : (
          <Group legend="Alias">
            <Field field={nameField} />
          </Group>
        )}
        <TargetGroups {...groups} />
        <Group legend="Behaviour">
          {["also", "priority", "sticky", "vision_fallthrough"].flatMap(field).map((one) => (
            <Field field={one} />
          ))}
        </Group>
        <Folded summary="More" fields={field("body")} />
      </Form>
      <Picks picks={picks} />
    </Layout>
  );
}

function Actions({ frame, name, isOfFile }: { frame: FormFrame; name: string; isOfFile: boolean }): Markup {
  return (
    <div class="buttons">
      <a class="button quiet" href={`${frame.action}/explain`}>
        Dry run
      </a>
      <a class="button quiet" href={`/console/requests?alias=${encodeURIComponent(name)}`}>
        Requests
      </a>
      {isOfFile ? null : (
        <a class="button quiet" href={`${frame.action}/remove`}>
          Delete
        </a>
      )}
      <ChangesLink part="aliases" name={name} />
    </div>
  );
}

function Picks({ picks }: { picks: readonly Pick[] }): Markup | null {
  if (picks.length === 0) return null;
  return (
    <section aria-labelledby="picks">
      <h2 id="picks">What would be chosen now</h2>
      <p class="muted">For a short request that is streamed, as saved. Nothing is sent.</p>
      <section class="scroll" tabindex="0" aria-label="What each selector would choose">
        <table>
          <caption class="hidden">What each selector would choose</caption>
          <thead>
            <tr>
              <th scope="col">With the selector</th>
              <th scope="col">First target</th>
              <th scope="col" class="number">
                Score
              </th>
            </tr>
          </thead>
          <tbody>
            {picks.map(({ selector, isUsed, target, refusal, measure, score, reason }) => (
              <tr>
                <th scope="row" class="why">
                  {selectors.find(({ value }) => value === selector)?.words ?? selector}
                  {isUsed ? <strong> (in use)</strong> : null}
                </th>
                <td class="words">
                  <Or text={target ?? refusal} />
                  {reason === "explored" ? <span class="muted below">to learn how it does</span> : null}
                </td>
                <td class="number">
                  <Or text={score === null ? null : scoreText(score, measure)} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}
