/** Goes over the media of a request, wherever it stands: in messages, results of tools, documents made of blocks. */
import type { Block, ChatRequest, Item, MediaBlock } from "./chat.ts";

/** A copy with each medium replaced; what `replace` gives back unchanged is shared. */
export function withMedia(request: ChatRequest, replace: (block: MediaBlock) => Block): ChatRequest {
  const inBlock = (block: Block): Block => {
    if (block.type !== "media") return block;
    const { source } = block;
    if (source.type !== "blocks") return replace(block);
    return { ...block, source: { type: "blocks", blocks: source.blocks.map(inBlock) } };
  };
  const inItem = (item: Item): Item => ("blocks" in item ? { ...item, blocks: item.blocks.map(inBlock) } : item);
  return { ...request, instructions: request.instructions.map(inBlock), items: request.items.map(inItem) };
}

/** In their order. */
export function mediaOf({ instructions, items }: ChatRequest): MediaBlock[] {
  const found: MediaBlock[] = [];
  const look = (blocks: readonly Block[]): void => {
    for (const block of blocks) {
      if (block.type !== "media") continue;
      if (block.source.type === "blocks") look(block.source.blocks);
      else found.push(block);
    }
  };
  look(instructions);
  for (const item of items) if ("blocks" in item) look(item.blocks);
  return found;
}
