/** Numbers of citations, the draft of each section, and what a message did, in words. Pure. */

import type { Doc, Message, Section, Text } from "./document";
import type { Words } from "../i18n";

/** Evidence id to the number of its source: the report's own once it is final, until then by first use. */
export function numbering(doc: Doc): Record<string, number> {
  if (doc.report?.numbers) return doc.report.numbers;
  const numbers: Record<string, number> = {};
  const bySource = new Map<string, number>();
  for (const section of sectionsOf(doc)) {
    for (const id of (section.claims ?? []).filter((c) => c.verdict !== "dropped").flatMap((c) => c.evidence)) {
      const source = doc.evidence?.[id]?.source;
      if (!source) continue;
      if (!bySource.has(source)) bySource.set(source, bySource.size + 1);
      numbers[id] = bySource.get(source)!;
    }
  }
  return numbers;
}

/** The sections in the report's order. */
export function sectionsOf(doc: Doc): Section[] {
  const all = doc.sections ?? {};
  const order = doc.report?.order ?? Object.keys(all);
  return order.map((id) => all[id]).filter((section) => section !== undefined);
}

/** One chip for each source that a claim cites, with all quotes from it. */
export function chips(evidence: string[], numbers: Record<string, number>): { n: number; ids: string[] }[] {
  const found = new Map<number, string[]>();
  for (const id of evidence) {
    const n = numbers[id];
    if (n !== undefined) found.set(n, [...(found.get(n) ?? []), id]);
  }
  return [...found].map(([n, ids]) => ({ n, ids }));
}

/** Section id to the newest text that was written for it. */
export function drafts(texts: Record<string, Text>): Record<string, Text> {
  const found: Record<string, Text> = {};
  for (const text of Object.values(texts)) {
    const [kind, section] = text.id.split(":");
    if (kind === "draft" && section) found[section] = text;
  }
  return found;
}

/** The title that an item of the list has, else its id. */
function titled(doc: Doc, id: unknown): string {
  const title = doc.todo?.items.find((item) => item.id === id)?.title;
  return title ? `“${title}”` : String(id);
}

/** What a message did, for the person who sent it. */
export function effects(message: Message, doc: Doc, words: Words): string[] {
  const told: string[] = [];
  for (const [name, value] of Object.entries(message.effect ?? {})) {
    const values = Array.isArray(value) ? value : [value];
    const say = words.effect[name as keyof typeof words.effect];
    if (name === "budget") {
      for (const change of values as { unit: keyof typeof words.unit; to: number }[])
        told.push(`${words.effect.budget}: ${words.unit[change.unit] ?? change.unit} ≤ ${change.to}`);
    } else if (name === "constraints") {
      for (const rule of values as { id: string; kind: string; text: string }[])
        told.push(`${words.effect.constraints} ${rule.id}${rule.text ? `: ${rule.text}` : ` (${rule.kind})`}`);
    } else if (name.startsWith("tasks_")) {
      told.push(`${say ?? name}: ${[...new Set(values)].map((id) => titled(doc, id)).join(", ")}`);
    } else if (name === "evidence_hidden" || name === "evidence_shown") {
      told.push(`${say}: ${values.length}`);
    } else if (value === true || (values.length === 1 && values[0] === true)) {
      told.push(say ?? name);
    } else {
      told.push(`${say ?? name}: ${values.map((v) => (typeof v === "string" ? v : JSON.stringify(v))).join(", ")}`);
    }
  }
  return told;
}

/** Where a run that has ended is gone on with: all that it found and wrote is kept. Checkpoints come newest first. */
export function continuation<C extends { next: string[] }>(points: C[]): C | undefined {
  const filing = (point: C) => point.next.length === 1 && point.next[0] === "finalize";
  return points.find(filing) ?? points.find((point) => point.next.length > 0);
}

/** The body of a typed message: JSON, as the server keeps it. */
export function bodyOf(message: Message): unknown {
  if (typeof message.body !== "string") return message.body;
  try {
    return JSON.parse(message.body);
  } catch {
    return message.body;
  }
}

/** An address that may become a link: http and https only. */
export function safeUrl(url: string): string | null {
  try {
    const parsed = new URL(url);
    return parsed.protocol === "http:" || parsed.protocol === "https:" ? parsed.href : null;
  } catch {
    return null;
  }
}
