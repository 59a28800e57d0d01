import { expect, test } from "bun:test";
import { Calibration } from "../../src/metering/calibration.ts";

test("a model that nothing was reported of keeps our estimate", () => {
  expect(new Calibration().corrected("m", 100)).toBe(100);
});

test("the first report counts whole, later ones move it, and each model has its own", () => {
  const calibration = new Calibration();
  calibration.observe("m", { estimated: 1000, reported: 800 });
  expect(calibration.corrected("m", 1000)).toBe(800);
  calibration.observe("m", { estimated: 1000, reported: 1000 });
  expect(calibration.corrected("m", 1000)).toBe(900);
  expect(calibration.corrected("other", 1000)).toBe(1000);
});

test("a tokenizer that changes is followed", () => {
  const calibration = new Calibration();
  for (let at = 0; at < 50; at++) calibration.observe("m", { estimated: 1000, reported: 700 });
  for (let at = 0; at < 50; at++) calibration.observe("m", { estimated: 1000, reported: 1300 });
  expect(calibration.corrected("m", 1000)).toBeWithin(1290, 1302);
});

test("reports that cannot be of this text are left out", () => {
  const calibration = new Calibration();
  calibration.observe("m", { estimated: 1000, reported: 10 });
  calibration.observe("m", { estimated: 1000, reported: 100_000 });
  calibration.observe("m", { estimated: 0, reported: 100 });
  expect(calibration.corrected("m", 1000)).toBe(1000);
});

test("after the first samples few requests are estimated", () => {
  const calibration = new Calibration();
  let wanted = 0;
  for (let at = 0; at < 328; at++) {
    if (!calibration.wants("m")) continue;
    wanted++;
    calibration.observe("m", { estimated: 100, reported: 100 });
  }
  expect(wanted).toBe(18);
});
