/** The protocols, in the order in which the unknown is decided; the last one is the default shape. */
import { chat } from "./chat/index.ts";
import { gemini } from "./gemini/index.ts";
import { messages } from "./messages/index.ts";
import type { Protocol } from "./protocol.ts";
import { responses } from "./responses/index.ts";

export const protocols: readonly Protocol[] = [gemini, messages, responses, chat];
