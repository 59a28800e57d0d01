/** Answers that are kept so that their client can read them again, and who keeps them. */

/** What a model was given for an answer that is, or will be, kept. */
export interface StoredInput {
  /** Id of the request; the answer to it is kept under the same one. */
  requestId: string;
  /** JSON text, as the client wrote it. */
  input: string;
}

export interface StoredResponse {
  requestId: string;
  /** Epoch milliseconds. */
  at: number;
  /** Name of the client key that alone may read it. */
  owner: string;
  protocol: string;
  /** Its id as the client knows it. */
  id: string;
  /** The name that the client called. */
  model: string;
  /** `provider/model` that answered. */
  target: string;
  /** The account that made it and all answers that it goes on from; empty when there were several. */
  scope: string;
  /** Number of the last event when it was streamed. */
  lastEvent: number | null;
  /** JSON text, as the client got it. */
  response: string;
  /** Ids of what is in it, by which later requests may refer to it. */
  items?: readonly string[];
}

export type StoredPlace = Pick<StoredResponse, "owner" | "protocol" | "id">;

/** Writing never waits and never throws; what was given to it is found at once. */
export interface ResponseStore {
  /** False when there is no room: it is not kept. */
  keepInput(input: StoredInput): boolean;
  /** False when there is no room: it is not kept. */
  keepResponse(response: StoredResponse): boolean;
  /** The answer to this request will not come. */
  forgetInput(requestId: string): void;
  /** Undefined when there is none, or its time is over. Rejects when the database does. */
  find(place: StoredPlace): Promise<StoredResponse | undefined>;
  /** The newest answer that holds the item with the id of the place. Rejects when the database does. */
  findHolder(place: StoredPlace): Promise<StoredResponse | undefined>;
  /** The input of a kept answer. Rejects when the database does. */
  findInput(requestId: string): Promise<string | undefined>;
  /** Resolves, when it is gone for good, to whether it was there. Rejects when the database does. */
  remove(place: StoredPlace): Promise<boolean>;
}
