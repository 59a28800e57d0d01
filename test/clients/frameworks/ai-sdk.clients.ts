/** The Vercel AI SDK. */
import { aiClient, aiProviders } from "./ai-sdk.ts";
import { playAll } from "./play.ts";

playAll(Object.keys(aiProviders), aiClient);
