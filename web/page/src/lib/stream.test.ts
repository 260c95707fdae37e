import { afterEach, describe, expect, it, vi } from "vitest";
import { EventParser, EventStream, type Link } from "./stream";

const whole = 'retry: 1000\n\n: beat\n\ndata: {"a":1}\n\ndata: {"b":\ndata: 2}\nid: 5\n\nid: 6\r\ndata: {"c":"\u00e9\ud55c"}\r\n\r\n';

describe("the parser", () => {
  it("reads the same events however the bytes are cut", () => {
    const expected = [{ id: null, data: '{"a":1}' }, { id: 5, data: '{"b":\n2}' }, { id: 6, data: '{"c":"é한"}' }];
    expect(new EventParser().feed(whole)).toEqual(expected);
    for (let size = 1; size < 9; size += 1) {
      const parser = new EventParser();
      const events = [];
      for (let at = 0; at < whole.length; at += size) events.push(...parser.feed(whole.slice(at, at + size)));
      expect(events).toEqual(expected);
    }
  });
});

function body(text: string): Response {
  return new Response(text, { status: 200, headers: { "content-type": "text/event-stream" } });
}

describe("the stream", () => {
  afterEach(() => { vi.unstubAllGlobals(); vi.useRealTimers(); });
  it("comes back after the last event, through refused connections and server errors", async () => {
    vi.useFakeTimers();
    const asked: (string | undefined)[] = [];
    const answers: (() => Response)[] = [
      () => body('data: {"type":"X"}\nid: 4\n\n'), () => { throw new TypeError("refused"); }, () => new Response("", { status: 502 }),
      () => body('data: {"type":"Y"}\nid: 5\n\n'), () => new Response("", { status: 404 }),
    ];
    vi.stubGlobal("fetch", async (_url: string, init: RequestInit) => {
      asked.push((init.headers as Record<string, string>)["last-event-id"]);
      return answers.shift()!();
    });
    const links: Link[] = [];
    const got: string[] = [];
    let last = 0;
    new EventStream("/x", {
      after: () => last, onLink: (link) => links.push(link),
      onFrames: (frames) => frames.forEach(([frame, id]) => { got.push(frame.type); last = id ?? last; }),
    });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(got).toEqual(["X", "Y"]);
    expect(asked).toEqual([undefined, "4", "4", "4", "5"]);
    expect(links.filter((link) => link === "reconnecting").length).toBe(4);
    expect(links.at(-1)).toBe("refused");
  });
  it("gives up a connection that is silent for too long", async () => {
    vi.useFakeTimers();
    let calls = 0;
    vi.stubGlobal("fetch", async (_url: string, init: RequestInit) => {
      calls += 1;
      const silent = new ReadableStream({ start: (at) => init.signal!.addEventListener("abort", () => at.error(new Error("aborted"))) });
      return new Response(silent);
    });
    const stream = new EventStream("/x", { after: () => 0, onLink: () => {}, onFrames: () => {} });
    await vi.advanceTimersByTimeAsync(44_000);
    expect(calls).toBe(1);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(calls).toBe(2);
    stream.close();
  });
});
