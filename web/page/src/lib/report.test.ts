import { describe, expect, it } from "vitest";
import { dictionary } from "../i18n";
import type { Doc, Message, TodoItem } from "./document";
import { inOrder, moved, operationsOf, overlay } from "./plan";
import { chips, continuation, drafts, effects, numbering, safeUrl } from "./report";

const evidence = { e1: { id: "e1", source: "s2", quote: "q" }, e2: { id: "e2", source: "s1", quote: "q" }, e3: { id: "e3", source: "s2", quote: "q" } };
const doc: Doc = {
  evidence, report: { title: "T", order: ["b", "a"], final: false },
  sections: {
    a: { id: "a", title: "A", status: "checked", claims: [{ text: "x", evidence: ["e2"] }] },
    b: { id: "b", title: "B", status: "checked", claims: [{ text: "gone", evidence: ["e2"], verdict: "dropped" }, { text: "y", evidence: ["e3", "e1"] }] },
  },
};
const item = (id: string, priority: number): TodoItem => ({
  id, priority, title: id, detail: "", status: "pending", origin: "query", depends_on: [], tool_hint: "", acceptance: "", attempts: 0,
  evidence_ids: [], note: "", created_loop: 0, updated_by: "planner", locked_by_user: false,
});

describe("citations", () => {
  it("are numbered by first use of their source, dropped claims aside", () => expect(numbering(doc)).toEqual({ e3: 1, e1: 1, e2: 2 }));
  it("have the report's own numbers once it is final", () =>
    expect(numbering({ ...doc, report: { ...doc.report!, final: true, numbers: { e2: 9 } } })).toEqual({ e2: 9 }));
  it("are one chip for each source", () => expect(chips(["e3", "e2", "e1", "e9"], numbering(doc))).toEqual([{ n: 1, ids: ["e3", "e1"] }, { n: 2, ids: ["e2"] }]));
  it("leave only web addresses as links", () => {
    expect(safeUrl("https://a.b/c")).toBe("https://a.b/c");
    for (const bad of ["javascript:alert(1)", "data:text/html,x", "doc:ledger.md", "//a.b", "JaVaScRiPt:1"]) expect(safeUrl(bad)).toBeNull();
  });
  it("takes the newest draft of a section", () => {
    const text = (id: string, said: string) => ({ id, role: "assistant", text: said, open: false });
    expect(drafts({ "draft:a:r:1": text("draft:a:r:1", "old"), m: text("m", "-"), "draft:a:r:2": text("draft:a:r:2", "new") }).a!.text).toBe("new");
  });
});

describe("the plan", () => {
  const items = [item("t1", 50), item("t2", 90), item("t3", 50)];
  it("stands in the order of work", () => expect(inOrder(items).map((one) => one.id)).toEqual(["t2", "t1", "t3"]));
  it("shows edits that wait, and leaves the list itself alone", () => {
    const rows = overlay(items, [
      { op: "add", title: "new", origin: "user_edit" }, { op: "edit", id: "t1", title: "better" }, { op: "status", id: "t3", status: "blocked" },
      { op: "reorder", ids: ["t3", "t2"] },
    ]);
    expect(rows.map((row) => [row.item.title, row.item.status, row.waiting])).toEqual([
      ["t3", "blocked", true], ["t2", "pending", true], ["better", "pending", true], ["new", "pending", true],
    ]);
    expect(items[0]!.title).toBe("t1");
  });
  it("reads the operations of a message whose body is text", () => {
    const message = { body: JSON.stringify({ base_version: 1, operations: [{ op: "reorder", ids: ["t1"] }] }) } as Message;
    expect(operationsOf([message, { body: "no json" } as Message])).toEqual([{ op: "reorder", ids: ["t1"] }]);
  });
  it("moves an item within its bounds", () => {
    expect(moved(["a", "b", "c"], "c", -2)).toEqual(["c", "a", "b"]);
    expect(moved(["a", "b", "c"], "a", 1)).toEqual(["b", "a", "c"]);
    expect(moved(["a"], "a", -1)).toBeNull();
  });
});

describe("words", () => {
  it("tell what a message did", () => {
    const message = {
      effect: { tasks_added: ["t1", "t1"], evidence_hidden: ["e1", "e2"], budget: [{ unit: "tokens", from: null, to: 500 }], stopping: [true] },
    } as unknown as Message;
    expect(effects(message, { todo: { version: 1, items: [item("t1", 1)] } }, dictionary.en)).toEqual([
      "added: “t1”", "quotes hidden: 2", "cap: Tokens ≤ 500", "finishing with what is there",
    ]);
  });
  it("are there in both languages", () => {
    const leaves = (value: unknown, path = ""): string[] =>
      typeof value === "object" && value !== null ? Object.entries(value).flatMap(([k, v]) => leaves(v, `${path}.${k}`)) : [path];
    expect(leaves(dictionary.ko)).toEqual(leaves(dictionary.en));
  });
});

describe("going on with an ended run", () => {
  const point = (id: string, ...next: string[]) => ({ id, next });
  it("takes the newest checkpoint before the report is filed", () => {
    expect(continuation([point("a", "steer"), point("b", "finalize"), point("c", "finalize")])?.id).toBe("b");
  });
  it("else the newest with a next step, and none where there is none", () => {
    expect(continuation([point("a"), point("b", "research_task", "research_task"), point("c", "plan")])?.id).toBe("b");
    expect(continuation([point("a")])).toBeUndefined();
  });
});
