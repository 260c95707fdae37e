/** What a run asks of a person: a plan to approve, a question to answer, or whatever another graph wants to know. */

import { useEffect, useState, type FormEvent } from "react";
import * as api from "../lib/api";
import type { Todo } from "../lib/document";
import { overlay, type TodoOperation } from "../lib/plan";
import { useCurrent } from "../context";
import { useWords } from "../i18n";
import { useAct } from "../ui";
import { ActionApproval, AskUser, PermissionsApproval } from "./PhoneApproval";
import { TodoList } from "./Plan";
import { SchemaForm } from "./SchemaForm";

type Give = (payload: unknown) => void;

function PlanApproval({ todo, problem, give }: { todo: Todo; problem: string; give: Give }) {
  const words = useWords();
  const [mode, setMode] = useState<"" | "edit" | "reject">("");
  const [feedback, setFeedback] = useState("");
  const [operations, setOperations] = useState<TodoOperation[]>([]);
  const rows = overlay(todo.items ?? [], operations);
  return (
    <>
      <h2>{words.approval}</h2>
      {problem && <p className="bad-text">{problem}</p>}
      {mode === "edit" ? <TodoList rows={rows} apply={(operation) => setOperations((all) => [...all, operation])} />
        : <ol className="asked">{rows.map(({ item }) => <li key={item.id}>{item.title}</li>)}</ol>}
      {mode === "reject" && (
        <label>{words.rejectWhy}<textarea rows={3} autoFocus maxLength={4000} value={feedback} onChange={(event) => setFeedback(event.target.value)} data-testid="feedback" /></label>
      )}
      <div className="row">
        {mode === "" && <button type="button" className="main" onClick={() => give({ action: "approve" })} data-testid="approve">{words.approve}</button>}
        {mode === "edit" && <button type="button" className="main" onClick={() => give({ action: "edit", operations })} data-testid="approve-edited">{words.approveEdited}</button>}
        {mode === "reject" && <button type="button" className="main" disabled={!feedback.trim()} onClick={() => give({ action: "reject", feedback: feedback.trim() })} data-testid="reject-send">{words.reject}</button>}
        {mode === "" && <button type="button" onClick={() => setMode("edit")} data-testid="approve-edit">{words.editPlan}</button>}
        {mode === "" && <button type="button" onClick={() => setMode("reject")} data-testid="reject">{words.reject}</button>}
        {mode !== "" && <button type="button" onClick={() => { setMode(""); setOperations([]); }}>{words.cancelEdit}</button>}
      </div>
    </>
  );
}

function Clarify({ question, give }: { question: string; give: Give }) {
  const words = useWords();
  const [text, setText] = useState("");
  const send = (event: FormEvent) => { event.preventDefault(); give({ answer: text.trim() }); };
  return (
    <form onSubmit={send}>
      <h2>{words.clarifying}</h2>
      <p className="question">{question}</p>
      <label>{words.answer}<textarea rows={3} autoFocus maxLength={4000} value={text} onChange={(event) => setText(event.target.value)} data-testid="clarify-answer" /></label>
      <div className="row">
        <button type="submit" className="main" disabled={!text.trim()} data-testid="clarify-send">{words.answer}</button>
        <button type="button" onClick={() => give({ answer: "" })} data-testid="clarify-skip">{words.skipAnswer}</button>
      </div>
    </form>
  );
}

function Unknown({ value, give }: { value: unknown; give: Give }) {
  const words = useWords();
  const [text, setText] = useState("");
  const [bad, setBad] = useState(false);
  const fields = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  const schema = fields.response_schema as api.Schema | undefined;
  const { response_schema: _schema, ...shown } = fields;
  const message = typeof value === "string" ? value : (fields.message ?? fields.question);
  return (
    <>
      <h2>{words.anyAnswer}</h2>
      {typeof message === "string" ? <p className="question">{message}</p> : <pre>{JSON.stringify(shown, null, 2)}</pre>}
      {schema?.properties ? <SchemaForm schema={schema} busy={false} submit={words.answer} onSubmit={give} /> : (
        <form onSubmit={(event) => {
          event.preventDefault();
          try { give(JSON.parse(text)); } catch { setBad(true); }
        }}>
          <label>{words.json}<textarea rows={4} value={text} onChange={(event) => { setText(event.target.value); setBad(false); }} data-testid="json-answer" /></label>
          {bad && <p className="bad-text" role="alert">{words.badJson}</p>}
          <div className="row"><button type="submit" className="main" disabled={!text.trim()} data-testid="json-send">{words.answer}</button></div>
        </form>
      )}
    </>
  );
}

/** One question at a time; the next one comes when this one is answered. */
export function Approval() {
  const words = useWords();
  const act = useAct();
  const { id, view, status } = useCurrent();
  const [given, setGiven] = useState<Record<string, true>>({});
  // An answer that the run could not read is asked for again under the same id.
  useEffect(() => { if (status !== "waiting_human") setGiven({}); }, [status]);
  const all = Object.entries(view.doc.run?.interrupts ?? {});
  const first = all[0];
  // Questions asked together stay numbered together while they are answered one by one.
  const [batch, setBatch] = useState<string[]>([]);
  const ids = all.map(([id]) => id);
  if (status === "waiting_human" && ids.some((id) => !batch.includes(id))) setBatch(ids);
  // The next question waits until the run has taken this answer: it goes on in between, and would take the card away.
  if (status !== "waiting_human" || !first || all.some(([key]) => given[key])) return null;
  const [key, value] = first;
  const give = (payload: unknown) => {
    setGiven((old) => ({ ...old, [key]: true }));
    void act(() => api.answer(id, { [key]: payload })).then((run) => {
      if (!run) setGiven(({ [key]: _failed, ...rest }) => rest);
    });
  };
  const fields = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  const kind = fields.kind;
  return (
    <section className="card asking" aria-live="assertive" data-testid="approval" data-kind={String(kind ?? "")}>
      {batch.length > 1 && <p className="quiet small" data-testid="asked-count">{words.ofMany(batch.length - all.length + 1, batch.length)}</p>}
      {kind === "approve_plan" ? <PlanApproval key={key} todo={fields.todo as Todo} problem={String(fields.problem ?? "")} give={give} />
        : kind === "clarify" ? <Clarify key={key} question={String(fields.question ?? "")} give={give} />
        : kind === "permissions" ? <PermissionsApproval key={key} value={fields} give={give} />
        : kind === "approve_action" ? <ActionApproval key={key} value={fields} give={give} />
        : kind === "ask_user" ? <AskUser key={key} value={fields} give={give} />
        : <Unknown key={key} value={value} give={give} />}
    </section>
  );
}
