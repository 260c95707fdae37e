/** The report: drafts while they are written, then claims with chips that open the stored quote. */

import { memo, useEffect, useLayoutEffect, useRef, useState, type RefObject } from "react";
import * as api from "../lib/api";
import { chips, drafts, numbering, safeUrl, sectionsOf } from "../lib/report";
import type { Claim, Section, Text } from "../lib/document";
import { useCurrent } from "../context";
import { useWords } from "../i18n";
import { Badge } from "../ui";
import { About, Ending } from "./Ending";

const ClaimText = memo(function ClaimText({ claim, numbers, open }: {
  claim: Claim; numbers: Record<string, number>; open: (ids: string[], n: number) => void;
}) {
  const words = useWords();
  return (
    <span className={claim.verdict === "unverified" ? "claim unverified" : "claim"} data-testid="claim">
      {claim.text}
      {claim.verdict === "unverified" && <Badge kind="warn">{words.unverified}</Badge>}
      {chips(claim.evidence, numbers).map(({ n, ids }) => (
        <button type="button" key={n} className="chip" data-testid="chip" aria-label={`${words.evidence} ${n}`} onClick={() => open(ids, n)}>{n}</button>
      ))}{" "}
    </span>
  );
});

function SectionView({ section, draft, numbers, final }: {
  section: Section; draft: Text | undefined; numbers: Record<string, number>; final: boolean;
}) {
  const words = useWords();
  const { openEvidence } = useCurrent();
  const claims = (section.claims ?? []).filter((claim) => claim.verdict !== "dropped");
  const isDraft = section.status === "writing";
  const label = section.status === "writing" ? words.writing : section.status === "written" ? words.written : section.status === "checked" ? words.checked : "";
  return (
    <section className={`section ${section.status}`} data-testid="section" data-status={section.status} aria-busy={isDraft}>
      <div className="section-head">
        <h3>{section.title}</h3>
        <span className="section-state">{!final && label && <Badge kind={section.status}>{label}</Badge>}</span>
      </div>
      {isDraft ? (
        // The newest line stays in sight without scripts: the box is turned over, and so is its one child's place in it.
        <div className="draft" data-testid="draft" aria-label={words.draft}><p>{draft?.text ?? ""}</p></div>
      ) : (
        <p className="claims">{claims.map((claim, place) => <ClaimText key={place} claim={claim} numbers={numbers} open={openEvidence} />)}</p>
      )}
    </section>
  );
}

export function Exports({ id }: { id: string }) {
  const words = useWords();
  return (
    <nav className="exports" aria-label={words.exportAs} data-testid="exports">
      <span className="quiet small">{words.exportAs}</span>
      {[["md", "Markdown"], ["html", "HTML"], ["docx", "DOCX"], ["pdf", "PDF"]].map(([kind, label]) => (
        <a key={kind} href={api.exportUrl(id, kind!)} download data-testid={`export-${kind}`}>{label}</a>
      ))}
    </nav>
  );
}

function SourceList({ numbers }: { numbers: Record<string, number> }) {
  const words = useWords();
  const { view, openEvidence } = useCurrent();
  const found = new Map<number, { source: string; ids: string[] }>();
  for (const [id, n] of Object.entries(numbers)) {
    const source = view.doc.evidence?.[id]?.source;
    if (source) found.set(n, { source, ids: [...(found.get(n)?.ids ?? []), id] });
  }
  if (!found.size) return null;
  return (
    <section className="section"><h3>{words.sourceList}</h3>
      <ol className="source-list">
        {[...found].sort((a, b) => a[0] - b[0]).map(([n, { source, ids }]) => {
          const of = view.doc.sources?.[source];
          const url = safeUrl(of?.url ?? "");
          return (
            <li key={n} value={n}>
              <button type="button" className="link" onClick={() => openEvidence(ids, n)}>{of?.title || of?.url}</button>{" "}
              {url && <a href={url} target="_blank" rel="noopener noreferrer" className="quiet small">{new URL(url).host}</a>}
            </li>
          );
        })}
      </ol>
    </section>
  );
}

/** What scrolls the report: the middle column, or the whole body of a phone. */
const scrollerOf = (report: HTMLElement) => report.closest<HTMLElement>(".middle, .phone-body");

/**
 * Keeps the heading that is read at its place while sections above it outgrow theirs. The browser's own anchoring lets
 * go as soon as the element that it chose is replaced, and a draft always is.
 */
function useAnchor(report: RefObject<HTMLElement | null>): void {
  const anchor = useRef<{ heading: Element; top: number } | null>(null);
  const choose = () => {
    const scroller = report.current && scrollerOf(report.current);
    if (!scroller) return;
    const edge = scroller.getBoundingClientRect().top;
    const all = [...report.current!.querySelectorAll("h3")].map((heading) => ({ heading, top: heading.getBoundingClientRect().top }));
    anchor.current = all.find(({ top }) => top >= edge) ?? all.at(-1) ?? null;
  };
  useEffect(() => {
    const scroller = report.current && scrollerOf(report.current);
    scroller?.addEventListener("scroll", choose, { passive: true });
    return () => scroller?.removeEventListener("scroll", choose);
  });
  useLayoutEffect(() => {
    const scroller = report.current && scrollerOf(report.current);
    const kept = anchor.current;
    if (scroller && scroller.scrollTop > 0 && kept?.heading.isConnected) scroller.scrollTop += kept.heading.getBoundingClientRect().top - kept.top;
    choose();
  });
}

export function ReportPane() {
  const words = useWords();
  const report = useRef<HTMLElement>(null);
  useAnchor(report);
  const { id, view } = useCurrent();
  const { doc } = view;
  const sections = sectionsOf(doc);
  const numbers = numbering(doc);
  const texts = drafts(view.texts);
  const final = doc.report?.final ?? false;
  // Places are kept for a report that was seen growing; one that is opened finished has no gaps.
  const [live] = useState(!final);
  return (
    <article ref={report} className={live ? "pane report live" : "pane report"} aria-label={words.pane.report} data-testid="pane-report" data-final={final} id="report" tabIndex={-1}>
      <header className="report-head">
        <h2>{doc.report?.title || doc.run?.question || " "}</h2>
        <div className="report-tools">{final && <Exports id={id} />}</div>
      </header>
      <div className="report-body">
        {sections.length === 0 && <p className="empty">{words.reportEmpty}</p>}
        {sections.map((section) => <SectionView key={section.id} section={section} draft={texts[section.id]} numbers={numbers} final={final} />)}
        {final && <Ending />}
        {final && <SourceList numbers={numbers} />}
        {final && <About />}
      </div>
    </article>
  );
}
