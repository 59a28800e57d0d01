import { expect, test } from "bun:test";
import { GatewayError } from "../../../src/model/error.ts";
import { ResponsesEncoder } from "../../../src/protocols/responses/encode.ts";
import { context } from "./support.ts";

test("the failure of a stream that was passed on has the answer's id and the next number", () => {
  const encoder = new ResponsesEncoder(context());
  const last = 'data: {"type":"response.output_text.delta","sequence_number": 41}\n\ndata: {"sequence_number":42}\n\n';
  encoder.resume({ type: "start", id: "resp_theirs", model: "m", created: 7 }, last);
  const frames = encoder.fail(new GatewayError("overloaded", "Come again."));
  expect(frames.map(({ event }) => event)).toEqual(["response.failed"]);
  expect(JSON.parse(frames[0]?.data ?? "")).toMatchObject({
    sequence_number: 43,
    response: { id: "resp_theirs", created_at: 7, status: "failed", error: { message: "Come again." } },
  });
});
