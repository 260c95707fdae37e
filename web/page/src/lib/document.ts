/** The shared state document of a run, and the fold of AG-UI frames into it. Pure: it knows no browser. */

export type RunStatus =
  | "queued" | "running" | "paused" | "waiting_human" | "interrupted" | "completed" | "failed" | "cancelled";

export interface RunInfo {
  id: string; thread?: string; graph: string; question: string; status: RunStatus; error?: string | null;
  model?: string | null; created?: string; parent?: string | null; interrupts?: Record<string, unknown>;
}
export type TodoStatus = "pending" | "in_progress" | "done" | "failed" | "blocked" | "cancelled";
export interface TodoItem {
  id: string; title: string; detail: string; status: TodoStatus; priority: number;
  origin: "query" | "gap" | "steer" | "user_edit"; depends_on: string[]; tool_hint: string; acceptance: string;
  attempts: number; evidence_ids: string[]; note: string; created_loop: number; updated_by: string;
  locked_by_user: boolean;
}
export interface Todo { version: number; items: TodoItem[] }
export interface Constraint {
  id: string; kind: string; text: string; predicate: Record<string, unknown>; status: "active" | "withdrawn";
  from_message: number;
}
export interface Message {
  seq: number; kind: string; body: unknown; client_id: string; status: "queued" | "applied" | "rejected";
  reason?: string; effect?: Record<string, unknown>; loop?: number | null; at?: string;
}
export interface Meter { used?: number; cap?: number | null }
export type Budget = { tokens?: Meter; usd?: Meter; minutes?: Meter; loops?: Meter; calls?: number };
export interface Source {
  id: string; url: string; title: string; engine: string; source_type: string; published?: string | null;
  evidence: string[]; hidden_by?: string;
}
export interface Evidence { id: string; source: string; quote: string; hidden_by?: string; task_id?: string }
export interface Claim { text: string; evidence: string[]; verdict?: string; extractive?: boolean; why?: string }
export interface Section { id: string; title: string; claims?: Claim[]; status: "writing" | "written" | "checked" | "final" }
export interface Report {
  title: string; order: string[]; final: boolean; numbers?: Record<string, number>; gaps?: string[];
  open?: { id: string; title: string; status: TodoStatus; note: string }[]; about?: About;
  /** Quotes that say different things, each with the number of its source. */
  disagreements?: { evidence: string; quote: string; ref: number }[][];
}
/** What the run came to, as its exports say it too. */
export interface About {
  model: string; claims: number; extractive_claims: number; extractive: boolean; unverified_claims: number;
  dropped_claims: number; stop_reason: string; stopped_because: string; loops: number;
  calls: { llm: number; search: number; fetch: number }; input_tokens: number; output_tokens: number; usd: number;
}
export interface Chart { id: string; spec: { title: string } }

export interface Doc {
  run?: Partial<RunInfo>; todo?: Todo; constraints?: Constraint[]; messages?: Record<string, Message>;
  budget?: Budget; sources?: Record<string, Source>; evidence?: Record<string, Evidence>; report?: Report;
  sections?: Record<string, Section>; charts?: Record<string, Chart>; blocked?: Record<string, string>;
  loop?: number; limits?: Partial<Record<Unit, number | null>>; gaps?: string[]; disagreements?: unknown[];
  [more: string]: unknown;
}
export type Unit = "tokens" | "usd" | "minutes" | "loops";

export interface Text { id: string; role: string; text: string; open: boolean }
export interface Activity {
  id: string; kind: string; text: string; status: string; detail: string; task: string;
}
/** What a page knows of a run. Every fold returns a new value; parts that did not change keep their identity. */
export interface View {
  doc: Doc;
  texts: Record<string, Text>;
  activities: Record<string, Activity>;
  steps: string[];
  /** Sequence number of the last event taken in, and how many were skipped before it (always 0). */
  seq: number;
  missed: number;
  ready: boolean;
  ended: boolean;
}
export const emptyView: View = {
  doc: {}, texts: {}, activities: {}, steps: [], seq: 0, missed: 0, ready: false, ended: false,
};

export interface Operation { op: string; path: string; value?: unknown }
// Frames come from the server's projector; each handler reads the members that its type has.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Frame = { type: string } & Record<string, any>;

const FORBIDDEN = new Set(["__proto__", "constructor", "prototype"]);

/** The keys that a JSON pointer names; null for one that would reach a prototype. */
export function keysOf(path: string): string[] | null {
  if (!path.startsWith("/")) return null;
  const keys = path.slice(1).split("/").map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
  return keys.some((key) => FORBIDDEN.has(key)) ? null : keys;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function put(holder: Record<string, unknown>, keys: string[], operation: Operation): Record<string, unknown> {
  const [key, ...rest] = keys;
  if (key === undefined) return holder;
  if (rest.length === 0) {
    if (operation.op !== "remove") return { ...holder, [key]: operation.value };
    const { [key]: _gone, ...left } = holder;
    return left;
  }
  const child = holder[key];
  if (!isObject(child) && operation.op === "remove") return holder;
  return { ...holder, [key]: put(isObject(child) ? child : {}, rest, operation) };
}

/** The document after the operations; applying them twice changes nothing. */
export function patch(doc: Doc, operations: Operation[]): Doc {
  let after: Record<string, unknown> = doc;
  for (const operation of operations) {
    const keys = keysOf(operation.path);
    if (keys) after = put(after, keys, operation);
  }
  return after as Doc;
}

const KEPT = 600; // the server sends 300 to a new page

function capped<T>(all: Record<string, T>): Record<string, T> {
  const keys = Object.keys(all);
  return keys.length <= KEPT ? all : Object.fromEntries(Object.entries(all).slice(keys.length - KEPT / 2));
}

function activity(frame: Frame): Activity {
  const content = isObject(frame.content) ? frame.content : {};
  const word = (name: string) => (typeof content[name] === "string" ? (content[name] as string) : "");
  return {
    id: String(frame.messageId ?? frame.id), kind: String(frame.activityType ?? "activity"),
    text: word("text"), status: word("status") || "done", detail: word("detail"), task: word("task"),
  };
}

function setText(view: View, text: Text, last = false): View {
  let texts = view.texts;
  if (last && text.id in texts) {
    const { [text.id]: _old, ...rest } = texts; // a text that begins again is the newest
    texts = rest;
  }
  return { ...view, texts: capped({ ...texts, [text.id]: text }) };
}

function snapshot(view: View, frame: Frame): View {
  const texts: Record<string, Text> = {};
  const activities: Record<string, Activity> = {};
  for (const message of (frame.messages ?? []) as Frame[]) {
    if (message.role === "activity") activities[message.id] = activity(message);
    else texts[message.id] = { id: message.id, role: message.role, text: String(message.content ?? ""), open: false };
  }
  return { ...view, texts, activities };
}

function custom(view: View, frame: Frame): View {
  if (frame.name === "tail") return { ...view, seq: Number(frame.value?.seq ?? 0), ready: true, missed: 0 };
  return view;
}

const handlers: Record<string, (view: View, frame: Frame) => View> = {
  RUN_STARTED: (view) => (view.ended ? { ...view, ended: false } : view),
  RUN_FINISHED: (view) => ({ ...view, ended: true, steps: [] }),
  RUN_ERROR: (view) => ({ ...view, ended: true, steps: [] }),
  STATE_SNAPSHOT: (view, frame) => ({ ...view, doc: (frame.snapshot ?? {}) as Doc, steps: [] }),
  STATE_DELTA: (view, frame) => ({ ...view, doc: patch(view.doc, (frame.delta ?? []) as Operation[]) }),
  MESSAGES_SNAPSHOT: snapshot,
  STEP_STARTED: (view, frame) => ({ ...view, steps: [...view.steps.filter((s) => s !== frame.stepName), frame.stepName] }),
  STEP_FINISHED: (view, frame) => ({ ...view, steps: view.steps.filter((s) => s !== frame.stepName) }),
  TEXT_MESSAGE_START: (view, frame) =>
    setText(view, { id: frame.messageId, role: frame.role ?? "assistant", text: "", open: true }, true),
  TEXT_MESSAGE_CONTENT: (view, frame) => {
    const old = view.texts[frame.messageId] ?? { id: frame.messageId, role: "assistant", text: "", open: true };
    return setText(view, { ...old, text: old.text + String(frame.delta ?? "") });
  },
  TEXT_MESSAGE_END: (view, frame) => {
    const old = view.texts[frame.messageId];
    return old ? setText(view, { ...old, open: false }) : view;
  },
  ACTIVITY_SNAPSHOT: (view, frame) => {
    const made = activity(frame);
    return { ...view, activities: capped({ ...view.activities, [made.id]: made }) };
  },
  CUSTOM: custom,
};

/** Take in one frame; `id` is the sequence number when the frame ends an event's group. */
export function fold(view: View, frame: Frame, id: number | null = null): View {
  const handler = handlers[frame.type];
  let after = handler ? handler(view, frame) : view;
  if (id !== null && id > after.seq) {
    after = { ...after, missed: after.missed + (id - after.seq - 1), seq: id };
  }
  return after;
}
