/** What was read, where it is cited, and switches to keep a source out. */

import * as api from "../lib/api";
import { bodyOf, numbering, safeUrl } from "../lib/report";
import type { Doc, Source } from "../lib/document";
import { useCurrent } from "../context";
import { useWords } from "../i18n";
import { Badge, useAct } from "../ui";

/** Addresses whose exclusion is on its way. */
function underway(doc: Doc): Set<string> {
  const found = new Set<string>();
  for (const message of Object.values(doc.messages ?? {})) {
    if (message.status !== "queued" || message.kind !== "operations") continue;
    const operations = bodyOf(message);
    for (const operation of Array.isArray(operations) ? operations : []) for (const url of operation?.urls_deny ?? []) found.add(String(url));
  }
  return found;
}

function Row({ source, cited, waiting }: { source: Source; cited: boolean; waiting: boolean }) {
  const words = useWords();
  const act = useAct();
  const { id, view, over, openEvidence } = useCurrent();
  const url = safeUrl(source.url);
  const rule = (view.doc.constraints ?? []).find(
    (c) => c.status === "active" && ((c.predicate?.urls_deny ?? []) as string[]).includes(source.url));
  const out = Boolean(source.hidden_by) || Boolean(rule);
  const toggle = () => act(() => api.operate(id, [out
    ? { kind: "undo", text: rule?.id ?? source.hidden_by }
    : { kind: "source_policy", urls_deny: [source.url], text: source.title }]));
  return (
    <li className={out ? "source out" : "source"} data-testid="source" data-out={out}>
      <div className="grow">
        <button type="button" className="link" disabled={!source.evidence.length} onClick={() => openEvidence(source.evidence, 0)}>{source.title || source.url}</button>
        <p className="quiet small">
          {url ? <a href={url} target="_blank" rel="noopener noreferrer">{new URL(url).host}</a> : <span>{source.url}</span>}
          {" · "}{source.engine} · {words.quotes(source.evidence.length)}{source.published && ` · ${words.published} ${source.published}`}
        </p>
      </div>
      <Badge kind={out ? "rejected" : cited ? "applied" : ""}>{waiting ? words.waiting : out ? words.excluded : cited ? words.usedIn : words.unused}</Badge>
      {!over && <button type="button" disabled={waiting} aria-pressed={out} onClick={() => void toggle()} data-testid="exclude">{out ? words.include : words.exclude}</button>}
    </li>
  );
}

export function SourcesPane() {
  const words = useWords();
  const { view } = useCurrent();
  const sources = Object.values(view.doc.sources ?? {});
  const numbers = numbering(view.doc);
  const waiting = underway(view.doc);
  const blocked = Object.entries(view.doc.blocked ?? {});
  return (
    <section className="pane" aria-label={words.pane.sources} data-testid="pane-sources">
      {blocked.length > 0 && (
        <div className="notice warn" data-testid="blocked"><div><h3>{words.blocked}</h3><ul>{blocked.map(([name, why]) => <li key={name}><b>{name}</b>: {String(why)}</li>)}</ul></div></div>
      )}
      {sources.length === 0 ? <p className="empty">{words.sourcesEmpty}</p> : (
        <ul className="rows">{sources.map((source) => <Row key={source.id} source={source} cited={source.evidence.some((e) => e in numbers)} waiting={waiting.has(source.url) && !source.hidden_by} />)}</ul>
      )}
    </section>
  );
}
