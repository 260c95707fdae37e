/** What was spent of what is allowed; each cap can be changed while the run goes on. */

import { useState } from "react";
import * as api from "../lib/api";
import type { Doc, Meter, Unit } from "../lib/document";
import { bodyOf } from "../lib/report";
import { useCurrent } from "../context";
import { useWords } from "../i18n";
import { Badge, useAct } from "../ui";

export const UNITS: Unit[] = ["tokens", "usd", "minutes", "loops"];
/** Research counts loops; no other graph has any. */
const unitsOf = (graph: string) => (graph === "edr" ? UNITS : UNITS.filter((unit) => unit !== "loops"));

export function meter(doc: Doc, unit: Unit): { used: number; cap: number | null } {
  const of = (doc.budget?.[unit] ?? {}) as Meter;
  const cap = doc.limits && unit in doc.limits ? doc.limits[unit] : of.cap;
  return { used: unit === "loops" ? (doc.loop ?? of.used ?? 0) : (of.used ?? 0), cap: cap ?? null };
}

export function amount(unit: Unit, value: number): string {
  if (unit === "usd") return `$${value.toFixed(value > 0 && value < 1 ? 3 : 2)}`;
  if (unit === "minutes") return value.toFixed(1);
  return Math.round(value).toLocaleString("en");
}

/** The caps that a queued message will set. */
function waitingCap(doc: Doc, unit: Unit): number | null {
  let found: number | null = null;
  for (const message of Object.values(doc.messages ?? {}).sort((a, b) => a.seq - b.seq)) {
    if (message.status !== "queued" || message.kind !== "operations") continue;
    const operations = bodyOf(message);
    for (const operation of Array.isArray(operations) ? operations : [])
      if (operation?.kind === "budget" && operation.unit === unit) found = Number(operation.amount);
  }
  return found;
}

/** The fill is a <meter>: its width is an attribute, so no inline style is needed. */
function Fill({ used, cap, label }: { used: number; cap: number | null; label: string }) {
  return <meter min={0} max={cap || 1} low={cap ? cap * 0.8 : 1} high={cap ? cap * 0.95 : 1} optimum={0} value={cap ? Math.min(used, cap) : 0} aria-label={label} />;
}

/** As short as a phone needs it: 61,250 tokens are 61.3K. */
const brief = (unit: Unit, value: number) => unit === "tokens" && value >= 10_000
  ? value.toLocaleString("en", { notation: "compact", maximumFractionDigits: 1 }) : amount(unit, value);

export function BudgetStrip({ onOpen }: { onOpen: () => void }) {
  const words = useWords();
  const { graph, view } = useCurrent();
  return (
    <button type="button" className="strip" onClick={onOpen} data-testid="budget-strip">
      <span className="hidden">{words.pane.budget}: </span>
      {unitsOf(graph).map((unit) => {
        const { used, cap } = meter(view.doc, unit);
        return (
          <span key={unit} className="strip-one">
            <span className="quiet">{words.unit[unit]}</span> <b>{brief(unit, used)}</b>{cap !== null && <span className="quiet"> / {brief(unit, cap)}</span>}
            <span aria-hidden="true"><Fill used={used} cap={cap} label={words.unit[unit]} /></span>
          </span>
        );
      })}
    </button>
  );
}

function CapForm({ unit, cap }: { unit: Unit; cap: number | null }) {
  const words = useWords();
  const act = useAct();
  const { id } = useCurrent();
  const [value, setValue] = useState("");
  return (
    <form className="row" onSubmit={(event) => {
      event.preventDefault();
      const wanted = Number(value);
      if (wanted > 0) void act(() => api.operate(id, [{ kind: "budget", amount: wanted, unit }]).then(() => setValue("")));
    }}>
      <label className="small quiet">{words.capOf}{" "}
        <input type="number" min={unit === "usd" || unit === "minutes" ? 0.01 : 1} step={unit === "usd" ? 0.01 : unit === "minutes" ? 0.5 : 1} value={value}
          placeholder={cap === null ? words.noCap : String(cap)} onChange={(event) => setValue(event.target.value)} data-testid={`cap-${unit}`} />
      </label>
      <button type="submit" disabled={!(Number(value) > 0)} data-testid={`cap-set-${unit}`}>{words.setCap}</button>
    </form>
  );
}

export function BudgetPane() {
  const words = useWords();
  const { graph, view, over } = useCurrent();
  return (
    <section className="pane" aria-label={words.pane.budget} data-testid="pane-budget">
      <ul className="rows budget">
        {unitsOf(graph).map((unit) => {
          const { used, cap } = meter(view.doc, unit);
          const waiting = waitingCap(view.doc, unit);
          return (
            <li key={unit} data-testid={`budget-${unit}`}>
              <div className="budget-line"><b>{words.unit[unit]}</b>
                <span data-testid={`used-${unit}`}>{amount(unit, used)} {words.used} / {cap === null ? words.noCap : amount(unit, cap)}</span></div>
              <Fill used={used} cap={cap} label={words.unit[unit]} />
              {!over && graph === "edr" && <CapForm unit={unit} cap={cap} />}
              {waiting !== null && <Badge kind="queued">{amount(unit, waiting)}: {words.waiting}</Badge>}
            </li>
          );
        })}
      </ul>
      <p className="quiet small">{view.doc.budget?.calls ?? 0} {words.calls}</p>
    </section>
  );
}
