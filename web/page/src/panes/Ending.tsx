/** What stands beneath a finished report: what it does not know, where its sources differ, and how it came about. */

import { effects } from "../lib/report";
import type { About as Facts } from "../lib/document";
import { useCurrent } from "../context";
import { useWords, type Words } from "../i18n";
import { Badge } from "../ui";
import { asked } from "./Chat";

/** What was left open, not found or contested. */
export function Ending() {
  const words = useWords();
  const { view, openEvidence } = useCurrent();
  const { open = [], gaps = [], disagreements = [] } = view.doc.report ?? {};
  return (
    <>
      {open.length > 0 && (
        <section className="section" data-testid="open-items"><h3>{words.open}</h3>
          <ul>{open.map((item) => <li key={item.id}>{item.title} <Badge kind={item.status}>{words.todo[item.status] ?? item.status}</Badge>{item.note && <span className="quiet small"> {item.note}</span>}</li>)}</ul>
        </section>
      )}
      {gaps.length > 0 && <section className="section" data-testid="gaps"><h3>{words.gaps}</h3><ul>{gaps.map((gap, n) => <li key={n}>{gap}</li>)}</ul></section>}
      {disagreements.length > 0 && (
        <section className="section" data-testid="disagreements"><h3>{words.disagreements}</h3>
          <ul>{disagreements.map((quotes, n) => (
            <li key={n}>{quotes.map((one, place) => (
              <span key={one.evidence}>{place > 0 && " ↔ "}“{one.quote}”
                <button type="button" className="chip" data-testid="chip" aria-label={`${words.evidence} ${one.ref}`} onClick={() => openEvidence([one.evidence], one.ref)}>{one.ref}</button>
              </span>
            ))}</li>
          ))}</ul>
        </section>
      )}
    </>
  );
}

function lines(facts: Facts, words: Words): string[] {
  const { about } = words;
  const number = (value: number) => value.toLocaleString(document.documentElement.lang);
  const why = words.stops[facts.stop_reason as keyof Words["stops"]] ?? facts.stopped_because;
  return [
    `${about.model(facts.model)} ${about.stopped(why, facts.loops)}`,
    [
      about.statements(facts.claims, facts.extractive_claims), facts.extractive && about.extractive,
      facts.dropped_claims > 0 && about.dropped(facts.dropped_claims), facts.unverified_claims > 0 && about.unverified(facts.unverified_claims),
    ].filter(Boolean).join(" "),
    `${about.spent(facts.calls.llm, number(facts.input_tokens), number(facts.output_tokens), facts.usd.toFixed(4))} ${about.read(facts.calls.search, facts.calls.fetch)}`,
  ];
}

/** The model, how much is quotation, why it stopped, what it cost, what refused, and what was said on the way. */
export function About() {
  const words = useWords();
  const { view } = useCurrent();
  const { doc } = view;
  const facts = doc.report?.about;
  const blocked = Object.entries(doc.blocked ?? {});
  const messages = Object.values(doc.messages ?? {}).filter((one) => one.status !== "queued").sort((a, b) => a.seq - b.seq);
  if (!facts) return null;
  return (
    <section className="section about" data-testid="about"><h3>{words.aboutReport}</h3>
      <ul>
        {lines(facts, words).map((line) => <li key={line}>{line}</li>)}
        {blocked.map(([engine, reason]) => <li key={engine} data-testid="about-blocked">{words.blocked}: {engine} ({reason})</li>)}
      </ul>
      {messages.length > 0 && (
        <>
          <h4>{words.steering}</h4>
          <ul data-testid="about-steering">
            {messages.map((one) => (
              <li key={one.seq}>{asked(one, words)} <Badge kind={one.status}>{words.delivery[one.status as "applied"]}</Badge>
                <span className="quiet"> {[...effects(one, doc, words), one.reason].filter(Boolean).join(" · ")}</span></li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
