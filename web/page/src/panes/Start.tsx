/** What to research, in what, and with which model and caps. */

import { useEffect, useState, type FormEvent } from "react";
import * as api from "../lib/api";
import type { Unit } from "../lib/document";
import { useWords } from "../i18n";
import { useAct } from "../ui";
import { UNITS } from "./Budget";
import { PhoneStart } from "./PhoneStart";
import { SchemaForm } from "./SchemaForm";

const KINDS = ["web", "academic", "code", "encyclopedia"] as const;
type Kind = (typeof KINDS)[number];

function Documents({ session, offer, docs, setDocs }: {
  session: api.Session; offer: api.Offer | null; docs: string; setDocs: (docs: string) => void;
}) {
  const words = useWords();
  const act = useAct();
  const [uploads, setUploads] = useState<api.Upload[]>([]);
  const [busy, setBusy] = useState(false);
  useEffect(() => { void act(api.uploads).then((found) => setUploads(found ?? [])); }, [act]);
  const kind = docs.split(":")[0]!;
  const send = (files: FileList | null) => {
    if (!files?.length) return;
    setBusy(true);
    void act(() => api.upload([...files])).then((made) => {
      setBusy(false);
      if (!made) return;
      setUploads((all) => [made, ...all.filter((one) => one.id !== made.id)]);
      setDocs(`upload:${made.id}`);
    });
  };
  const remove = (id: string) => void act(() => api.removeUpload(id).then(() => true)).then((ok) => {
    if (!ok) return;
    setUploads((all) => all.filter((one) => one.id !== id));
    if (docs === `upload:${id}`) setDocs("");
  });
  const option = (value: string, label: string, testid: string) => (
    <label className="check"><input type="radio" name="docs" checked={kind === value.split(":")[0]} onChange={() => setDocs(value)} data-testid={testid} /> {label}</label>
  );
  return (
    <fieldset>
      <legend>{words.documents}</legend>
      {option("", words.none, "docs-none")}
      {option("sample", words.sample, "docs-sample")}
      {option(uploads[0] ? `upload:${uploads[0].id}` : "upload:", words.uploadFiles, "docs-upload")}
      {kind === "upload" && (
        <div className="inset">
          <input type="file" multiple aria-label={words.uploadFiles} disabled={busy} onChange={(event) => send(event.target.files)} data-testid="file" />
          <p className="quiet small">{busy ? words.uploading : `≤ ${session.uploads.megabytes} MB, ≤ ${words.filesOf(session.uploads.files)}`}</p>
          <ul className="uploads">
            {uploads.map((one) => (
              <li key={one.id} data-testid="upload">
                <label className="check grow"><input type="radio" name="upload" checked={docs === `upload:${one.id}`} onChange={() => setDocs(`upload:${one.id}`)} /> {one.files.map((file) => file.name).join(", ")}</label>
                <button type="button" onClick={() => remove(one.id)}>{words.remove}</button>
              </li>
            ))}
          </ul>
        </div>
      )}
      {(session.mode === "single" || (offer?.folders.length ?? 0) > 0) && option("folder:", words.folder, "docs-folder")}
      {kind === "folder" && (
        <div className="inset">
          <input type="text" aria-label={words.folderPath} placeholder={words.folderPath} list="folders" value={docs.slice(7)} onChange={(event) => setDocs(`folder:${event.target.value}`)} data-testid="folder" />
          <datalist id="folders">{offer?.folders.map((one) => <option key={one} value={one} />)}</datalist>
        </div>
      )}
    </fieldset>
  );
}

const OTHER = "\0other";

/** A model of the server's list; where anything may be named, any other too. */
export function ModelChoice({ offer, model, setModel, note }: { offer: api.Offer | null; model: string; setModel: (model: string) => void; note?: string }) {
  const words = useWords();
  const [free, setFree] = useState(false);
  const used = offer?.models.find((one) => (model ? one.name === model : one.default));
  const embedded = (free ? model.trim() : used?.name) === "embedded"; // a file behind `embedded:` may be of any size
  return (
    <>
      <label>{words.model}
        <select value={free ? OTHER : model} onChange={({ target: { value } }) => { setFree(value === OTHER); setModel(value === OTHER ? "" : value); }} data-testid="model">
          {offer?.models.map((one) => <option key={one.name} value={one.default ? "" : one.name}>{one.name}{one.default ? ` (${words.standard})` : ""}</option>)}
          {offer?.free_choice && <option value={OTHER}>{words.otherModel}</option>}
        </select>
      </label>
      {free && <input type="text" aria-label={words.modelName} placeholder={words.modelName} value={model} maxLength={200} required autoFocus onChange={(event) => setModel(event.target.value)} data-testid="model-name" />}
      {embedded && <p className="quiet small" data-testid="embedded-note">{note ?? words.embedded}</p>}
    </>
  );
}

interface Choice { docs: string; kinds: Kind[]; model: string; caps: Partial<Record<Unit, string>>; approve: boolean; clarify: boolean; databases: string }

function inputOf(question: string, choice: Choice): Record<string, unknown> {
  const limits = Object.fromEntries(UNITS.filter((unit) => Number(choice.caps[unit]) > 0).map((unit) => [unit, Number(choice.caps[unit])]));
  const databases = choice.databases.split("\n").map((line) => line.trim()).filter(Boolean);
  return {
    question, ...(choice.model.trim() ? { model: choice.model.trim() } : {}), ...(choice.docs ? { docs: choice.docs } : {}),
    ...Object.fromEntries(KINDS.map((kind) => [kind, choice.kinds.includes(kind)])),
    ...(databases.length ? { databases } : {}),
    options: { approve_plan: choice.approve, clarify: choice.clarify, ...(Object.keys(limits).length ? { limits } : {}) },
  };
}

function Research({ session, offer, onStart }: { session: api.Session; offer: api.Offer | null; onStart: (input: unknown) => Promise<void> }) {
  const words = useWords();
  const [question, setQuestion] = useState("");
  const [choice, setChoice] = useState<Choice>({ docs: "sample", kinds: [], model: "", caps: {}, approve: true, clarify: false, databases: "" });
  const [busy, setBusy] = useState(false);
  const set = (to: Partial<Choice>) => setChoice((old) => ({ ...old, ...to }));
  const noSource = !choice.docs && !choice.kinds.length && !choice.databases.trim();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!question.trim() || noSource) return;
    setBusy(true);
    void onStart(inputOf(question.trim(), choice)).finally(() => setBusy(false));
  };
  return (
    <form className="start" onSubmit={submit} data-testid="start">
      <label className="big" htmlFor="question">{words.ask}</label>
      <textarea id="question" rows={3} autoFocus required maxLength={4000} value={question} onChange={(event) => setQuestion(event.target.value)} data-testid="question" />
      <div className="examples" role="group" aria-label={words.examples}>
        <span className="quiet small">{words.examples}</span>
        {words.exampleQuestions.map((one) => <button type="button" key={one} onClick={() => { setQuestion(one); set({ docs: "sample" }); }} data-testid="example">{one}</button>)}
      </div>
      <div className="start-grid">
        <Documents session={session} offer={offer} docs={choice.docs} setDocs={(docs) => set({ docs })} />
        <fieldset>
          <legend>{words.sourcesAsk}</legend>
          {KINDS.map((kind) => (
            <label className="check" key={kind}><input type="checkbox" checked={choice.kinds.includes(kind)} data-testid={`source-${kind}`}
              onChange={(event) => set({ kinds: event.target.checked ? [...choice.kinds, kind] : choice.kinds.filter((one) => one !== kind) })} /> {words[kind]}</label>
          ))}
        </fieldset>
        <fieldset>
          <legend>{words.caps}</legend>
          {UNITS.map((unit) => (
            <label key={unit} className="cap">{words.unit[unit]}
              <input type="number" min={unit === "usd" || unit === "minutes" ? 0.01 : 1} step={unit === "usd" ? 0.01 : unit === "minutes" ? 0.5 : 1} value={choice.caps[unit] ?? ""} placeholder={unit === "loops" ? "3" : undefined} onChange={(event) => set({ caps: { ...choice.caps, [unit]: event.target.value } })} data-testid={`start-cap-${unit}`} />
            </label>
          ))}
          <p className="quiet small">{words.capsHint}</p>
        </fieldset>
        <fieldset>
          <legend>{words.more}</legend>
          <ModelChoice offer={offer} model={choice.model} setModel={(model) => set({ model })} />
          <label className="check"><input type="checkbox" checked={choice.approve} onChange={(event) => set({ approve: event.target.checked })} data-testid="approve-plan" /> {words.approvePlan}</label>
          <label className="check"><input type="checkbox" checked={choice.clarify} onChange={(event) => set({ clarify: event.target.checked })} data-testid="clarify" /> {words.clarify}</label>
          {(offer?.free_choice || (offer?.databases.length ?? 0) > 0) && (
            <label>{words.databases}<textarea rows={2} value={choice.databases} placeholder={offer?.databases.join("\n")} onChange={(event) => set({ databases: event.target.value })} data-testid="databases" /></label>
          )}
        </fieldset>
      </div>
      <div className="row end">
        <span className="bad-text small" role="status">{noSource && words.noSource}</span>
        <button type="submit" className="main big-button" disabled={busy || !question.trim() || noSource} data-testid="begin">{busy ? words.beginning : words.begin}</button>
      </div>
    </form>
  );
}

export function Start({ session, onStarted }: { session: api.Session; onStarted: (id: string) => void }) {
  const words = useWords();
  const act = useAct();
  const [graphs, setGraphs] = useState<api.Graph[]>([]);
  const [offer, setOffer] = useState<api.Offer | null>(null);
  const [graph, setGraph] = useState("edr");
  useEffect(() => {
    void act(api.graphs).then((found) => setGraphs(found ?? []));
    void act(api.offer).then((found) => found && setOffer(found));
  }, [act]);
  const start = async (input: unknown) => {
    const run = await act(() => api.start(graph, input));
    if (run) onStarted(run.id);
  };
  const chosen = graphs.find((one) => one.name === graph);
  return (
    <main className="start-page" id="report" tabIndex={-1}>
      {graphs.length > 1 && (
        <label className="graph-choice">{words.graph}
          <select value={graph} onChange={(event) => setGraph(event.target.value)} data-testid="graph">{graphs.map((one) => <option key={one.name} value={one.name}>{one.title || one.name}</option>)}</select>
        </label>
      )}
      {graph === "edr" ? <Research session={session} offer={offer} onStart={start} /> : graph === "phone" ? <PhoneStart offer={offer} onStart={start} /> : (
        <div className="start"><p>{chosen?.description}</p>{chosen && <SchemaForm key={graph} schema={chosen.input_schema} submit={words.begin} busy={false} onSubmit={(value) => void start(value)} />}</div>
      )}
    </main>
  );
}
