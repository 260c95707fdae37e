/** Two runs side by side: what each says alone, its plan and its costs. */

import { useEffect, useState } from "react";
import * as api from "../lib/api";
import { sectionsOf } from "../lib/report";
import { useWords } from "../i18n";
import { Badge, Drawer, time, useAct } from "../ui";
import { amount, meter, UNITS } from "./Budget";

function Column({ side, testid }: { side: api.Side; testid: string }) {
  const words = useWords();
  const only = new Set(side.only_claims);
  return (
    <div className="column" data-testid={testid}>
      <h3>{side.run.question}</h3>
      <p className="small"><Badge kind={side.run.status}>{words.status[side.run.status]}</Badge> <span className="quiet">{time(side.run.created)}{side.run.parent && ` · ${words.ofRun} ${side.run.parent.slice(-8)}`}</span></p>
      <h4>{words.costs}</h4>
      <dl className="costs">
        {UNITS.map((unit) => <div key={unit}><dt>{words.unit[unit]}</dt><dd>{amount(unit, meter(side.state, unit).used)}</dd></div>)}
        <div><dt>{words.pane.sources}</dt><dd>{Object.keys(side.state.sources ?? {}).length}</dd></div>
      </dl>
      <h4>{words.plan}</h4>
      <ul className="compare-plan">{(side.state.todo?.items ?? []).map((item) => <li key={item.id}><Badge kind={item.status}>{words.todo[item.status]}</Badge> {item.title}</li>)}</ul>
      <h4>{words.pane.report}</h4>
      {sectionsOf(side.state).map((section) => (
        <section key={section.id}><h5>{section.title}</h5>
          <ul className="compare-claims">
            {(section.claims ?? []).filter((claim) => claim.verdict !== "dropped").map((claim, n) => {
              const alone = only.has(claim.text.split(/\s+/).filter(Boolean).join(" "));
              return <li key={n} className={alone ? "alone" : ""}>{claim.text} {alone && <span className="badge queued">{words.onlyHere}</span>}</li>;
            })}
          </ul>
        </section>
      ))}
    </div>
  );
}

export function Compare({ a, b, onClose }: { a: string; b: string; onClose: () => void }) {
  const words = useWords();
  const act = useAct();
  const [found, setFound] = useState<api.Comparison | null>(null);
  useEffect(() => { void act(() => api.compare(a, b)).then((value) => value && setFound(value)); }, [a, b, act]);
  return (
    <Drawer title={words.comparing} onClose={onClose} wide testid="compare">
      {found && <p className="quiet small" data-testid="shared">{words.both}: {found.shared_claims.length} {words.claims.toLocaleLowerCase()}, {found.shared_sources.length} {words.pane.sources.toLocaleLowerCase()}</p>}
      {found && <div className="columns"><Column side={found.a} testid="side-a" /><Column side={found.b} testid="side-b" /></div>}
    </Drawer>
  );
}
