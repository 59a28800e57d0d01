/** What became of a request of the playground: in a sentence, with its cost, its choice and its phases. */
import type { Markup } from "../jsx/jsx-runtime.ts";
import type { RequestDetail } from "../pages/request.tsx";
import { money, whole } from "./format.ts";
import { Phases } from "./phases.tsx";
import { Plays, type PlaysProps } from "./plays.tsx";
import { Badge } from "./result.tsx";
import { type Choice, Routing } from "./routing.tsx";
import { verdict } from "./verdict.ts";

export interface PlayedProps {
  request: RequestDetail;
  choice: Choice | null;
}

export function playedPart({ request, choice }: PlayedProps): Markup {
  const { tokens, costNano } = request;
  return (
    <>
      <p class="verdict">
        <Badge {...request} /> {verdict(request)}
      </p>
      <p>
        {tokens === null
          ? "No tokens were counted. "
          : `${whole(tokens.input)} tokens in, ${whole(tokens.output)} out, ${money(costNano)}. `}
        <a href={`/console/requests/${encodeURIComponent(request.id)}`}>The page of this request</a>
      </p>
      <Routing choice={choice} />
      <Phases {...request} />
    </>
  );
}

/** The same for a script, with what was sent before. */
export function playedNews({ before, ...props }: PlayedProps & { before: PlaysProps }): Markup {
  return (
    <>
      {playedPart(props)}
      <Plays {...before} isNews />
    </>
  );
}
