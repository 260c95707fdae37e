/** What to do on a phone, on which one, and how much the task may do by itself. */

import { useState, type FormEvent } from "react";
import * as api from "../lib/api";
import { useWords } from "../i18n";
import { ModelChoice } from "./Start";

const CAPS = ["tokens", "usd", "minutes"] as const;

export function PhoneStart({ offer, onStart }: { offer: api.Offer | null; onStart: (input: unknown) => Promise<void> }) {
  const words = useWords();
  const [goal, setGoal] = useState("");
  const [own, setOwn] = useState(false);
  const [device, setDevice] = useState("");
  const [model, setModel] = useState("");
  const [approve, setApprove] = useState("each");
  const [confirm, setConfirm] = useState(true);
  const [learn, setLearn] = useState(false);
  const [steps, setSteps] = useState("50");
  const [caps, setCaps] = useState<Partial<Record<(typeof CAPS)[number], string>>>({});
  const [busy, setBusy] = useState(false);
  const phones = offer?.phones ?? [];
  const ready = Boolean(goal.trim()) && (!own || Boolean(device.trim()));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!ready) return;
    setBusy(true);
    const limits = Object.fromEntries(CAPS.filter((one) => Number(caps[one]) > 0).map((one) => [one, Number(caps[one])]));
    void onStart({
      goal: goal.trim(), device: own ? device.trim() : "virtual", ...(model.trim() ? { model: model.trim() } : {}),
      options: { approve, confirm, learn, max_steps: Number(steps) || 50, limits },
    }).finally(() => setBusy(false));
  };
  return (
    <form className="start" onSubmit={submit} data-testid="phone-start">
      <label className="big" htmlFor="goal">{words.phone.ask}</label>
      <textarea id="goal" rows={3} autoFocus required maxLength={4000} value={goal} onChange={(event) => setGoal(event.target.value)} data-testid="goal" />
      <div className="examples" role="group" aria-label={words.phone.examples}>
        <span className="quiet small">{words.phone.examples}</span>
        {words.phone.exampleTasks.map((one) => <button type="button" key={one} onClick={() => setGoal(one)}>{one}</button>)}
      </div>
      <div className="start-grid">
        <fieldset>
          <legend>{words.phone.device}</legend>
          <label className="check"><input type="radio" name="device" checked={!own} onChange={() => setOwn(false)} data-testid="device-virtual" /> {words.phone.virtual}</label>
          {!own && <p className="quiet small inset">{words.phone.virtualNote}</p>}
          {(offer?.free_choice || phones.length > 0) && <label className="check"><input type="radio" name="device" checked={own} onChange={() => setOwn(true)} data-testid="device-own" /> {words.phone.own}</label>}
          {own && (
            <div className="inset">
              <input type="text" aria-label={words.phone.serial} placeholder={words.phone.serial} list="phones" value={device} maxLength={400} required onChange={(event) => setDevice(event.target.value)} data-testid="serial" />
              <datalist id="phones">{phones.map((one) => <option key={one} value={one} />)}</datalist>
              <p className="quiet small">{words.phone.ownHint}</p>
            </div>
          )}
        </fieldset>
        <fieldset>
          <legend>{words.phone.asking}</legend>
          <label className="check"><input type="checkbox" checked={confirm} onChange={(event) => setConfirm(event.target.checked)} data-testid="confirm" /> {words.phone.confirm}</label>
          <label className="check"><input type="radio" name="approve" checked={approve === "each"} onChange={() => setApprove("each")} data-testid="approve-each" /> {words.phone.each}</label>
          <label className="check"><input type="radio" name="approve" checked={approve === "unforeseen"} onChange={() => setApprove("unforeseen")} data-testid="approve-unforeseen" /> {words.phone.unforeseen}</label>
          <label className="check"><input type="checkbox" checked={learn} onChange={(event) => setLearn(event.target.checked)} data-testid="learn" /> {words.phone.learn}</label>
        </fieldset>
        <fieldset>
          <legend>{words.caps}</legend>
          <label className="cap">{words.phone.steps}<input type="number" min={1} max={500} required value={steps} onChange={(event) => setSteps(event.target.value)} data-testid="max-steps" /></label>
          {CAPS.map((one) => <label className="cap" key={one}>{words.unit[one]}<input type="number" min={one === "tokens" ? 1 : 0.01} step={one === "tokens" ? 1 : 0.01} value={caps[one] ?? ""} onChange={(event) => setCaps({ ...caps, [one]: event.target.value })} data-testid={`start-cap-${one}`} /></label>)}
          <p className="quiet small">{words.capsHint}</p>
        </fieldset>
        <fieldset><legend>{words.more}</legend><ModelChoice offer={offer} model={model} setModel={setModel} note={words.phone.embedded} /></fieldset>
      </div>
      <div className="row end"><button type="submit" className="main big-button" disabled={busy || !ready} data-testid="begin">{busy ? words.beginning : words.begin}</button></div>
    </form>
  );
}
