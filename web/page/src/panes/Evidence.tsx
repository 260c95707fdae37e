/** The stored text around a quote, with the quote marked. */

import { useEffect, useRef, useState } from "react";
import * as api from "../lib/api";
import { safeUrl } from "../lib/report";
import { useWords } from "../i18n";
import { Badge, Drawer, time } from "../ui";

function One({ run, id }: { run: string; id: string }) {
  const words = useWords();
  const [quote, setQuote] = useState<api.Quote | null>(null);
  const [problem, setProblem] = useState("");
  const mark = useRef<HTMLElement>(null);
  useEffect(() => { void mark.current?.scrollIntoView({ block: "center" }); }, [quote]); // a promise in newer browsers
  useEffect(() => {
    let gone = false;
    setQuote(null);
    setProblem("");
    api.quote(run, id).then((found) => !gone && setQuote(found), (error: Error) => !gone && setProblem(error.message));
    return () => { gone = true; };
  }, [run, id]);
  if (problem) return <p className="bad-text">{problem}</p>;
  if (!quote) return <p className="quiet">…</p>;
  const url = safeUrl(quote.url);
  return (
    <article className="quote" data-testid="quote">
      <h3>{quote.title || quote.url}</h3>
      <p className="quiet small">
        {url ? <a href={url} target="_blank" rel="noopener noreferrer">{words.openSource}</a> : <span>{quote.url}</span>}
        {quote.place && <span data-testid="place"> · {quote.place}</span>}
        {quote.fetched_at && <> · {words.fetched} {time(quote.fetched_at)}</>}
      </p>
      <p><Badge kind={quote.stands ? "applied" : "rejected"} testid="stands">{quote.stands ? words.stands : words.falls}</Badge></p>
      <blockquote>{quote.before && <span>{quote.before}</span>}<mark ref={mark} data-testid="mark">{quote.quote}</mark>{quote.after && <span>{quote.after}</span>}</blockquote>
    </article>
  );
}

export function EvidenceDrawer({ run, ids, n, onClose }: { run: string; ids: string[]; n: number; onClose: () => void }) {
  const words = useWords();
  return (
    <Drawer title={n ? `${words.evidence} [${n}]` : words.evidence} onClose={onClose} testid="evidence">
      {ids.map((id) => <One key={id} run={run} id={id} />)}
    </Drawer>
  );
}
