/** What the page asks of the server. Every error has words for a person. */

import type { Doc, RunStatus } from "./document";

export interface Session {
  mode: "single" | "accounts"; user: string | null; csrf: string; oidc: string | null; version: string;
  uploads: { megabytes: number; files: number };
}
export interface Run {
  id: string; thread: string; graph: string; question: string; status: RunStatus; error: string | null;
  created: string; ended: string | null; parent: string | null; input: Record<string, unknown>;
}
export interface Graph {
  name: string; title: string; description: string; steerable: boolean;
  input_schema: Schema;
}
export interface Model { name: string; provider: string; default: boolean }
/** `free_choice`: any `provider:name`, database and folder may be named, as in single-user mode. */
export interface Offer { models: Model[]; free_choice: boolean; folders: string[]; databases: string[]; phones: string[] }
export interface Checkpoint { id: string; at: string; step: number; next: string[]; loop: number | null }
export interface Quote {
  quote: string; before: string; after: string; url: string; title: string; fetched_at: string; place: string; stands: boolean;
}
export interface Upload { id: string; files: UploadFile[] }
export interface UploadFile { name: string; bytes: number }
export interface Schema {
  type?: string | string[]; title?: string; description?: string; properties?: Record<string, Schema>;
  required?: string[]; enum?: unknown[]; items?: Schema; default?: unknown; minimum?: number; maximum?: number;
  maxLength?: number; anyOf?: Schema[]; const?: unknown;
}
export interface Side { run: Run; state: Doc; only_claims: string[]; only_sources: string[] }
export interface Comparison { a: Side; b: Side; shared_claims: string[]; shared_sources: string[] }

export class ApiError extends Error {
  constructor(readonly status: number, message: string, readonly mend: string) {
    super(message);
  }
}

let csrf = "";
let onLogout: () => void = () => {};

/** What to do when the server says that nobody is logged in. */
export function whenLoggedOut(handler: () => void): void {
  onLogout = handler;
}

async function send<T>(method: string, path: string, body?: unknown, again = true): Promise<T> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (method !== "GET") headers["x-csrf-token"] = csrf;
  const form = body instanceof FormData;
  if (body !== undefined && !form) headers["content-type"] = "application/json";
  let response: Response;
  try {
    response = await fetch(path, {
      method, headers, credentials: "same-origin", body: form ? body : body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new ApiError(0, "unreachable", "");
  }
  if (response.ok) return (response.status === 204 ? undefined : await response.json()) as T;
  const told = (await response.json().catch(() => null)) as { error?: { message?: string; mend?: string } } | null;
  if (response.status === 403 && again && method !== "GET") {
    await session(); // the token is of an older session: another tab logged in, or the cookie ran out
    return send(method, path, body, false);
  }
  if (response.status === 401 && path !== "/api/login") onLogout();
  throw new ApiError(response.status, told?.error?.message ?? `${response.status} ${response.statusText}`, told?.error?.mend ?? "");
}

const get = <T>(path: string) => send<T>("GET", path);
const post = <T>(path: string, body: unknown = {}) => send<T>("POST", path, body);
const at = (run: string) => `/api/runs/${encodeURIComponent(run)}`;

function entered(value: Session): Session {
  csrf = value.csrf;
  return value;
}
/** An id by which the server knows a request that is sent twice. */
export function clientId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export const session = async () => entered(await get<Session>("/api/session"));
export const login = async (name: string, password: string) => entered(await post<Session>("/api/login", { name, password }));
export const logout = () => post<void>("/api/logout");

function listed<T>(value: unknown, name: string): T[] {
  if (Array.isArray(value)) return value as T[];
  const inner = (value as Record<string, unknown> | null)?.[name];
  return Array.isArray(inner) ? (inner as T[]) : [];
}
export const graphs = async () => listed<Graph>(await get("/api/graphs"), "graphs");
export const offer = () => get<Offer>("/api/models");
export const uploads = async () => listed<Upload>(await get("/api/uploads"), "uploads");
export const removeUpload = (id: string) => send<void>("DELETE", `/api/uploads/${encodeURIComponent(id)}`);
export function upload(files: File[]): Promise<Upload> {
  const form = new FormData();
  for (const file of files) form.append("files", file, file.name);
  return send<Upload>("POST", "/api/uploads", form);
}

export const start = (graph: string, input: unknown) => post<Run>("/api/runs", { graph, input, client_id: clientId() });
export const runs = (before?: string) =>
  get<{ runs: Run[]; next: string | null }>(`/api/runs?limit=30${before ? `&before=${encodeURIComponent(before)}` : ""}`);
export const eventsUrl = (run: string) => `${at(run)}/events`;
export const say = (run: string, text: string, id: string) => post<unknown>(`${at(run)}/messages`, { text, client_id: id });
export const editTodo = (run: string, base: number, operations: unknown[], id: string) =>
  send<unknown>("PATCH", `${at(run)}/todo`, { base_version: base, operations, client_id: id });
export const operate = (run: string, operations: unknown[]) =>
  post<unknown>(`${at(run)}/operations`, { operations, client_id: clientId() });
export const control = (run: string, verb: "pause" | "resume" | "cancel" | "finish") => post<Run>(`${at(run)}/${verb}`);
export const answer = (run: string, responses: Record<string, unknown>) => post<Run>(`${at(run)}/interrupts`, { responses });
export const checkpoints = async (run: string) => listed<Checkpoint>(await get(`${at(run)}/checkpoints`), "checkpoints");
export const fork = (run: string, checkpoint: string, message?: { text: string; client_id: string }) =>
  post<Run>(`${at(run)}/fork`, { checkpoint_id: checkpoint, ...(message ? { message } : {}) });
export const quote = (run: string, evidence: string) => get<Quote>(`${at(run)}/evidence/${encodeURIComponent(evidence)}`);
export const compare = (a: string, b: string) =>
  get<Comparison>(`/api/compare?a=${encodeURIComponent(a)}&b=${encodeURIComponent(b)}`);
export const exportUrl = (run: string, kind: string) => `${at(run)}/report.${kind}`;
export const imageUrl = (run: string, sha: string) => `${at(run)}/images/${encodeURIComponent(sha)}.png`;
export const replayUrl = (run: string) => `${at(run)}/replay.html`;
export const chartUrl = (run: string, chart: string) => `${at(run)}/charts/${encodeURIComponent(chart)}.svg`;
