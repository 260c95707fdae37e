/** The list as a person sees it: in the order of work, with their own edits that still wait. Pure. */

import type { Doc, Message, TodoItem, TodoStatus } from "./document";
import { bodyOf } from "./report";

export type TodoOperation =
  | { op: "add"; title: string; priority?: number; origin: "user_edit" }
  | { op: "edit"; id: string; title?: string; detail?: string }
  | { op: "status"; id: string; status: "pending" | "blocked" | "done" | "cancelled"; note?: string }
  | { op: "reorder"; ids: string[] };

export interface Row { item: TodoItem; waiting: boolean; ghost: boolean }

/** Highest priority first, as the graph takes items up; ties keep their place. */
export function inOrder(items: TodoItem[]): TodoItem[] {
  return items.map((item, place) => ({ item, place }))
    .sort((a, b) => b.item.priority - a.item.priority || a.place - b.place)
    .map(({ item }) => item);
}

/** Edits that wait for the next step, in their order. */
export function waitingEdits(doc: Doc): Message[] {
  return Object.values(doc.messages ?? {}).filter((m) => m.kind === "todo" && m.status === "queued").sort((a, b) => a.seq - b.seq);
}

function ghost(title: string, n: number): TodoItem {
  return {
    id: `+${n}`, title, detail: "", status: "pending", priority: 100, origin: "user_edit", depends_on: [], tool_hint: "any", acceptance: "",
    attempts: 0, evidence_ids: [], note: "", created_loop: 0, updated_by: "user", locked_by_user: true,
  };
}

/** The list with operations laid over it; an item that they touch is marked as waiting. */
export function overlay(items: TodoItem[], operations: TodoOperation[]): Row[] {
  let rows: Row[] = inOrder(items).map((item) => ({ item, waiting: false, ghost: false }));
  let ghosts = 0;
  const change = (id: string, to: Partial<TodoItem>) => {
    rows = rows.map((row) => (row.item.id === id ? { ...row, item: { ...row.item, ...to }, waiting: true } : row));
  };
  for (const operation of operations) {
    if (operation.op === "add") rows = [...rows, { item: ghost(operation.title, (ghosts += 1)), waiting: true, ghost: true }];
    else if (operation.op === "edit") change(operation.id, { ...(operation.title ? { title: operation.title } : {}), ...(operation.detail ? { detail: operation.detail } : {}) });
    else if (operation.op === "status") change(operation.id, { status: operation.status as TodoStatus });
    else if (operation.op === "reorder") {
      const named = operation.ids.map((id) => rows.find((row) => row.item.id === id)).filter((row) => row !== undefined);
      rows = [...named.map((row) => ({ ...row, waiting: true })), ...rows.filter((row) => !operation.ids.includes(row.item.id))];
    }
  }
  return rows;
}

/** The operations of messages of kind `todo`. */
export function operationsOf(messages: Message[]): TodoOperation[] {
  return messages.flatMap((message) => {
    const body = bodyOf(message) as { operations?: TodoOperation[] } | null;
    return Array.isArray(body?.operations) ? body.operations : [];
  });
}

/** The ids in a new order after one item moved by `by` places; null when it cannot. */
export function moved(ids: string[], id: string, by: number): string[] | null {
  const from = ids.indexOf(id);
  const to = from + by;
  if (from < 0 || to < 0 || to >= ids.length || by === 0) return null;
  const after = ids.filter((one) => one !== id);
  after.splice(to, 0, id);
  return after;
}
