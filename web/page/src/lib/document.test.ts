import { describe, expect, it } from "vitest";
import { emptyView, fold, keysOf, patch, type Frame, type View } from "./document";

const feed = (frames: [Frame, number | null][], view: View = emptyView) => frames.reduce((v, [frame, id]) => fold(v, frame, id), view);
const delta = (...operations: object[]): Frame => ({ type: "STATE_DELTA", delta: operations });

describe("the document", () => {
  it("is the same when an operation is applied twice", () => {
    const operations = [
      { op: "add", path: "/sources", value: {} }, { op: "add", path: "/sources/s1", value: { id: "s1" } },
      { op: "add", path: "/blocked/a~1b", value: "no" }, { op: "remove", path: "/gone" },
    ];
    const once = patch({}, operations);
    expect(patch(once, operations.slice(1))).toEqual(once);
    expect(once).toEqual({ sources: { s1: { id: "s1" } }, blocked: { "a/b": "no" } });
  });
  it("never changes what it was given, and keeps what did not change", () => {
    const before = { sources: { s1: { id: "s1" } }, run: { id: "r" } } as never;
    const after = patch(before, [{ op: "add", path: "/sources/s2", value: { id: "s2" } }]);
    expect(before).toEqual({ sources: { s1: { id: "s1" } }, run: { id: "r" } });
    expect(after.run).toBe((before as { run: unknown }).run);
  });
  it("lets no path reach a prototype", () => {
    expect(keysOf("/__proto__/polluted")).toBeNull();
    patch({}, [{ op: "add", path: "/__proto__/polluted", value: 1 }, { op: "add", path: "/constructor/prototype/polluted", value: 1 }]);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe("the fold", () => {
  const opening: [Frame, null][] = [
    [{ type: "RUN_STARTED" }, null], [{ type: "STATE_SNAPSHOT", snapshot: { loop: 1 } }, null],
    [{ type: "MESSAGES_SNAPSHOT", messages: [{ id: "a", role: "activity", activityType: "search", content: { text: "q", status: "done" } }, { id: "m", role: "assistant", content: "hi" }] }, null],
    [{ type: "CUSTOM", name: "tail", value: { seq: 7 } }, null],
  ];
  it("begins where everything stands", () => {
    const view = feed(opening);
    expect(view).toMatchObject({ seq: 7, missed: 0, ready: true, doc: { loop: 1 } });
    expect(view.activities.a).toMatchObject({ kind: "search", text: "q", status: "done" });
    expect(view.texts.m!.text).toBe("hi");
  });
  it("counts what was skipped, and nothing when nothing was", () => {
    expect(feed([[delta(), 8], [delta(), 9]], feed(opening))).toMatchObject({ seq: 9, missed: 0 });
    expect(feed([[delta(), 8], [delta(), 11]], feed(opening))).toMatchObject({ seq: 11, missed: 2 });
  });
  it("puts a text together and lets a text that begins again be the newest", () => {
    const view = feed([
      [{ type: "TEXT_MESSAGE_START", messageId: "draft:s1:r:1", role: "assistant" }, null],
      [{ type: "TEXT_MESSAGE_CONTENT", messageId: "draft:s1:r:1", delta: "one " }, 8],
      [{ type: "TEXT_MESSAGE_CONTENT", messageId: "draft:s1:r:1", delta: "two" }, 9],
      [{ type: "TEXT_MESSAGE_END", messageId: "draft:s1:r:1" }, 10],
      [{ type: "TEXT_MESSAGE_START", messageId: "draft:s2:r:1" }, 11], [{ type: "TEXT_MESSAGE_START", messageId: "draft:s1:r:1" }, 12],
    ], feed(opening));
    expect(view.texts["draft:s1:r:1"]).toEqual({ id: "draft:s1:r:1", role: "assistant", text: "", open: true });
    expect(Object.keys(view.texts).at(-1)).toBe("draft:s1:r:1");
  });
  it("keeps a bounded number of activities", () => {
    let view = feed(opening);
    for (let n = 0; n < 5000; n += 1) view = fold(view, { type: "ACTIVITY_SNAPSHOT", messageId: `t${n}`, content: {} }, 8 + n);
    expect(Object.keys(view.activities).length).toBeLessThanOrEqual(600);
    expect(view.activities.t4999).toBeDefined();
  });
  it("ends, and begins again", () => {
    const ended = feed([[{ type: "RUN_FINISHED" }, 8]], feed(opening));
    expect(ended.ended).toBe(true);
    expect(feed([[{ type: "RUN_STARTED" }, 9]], ended).ended).toBe(false);
  });
});
