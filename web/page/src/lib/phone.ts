/** What a phone task puts into the shared document, and an action in words. Pure. */

import type { Words } from "../i18n";

export type Verdict = "ok" | "wrong" | "no_change" | "uncertain" | "skipped" | "refused";
export interface Target { bounds: number[]; point: number[]; label: string; role?: string; resource_id?: string }
export interface Action { kind: string; text?: string; app?: string; key?: string; direction?: string; seconds?: number }
export interface Step {
  n: number; subtask: string; thought: string; action: Action; target: Target | null; expect: string; verdict: Verdict;
  evidence: string; why: string; image: string; rule: string; classes: string[]; app: string;
}
export interface Screen {
  image: string; width: number; height: number; package: string; activity: string; target: Target | null; list?: string;
}
export interface Subtask { id: string; goal: string; app: string; status: "pending" | "in_progress" | "done" | "failed"; why?: string }
export interface Difference { kind: "not_drawn" | "no_node"; bounds: number[]; text: string; at_target: boolean }
export interface PhoneDoc {
  screen?: Screen; subtasks?: { current: string; items: Subtask[] }; steps?: Record<string, Step>;
  permissions?: { packages: string[]; classes: string[]; granted: boolean }; answer?: { text: string; reason: string; doubt?: string };
  device?: { serial?: string; model?: string; release?: string; virtual?: boolean };
  memory?: { text: string; source: string; tainted: boolean }[]; questions?: { question: string; answer: string }[];
}

export const CLASSES = ["pay", "send", "delete", "install", "uninstall", "grant", "share", "call", "reset", "login", "account"] as const;

export function stepsOf(doc: PhoneDoc): Step[] {
  return Object.values(doc.steps ?? {}).sort((a, b) => a.n - b.n);
}

/** A step's picture of afterwards is the next step's of before; of the last one it is the screen as it is now. */
export function afterOf(steps: Step[], place: number, screen: Screen | undefined): string {
  return steps[place + 1]?.image ?? screen?.image ?? "";
}

export function actionWords(action: Action, target: Target | null, words: Words): string {
  const label = target ? target.label || target.resource_id?.split("/").pop() || target.role || "" : "";
  const what = label ? `“${label}”` : "";
  const { act } = words.phone;
  switch (action.kind) {
    case "type": return act.type(action.text ?? "", what);
    case "open_app": return act.open(action.app ?? "");
    case "key": return act.key(action.key ?? "");
    case "swipe": return `${act.swipe(action.direction ?? "")} ${what}`.trim();
    case "tap": return act.tap(what);
    case "long_press": return act.press(what);
    case "clear": return act.clear(what);
    case "wait": return act.wait;
    default: return `${act.other[action.kind as keyof typeof act.other] ?? action.kind}${action.text ? `: ${action.text}` : ""}`;
  }
}
