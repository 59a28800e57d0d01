/** The content blocks that Anthropic's Messages accepts, by role. */
import {
  anything,
  type Check,
  type Fields,
  flag,
  list,
  map,
  mediaBytes,
  nullable,
  oneOf,
  shape,
  tagged,
  text,
  textOr,
  Violation,
} from "./shape.ts";

export const cacheControl = nullable(shape({ type: oneOf("ephemeral") }, { ttl: oneOf("5m", "1h") }));
const mark = { cache_control: cacheControl };
const toolId = text({ pattern: /^[a-zA-Z0-9_-]+$/ });
export const toolName = text({ pattern: /^[a-zA-Z0-9_-]{1,128}$/ });

export const textBlock = shape({ type: oneOf("text"), text: text() }, { ...mark, citations: nullable(list(anything)) });

function base64Source(...types: string[]): Check {
  const fields = shape({ type: oneOf("base64"), media_type: oneOf(...types), data: text({ least: 1 }) });
  return (value, path) => {
    fields(value, path);
    const { data, media_type: type } = value as Fields;
    mediaBytes(String(data), String(type), `${path}.data`);
  };
}

const urlSource = shape({ type: oneOf("url"), url: text({ pattern: /^https?:\/\/\S+$/ }) });
const fileSource = shape({ type: oneOf("file"), file_id: text({ least: 1 }) });
const image = shape(
  {
    type: oneOf("image"),
    source: tagged({
      base64: base64Source("image/jpeg", "image/png", "image/gif", "image/webp"),
      url: urlSource,
      file: fileSource,
    }),
  },
  { ...mark, transformations: map(anything) },
);
const document = shape(
  {
    type: oneOf("document"),
    source: tagged({
      base64: base64Source("application/pdf"),
      text: shape({ type: oneOf("text"), media_type: oneOf("text/plain"), data: text() }),
      url: urlSource,
      file: fileSource,
      content: shape({ type: oneOf("content"), content: textOr(list(anything)) }),
    }),
  },
  { ...mark, title: nullable(text()), context: nullable(text()), citations: nullable(shape({}, { enabled: flag })) },
);
const searchResult = shape(
  { type: oneOf("search_result"), source: text(), title: text(), content: list(textBlock, { least: 1 }) },
  { ...mark, citations: nullable(shape({}, { enabled: flag })) },
);

const toolResult = shape(
  { type: oneOf("tool_result"), tool_use_id: toolId },
  {
    ...mark,
    content: textOr(list(tagged({ text: textBlock, image, search_result: searchResult, document }))),
    is_error: flag,
  },
);

const userBlock = tagged({ text: textBlock, image, document, search_result: searchResult, tool_result: toolResult });

const assistantBlock = tagged({
  text: textBlock,
  thinking: shape({ type: oneOf("thinking"), thinking: text(), signature: text({ least: 1 }) }),
  redacted_thinking: shape({ type: oneOf("redacted_thinking"), data: text({ least: 1 }) }),
  tool_use: shape(
    { type: oneOf("tool_use"), id: toolId, name: toolName, input: map(anything) },
    { ...mark, caller: map(anything) },
  ),
  document,
});

export const message = tagged(
  {
    user: shape({ role: oneOf("user"), content: textOr(list(userBlock)) }),
    assistant: shape({ role: oneOf("assistant"), content: textOr(list(assistantBlock)) }),
    system: shape({ role: oneOf("system"), content: textOr(list(textBlock)) }),
  },
  "role",
);

/** Blocks of a message's content, a string being one text block. */
export function blocksOf(content: unknown): Fields[] {
  if (typeof content === "string") return content === "" ? [] : [{ type: "text", text: content }];
  return (Array.isArray(content) ? content : []) as Fields[];
}

const isBlank = (block: Fields) => block.type === "text" && String(block.text).trim() === "";

/** The rules of empty content. */
export function checkContent({ role, content }: Fields, path: string): void {
  const blocks = blocksOf(content);
  const at = `${path}.content`;
  const empty = blocks.findIndex((block) => block.type === "text" && block.text === "");
  if (empty >= 0) throw new Violation(`${at}.${empty}`, "text content blocks must be non-empty");
  if (role === "user" && blocks.length === 0) throw new Violation(path, "user messages must have non-empty content");
  if (blocks.length > 0 && blocks.every(isBlank)) {
    throw new Violation(at, "text content blocks must contain non-whitespace text");
  }
  const late = blocks.findIndex(
    (block, index) => block.type === "tool_result" && index > 0 && blocks[index - 1]?.type !== "tool_result",
  );
  if (late >= 0) throw new Violation(`${at}.${late}`, "tool_result blocks must come first in the message");
}
