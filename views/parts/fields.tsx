/** Fields of the forms above figures. */
import type { Markup } from "../jsx/jsx-runtime.ts";

export interface Option {
  value: string;
  words: string;
}

export interface SelectProps {
  name: string;
  label: string;
  options: readonly Option[];
  value: string;
}

export function Select({ name, label, options, value }: SelectProps): Markup {
  return (
    <p>
      <label for={`f-${name}`}>{label}</label>
      <select id={`f-${name}`} name={name}>
        {options.map((option) => (
          <option value={option.value} selected={option.value === value}>
            {option.words}
          </option>
        ))}
      </select>
    </p>
  );
}

export function Day({ name, label, value }: { name: string; label: string; value: string }): Markup {
  return (
    <p>
      <label for={`f-${name}`}>{label}</label>
      <input id={`f-${name}`} name={name} type="date" value={value} />
    </p>
  );
}

export function Ignored({ ignored }: { ignored: readonly string[] }): Markup | null {
  if (ignored.length === 0) return null;
  return (
    <p class="banner warn" role="status">
      Not understood, and left out: {ignored.join("; ")}.
    </p>
  );
}
