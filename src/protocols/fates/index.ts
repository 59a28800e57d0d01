/** All tables of fates: requests by the protocol of the client, answers by that of the provider. */
import { chatRequests } from "./chat.ts";
import { chatAnswers } from "./chat-answers.ts";
import { chatStreams } from "./chat-streams.ts";
import { geminiRequests } from "./gemini.ts";
import { geminiAnswers } from "./gemini-answers.ts";
import { geminiStreams } from "./gemini-streams.ts";
import { messagesRequests } from "./messages.ts";
import { messagesAnswers } from "./messages-answers.ts";
import { messagesStreams } from "./messages-streams.ts";
import { responsesRequests } from "./responses.ts";
import { responsesAnswers } from "./responses-answers.ts";
import { responsesInput } from "./responses-input.ts";
import { responsesStreams } from "./responses-streams.ts";

export const requestTables = {
  chat: chatRequests,
  responses: responsesRequests + responsesInput,
  messages: messagesRequests,
  gemini: geminiRequests,
} as const;

export const answerTables = {
  chat: chatAnswers,
  responses: responsesAnswers,
  messages: messagesAnswers,
  gemini: geminiAnswers,
} as const;

export const streamTables = {
  chat: chatStreams,
  responses: responsesStreams,
  messages: messagesStreams,
  gemini: geminiStreams,
} as const;
