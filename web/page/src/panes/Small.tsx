/** The small panes: activity, charts, and the plain state of a graph that the page does not know. */

import { useState } from "react";
import * as api from "../lib/api";
import { useCurrent } from "../context";
import { useWords } from "../i18n";
import { StickyList } from "../ui";

const SHOWN = 150;

export function ActivityPane() {
  const words = useWords();
  const { view } = useCurrent();
  const [more, setMore] = useState(1);
  const all = Object.values(view.activities);
  const shown = all.slice(-SHOWN * more);
  return (
    <section className="pane activity" aria-label={words.pane.activity} data-testid="pane-activity">
      <p className="steps small quiet" data-testid="steps">{view.steps.length > 0 ? `${words.steps}: ${view.steps.join(", ")}` : " "}</p>
      {all.length > shown.length && <button type="button" onClick={() => setMore(more + 1)}>{words.earlier(all.length - shown.length)}</button>}
      <StickyList label={words.pane.activity} stamp={view.seq}>
        {all.length === 0 && <p className="empty">{words.activityEmpty}</p>}
        {shown.map((one) => (
          <div className="activity-row" key={one.id} data-testid="activity" data-status={one.status}>
            <span className={`dot ${one.status}`} role="img" aria-label={words.activityStatus[one.status as "done"] ?? one.status} />
            <span className="kind">{one.kind}</span>
            <span className="what" title={one.text}>{one.text}</span>
            <span className="detail quiet small" title={one.detail}>{[one.task, one.detail].filter(Boolean).join(" · ") || " "}</span>
          </div>
        ))}
      </StickyList>
    </section>
  );
}

export function ChartsPane() {
  const words = useWords();
  const { id, view } = useCurrent();
  const charts = Object.values(view.doc.charts ?? {});
  return (
    <section className="pane" aria-label={words.pane.charts} data-testid="pane-charts">
      {charts.length === 0 && <p className="empty">{words.chartsEmpty}</p>}
      {charts.map((chart) => (
        <figure key={chart.id} data-testid="chart"><img src={api.chartUrl(id, chart.id)} alt={chart.spec.title} width={640} height={400} loading="lazy" /><figcaption>{chart.spec.title}</figcaption></figure>
      ))}
    </section>
  );
}

const KNOWN = new Set(["run", "messages", "budget", "limits"]);

export function StatePane() {
  const words = useWords();
  const { view } = useCurrent();
  return (
    <section className="pane" aria-label={words.generic} data-testid="pane-state">
      {Object.entries(view.doc).filter(([name]) => !KNOWN.has(name)).map(([name, value]) => (
        <section className="section" key={name}><h3>{name}</h3>{typeof value === "string" || typeof value === "number" ? <p>{value}</p> : <pre>{JSON.stringify(value, null, 2)}</pre>}</section>
      ))}
    </section>
  );
}
