/** What a phone task asks: what it may use, whether it may do one thing, or a fact that it lacks. */

import { useState, type FormEvent } from "react";
import { actionWords, CLASSES, type Action, type Difference, type Subtask, type Target } from "../lib/phone";
import { useWords } from "../i18n";
import { Badge } from "../ui";
import { Screen, usePhone } from "./Phone";

type Give = (payload: unknown) => void;
type Fields = Record<string, unknown>;

/** A plain no, or a no with what should be different. */
function Reject({ give, children }: { give: Give; children: React.ReactNode }) {
  const words = useWords();
  const [open, setOpen] = useState(false);
  const [feedback, setFeedback] = useState("");
  return (
    <>
      {open && <label>{words.phone.rejectWhy}<textarea rows={2} autoFocus maxLength={4000} value={feedback} onChange={(event) => setFeedback(event.target.value)} data-testid="feedback" /></label>}
      <div className="row">
        {!open && children}
        {open ? (
          <>
            <button type="button" className="danger" onClick={() => give({ action: "reject", feedback: feedback.trim() })} data-testid="reject-send">{words.reject}</button>
            <button type="button" onClick={() => setOpen(false)}>{words.cancelEdit}</button>
          </>
        ) : <button type="button" onClick={() => setOpen(true)} data-testid="reject">{words.reject}</button>}
      </div>
    </>
  );
}

export function PermissionsApproval({ value, give }: { value: Fields; give: Give }) {
  const words = useWords();
  const subtasks = (value.subtasks ?? []) as Subtask[];
  const [editing, setEditing] = useState(false);
  const [packages, setPackages] = useState(((value.packages ?? []) as string[]).join("\n"));
  const [classes, setClasses] = useState((value.classes ?? []) as string[]);
  const named = packages.split("\n").map((line) => line.trim()).filter(Boolean);
  return (
    <>
      <h2>{words.phone.mayI}</h2>
      {value.problem ? <p className="bad-text">{String(value.problem)}</p> : null}
      <ol className="asked">{subtasks.map((one) => <li key={one.id}>{one.goal} {one.app && <Badge>{one.app}</Badge>}</li>)}</ol>
      {editing ? (
        <>
          <label>{words.phone.appsHint}<textarea rows={3} value={packages} onChange={(event) => setPackages(event.target.value)} data-testid="packages" /></label>
          <fieldset className="classes"><legend>{words.phone.agreed}</legend>
            {CLASSES.map((one) => <label className="check" key={one}><input type="checkbox" checked={classes.includes(one)} data-testid={`class-${one}`} onChange={(event) => setClasses(event.target.checked ? [...classes, one] : classes.filter((old) => old !== one))} /> {words.phone.classes[one]}</label>)}
          </fieldset>
        </>
      ) : (
        <>
          <p>{words.phone.apps}: {named.join(", ") || words.phone.anyApp}</p>
          <p>{words.phone.agreed}: {classes.map((one) => words.phone.classes[one as "pay"] ?? one).join(", ") || words.none}</p>
          <p className="quiet small">{words.phone.stillAsked}</p>
        </>
      )}
      <Reject give={give}>
        {editing
          ? <button type="button" className="main" onClick={() => give({ action: "edit", packages: named, classes })} data-testid="approve-edited">{words.approveEdited}</button>
          : <button type="button" className="main" onClick={() => give({ action: "approve" })} data-testid="approve">{words.approve}</button>}
        {!editing && <button type="button" onClick={() => setEditing(true)} data-testid="approve-edit">{words.phone.change}</button>}
      </Reject>
    </>
  );
}

export function ActionApproval({ value, give }: { value: Fields; give: Give }) {
  const words = useWords();
  const { screen } = usePhone();
  const target = value.target as Target | null;
  const differences = (value.disagreements ?? []) as Difference[];
  const image = String(value.image ?? "");
  return (
    <div className="asked-action">
      {image && <Screen image={image} size={screen} target={target} differences={differences} label={words.phone.screenOf(String(value.package))} />}
      <div>
        <h2>{words.phone.mayIDo}</h2>
        <p className="question" data-testid="asked-action">{actionWords(value.action as Action, target, words)}</p>
        {value.problem ? <p className="bad-text">{String(value.problem)}</p> : null}
        <p>{(value.classes as string[]).map((one) => <Badge key={one} kind="warn">{words.phone.classes[one as "pay"] ?? one}</Badge>)} <span className="quiet small">{String(value.package)}</span></p>
        <p>{String(value.why ?? "")} <span className="quiet small">({String(value.rule)})</span></p>
        {value.thought ? <p className="quiet small">{words.phone.thought}: {String(value.thought)}</p> : null}
        {differences.length > 0 && (
          <div className="notice warn" data-testid="disagreements"><p>{words.phone.differ} {differences.map((one) => one.text && `“${one.text}”`).filter(Boolean).join(", ")}</p></div>
        )}
        <Reject give={give}><button type="button" className="main" onClick={() => give({ action: "approve" })} data-testid="approve">{words.phone.doIt}</button></Reject>
      </div>
    </div>
  );
}

export function AskUser({ value, give }: { value: Fields; give: Give }) {
  const words = useWords();
  const { screen } = usePhone();
  const [text, setText] = useState("");
  const options = (value.options ?? []) as string[];
  const image = String(value.image ?? "");
  const send = (event: FormEvent) => { event.preventDefault(); give({ answer: text.trim() }); };
  return (
    <form className="asked-action" onSubmit={send}>
      {image && <Screen image={image} size={screen} label={words.phone.screenOf("")} />}
      <div>
        <h2>{words.clarifying}</h2>
        <p className="question">{String(value.question ?? "")}</p>
        {options.length > 0 && <div className="row options">{options.map((one) => <button type="button" key={one} onClick={() => give({ answer: one })} data-testid="option">{one}</button>)}</div>}
        <label>{words.answer}<textarea rows={2} maxLength={4000} value={text} onChange={(event) => setText(event.target.value)} data-testid="clarify-answer" /></label>
        <div className="row"><button type="submit" className="main" disabled={!text.trim()} data-testid="clarify-send">{words.answer}</button></div>
      </div>
    </form>
  );
}
