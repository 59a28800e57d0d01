/** The groups of an alias as lists in their order, with buttons that move, add and remove without a script. */
import type { Markup } from "../jsx/jsx-runtime.ts";
import type { Option } from "./form.tsx";

export interface DraftTarget {
  /** `provider/model`; empty for a new one. */
  target: string;
  /** As typed. */
  weight: string;
  isEnabled: boolean;
}

export interface DraftGroup {
  /** Empty: it needs none. */
  name: string;
  selector: string;
  targets: readonly DraftTarget[];
}

export interface TargetState {
  tone: "ok" | "warn" | "bad" | "off";
  sign: string;
  word: string;
}

export interface GroupsProps {
  draft: readonly DraftGroup[];
  isFixed: boolean;
  /** Where the form goes. */
  action: string;
  /** What can be suggested as a target. */
  models: readonly string[];
  /** By row: `g0`, `g0.t1`. */
  errors: ReadonlyMap<string, string>;
  stateOf(target: DraftTarget): TargetState | null;
  /** Where somebody is: the value of a button (`up g0.t1`), or the name of a field. */
  focus: string | null;
  /** What somebody else made of them while the form was open. */
  meanwhile: string | null;
}

export const selectors: readonly Option[] = [
  { value: "random", words: "random: by chance, weights say how often" },
  { value: "in_order", words: "in order: the first that works" },
  { value: "cost", words: "cost: what will probably cost least" },
  { value: "performance", words: "performance: most tokens a second" },
  { value: "e2e_performance", words: "whole time: most tokens a second from request to end" },
  { value: "latency", words: "latency: first token soonest" },
  { value: "usage", words: "usage: the least used lately" },
  { value: "allowance", words: "allowance: most that would be lost at its reset" },
];

export function TargetGroups(props: GroupsProps): Markup {
  const { draft, isFixed, models, meanwhile } = props;
  return (
    <fieldset class="card" id="groups">
      <legend>Targets</legend>
      <p class="muted">
        A request goes to the first group; when all of its targets fail or are left out, to the next. Within a group the
        selector says who comes first.
      </p>
      {meanwhile === null ? null : (
        <p class="field">
          <span class="warn">Stored meanwhile: {meanwhile}</span>
        </p>
      )}
      <datalist id="models">
        {models.map((model) => (
          <option value={model}></option>
        ))}
      </datalist>
      {draft.map((group, at) => (
        <Group {...props} group={group} at={at} />
      ))}
      {isFixed ? null : (
        <p>
          <Act {...props} act="add" anchor={`g${draft.length}`} words="Add a group" label="Add a group" />
        </p>
      )}
    </fieldset>
  );
}

type GroupProps = GroupsProps & { group: DraftGroup; at: number };

function Group(props: GroupProps): Markup {
  const { group, at, draft, isFixed, errors } = props;
  const id = `g${at}`;
  const error = errors.get(id);
  const isAlone = draft.length === 1;
  return (
    <fieldset class="group" id={id} tabindex="-1">
      <legend>{isAlone ? "One group" : `Group ${at + 1}`}</legend>
      {isFixed || isAlone ? null : <GroupMoves {...props} />}
      <Choice {...props} />
      {error === undefined ? null : <p class="error">{error}</p>}
      <ol class="targets">
        {group.targets.map((target, place) => (
          <Target {...props} target={target} place={place} />
        ))}
      </ol>
      {isFixed ? null : (
        <p>
          <Act
            {...props}
            act={`add ${id}`}
            anchor={`${id}.t${group.targets.length}`}
            words="Add a target"
            label={`Add a target to group ${at + 1}`}
          />
        </p>
      )}
    </fieldset>
  );
}

function GroupMoves(props: GroupProps): Markup {
  const { at, draft } = props;
  const id = `g${at}`;
  return (
    <p class="moves">
      <Act {...props} act={`up ${id}`} anchor={`g${at - 1}`} words="↑" label={`Group ${at + 1} up`} isOff={at === 0} />
      <Act
        {...props}
        act={`down ${id}`}
        anchor={`g${at + 1}`}
        words="↓"
        label={`Group ${at + 1} down`}
        isOff={at === draft.length - 1}
      />
      <Act {...props} act={`remove ${id}`} anchor="groups" words="Remove" label={`Remove group ${at + 1}`} />
    </p>
  );
}

function Choice({ group, at, draft, isFixed }: GroupProps): Markup {
  const id = `g${at}`;
  return (
    <div class="pair">
      <p class="field">
        <label for={`${id}-selector`}>Selector</label>
        <select id={`${id}-selector`} name={`${id}.selector`} disabled={isFixed}>
          {selectors.map(({ value, words }) => (
            <option value={value} selected={value === group.selector}>
              {words}
            </option>
          ))}
        </select>
      </p>
      <p class="field">
        <label for={`${id}-name`}>Name of the group</label>
        <input
          {...{ id: `${id}-name`, name: `${id}.name`, value: group.name, maxlength: 128, autocomplete: "off" }}
          readonly={isFixed}
          placeholder={draft.length === 1 ? "needs none" : `group-${at + 1}`}
        />
      </p>
    </div>
  );
}

function Target(props: GroupProps & { target: DraftTarget; place: number }): Markup {
  const { target, place, at, isFixed, errors, stateOf, focus } = props;
  const id = `g${at}.t${place}`;
  const named = `target ${place + 1} of group ${at + 1}`;
  const error = errors.get(id);
  const state = stateOf(target);
  return (
    <li id={id}>
      <input
        {...{ name: `${id}.target`, value: target.target, list: "models", autocomplete: "off", spellcheck: "false" }}
        {...{ "aria-label": `Provider and model, ${named}`, "aria-invalid": error === undefined ? null : "true" }}
        {...{ placeholder: "provider/model", maxlength: 400, readonly: isFixed, autofocus: focus === `${id}.target` }}
      />
      <label class="weight">
        <span>Weight</span>{" "}
        <input
          {...{ name: `${id}.weight`, value: target.weight, type: "number", min: 0, step: "any", readonly: isFixed }}
          aria-label={`Weight, ${named}`}
        />
      </label>
      <label class="switch">
        <input type="checkbox" name={`${id}.enabled`} value="on" checked={target.isEnabled} disabled={isFixed} /> on
        <span class="hidden"> ({named})</span>
      </label>
      {isFixed ? null : <TargetMoves {...props} named={named} />}
      {state === null ? null : (
        <span class={`badge ${state.tone}`}>
          <span aria-hidden="true">{state.sign}</span> {state.word}
        </span>
      )}
      {error === undefined ? null : <span class="error">{error}</span>}
    </li>
  );
}

function TargetMoves(props: GroupProps & { place: number; named: string }): Markup {
  const { at, place, group, named } = props;
  const id = `g${at}.t${place}`;
  return (
    <span class="moves">
      <Act {...props} act={`up ${id}`} anchor={`g${at}`} words="↑" label={`Move up ${named}`} isOff={place === 0} />
      <Act
        {...props}
        act={`down ${id}`}
        anchor={`g${at}`}
        words="↓"
        label={`Move down ${named}`}
        isOff={place === group.targets.length - 1}
      />
      <Act
        {...props}
        act={`remove ${id}`}
        anchor={`g${at}`}
        words="✕"
        label={`Remove ${named}`}
        isOff={group.targets.length === 1}
      />
    </span>
  );
}

interface ActProps {
  action: string;
  focus: string | null;
  act: string;
  /** The place on the page where it is seen. */
  anchor: string;
  words: string;
  label: string;
  isOff?: boolean;
}

/** Sends the form to be shown again, changed: nothing is saved. */
function Act({ action, focus, act, anchor, words, label, isOff = false }: ActProps): Markup {
  return (
    <button
      {...{ type: "submit", class: "quiet small", name: "do", value: act, "aria-label": label, disabled: isOff }}
      formaction={`${action}#${anchor}`}
      formnovalidate
      autofocus={focus === act}
    >
      {words}
    </button>
  );
}
