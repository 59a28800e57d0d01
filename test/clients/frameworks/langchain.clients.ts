/** LangChain.js. */
import { langchainClient, langchainModels } from "./langchain.ts";
import { playAll } from "./play.ts";

playAll(Object.keys(langchainModels), langchainClient);
