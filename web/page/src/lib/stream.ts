/** The event client: Server-Sent Events over fetch, that comes back by itself with the last event's id. */

import type { Frame } from "./document";

export interface ServerEvent { id: number | null; data: string }

/** Cuts a byte stream's text into server-sent events; a piece may end anywhere. */
export class EventParser {
  private rest = "";
  retry: number | null = null;

  feed(piece: string): ServerEvent[] {
    const lines = (this.rest + piece).split("\n");
    // An event ends with an empty line: what follows the last one waits for its remainder.
    let end = lines.length - 1;
    while (end > 0 && lines[end - 1]!.trimEnd() !== "") end -= 1;
    this.rest = lines.slice(end).join("\n");
    const events: ServerEvent[] = [];
    let id: number | null = null;
    let data: string[] = [];
    for (const raw of lines.slice(0, end)) {
      const line = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
      if (line === "") {
        if (data.length) events.push({ id, data: data.join("\n") });
        id = null;
        data = [];
      } else if (line.startsWith("data:")) data.push(line.slice(line[5] === " " ? 6 : 5));
      else if (line.startsWith("id:")) id = /^\s*\d+\s*$/.test(line.slice(3)) ? Number(line.slice(3)) : null;
      else if (line.startsWith("retry:")) this.retry = Number(line.slice(6)) || null;
    }
    return events;
  }
}

export type Link = "connecting" | "live" | "reconnecting" | "refused";
export interface Listener {
  /** Frames with the sequence number of the group that each ends. */
  onFrames(frames: [Frame, number | null][]): void;
  onLink(link: Link, status?: number): void;
  /** The last sequence number taken in; 0: begin with where everything stands. */
  after(): number;
}

const FIRST_MS = 400;
const MOST_MS = 8000;
const SILENT_MS = 45_000; // the server writes a comment every fifteen seconds

/** Follows a run's events until `close`; a lost connection is taken up again after the last event. */
export class EventStream {
  private closed = false;
  private stop: AbortController | null = null;
  private waker: (() => void) | null = null;
  private tries = 0;

  constructor(private readonly url: string, private readonly listener: Listener) {
    void this.run();
  }

  close(): void {
    this.closed = true;
    this.stop?.abort();
    this.waker?.();
  }

  /** Try at once: the network came back, or the page is looked at again. */
  hurry(): void {
    this.waker?.();
  }

  private async run(): Promise<void> {
    this.listener.onLink("connecting");
    while (!this.closed) {
      const status = await this.once().catch(() => 0);
      if (this.closed) return;
      if (status === 401 || status === 403 || status === 404) {
        this.listener.onLink("refused", status);
        return;
      }
      this.listener.onLink("reconnecting");
      const wait = Math.min(MOST_MS, FIRST_MS * 2 ** this.tries) * (0.75 + Math.random() / 2);
      this.tries += 1;
      await new Promise<void>((wake) => {
        const timer = setTimeout(wake, wait);
        this.waker = () => { clearTimeout(timer); wake(); };
      });
      this.waker = null;
    }
  }

  private async once(): Promise<number> {
    this.stop = new AbortController();
    const headers: Record<string, string> = { accept: "text/event-stream" };
    const after = this.listener.after();
    if (after > 0) headers["last-event-id"] = String(after);
    const response = await fetch(this.url, { headers, signal: this.stop.signal, credentials: "same-origin", cache: "no-store" });
    if (!response.ok || !response.body) return response.status || 500;
    const parser = new EventParser();
    const decoder = new TextDecoder();
    const reader = response.body.getReader();
    this.listener.onLink("live");
    for (;;) {
      const timer = setTimeout(() => this.stop?.abort(), SILENT_MS);
      const { done, value } = await reader.read().finally(() => clearTimeout(timer));
      if (done) return 200;
      const events = parser.feed(decoder.decode(value, { stream: true }));
      if (events.length) this.tries = 0;
      const frames: [Frame, number | null][] = [];
      for (const event of events) frames.push([JSON.parse(event.data) as Frame, event.id]);
      if (frames.length) this.listener.onFrames(frames);
    }
  }
}
