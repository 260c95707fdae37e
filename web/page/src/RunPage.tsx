/** One run: its controls and its panes. On a wide page chat, report and one more pane; on a phone one at a time. */

import { useEffect, useMemo, useState, useSyncExternalStore, type KeyboardEvent, type ReactNode } from "react";
import * as api from "./lib/api";
import { RunStore, useLink, useView } from "./lib/store";
import { CurrentContext, type Current } from "./context";
import { useWords } from "./i18n";
import { Badge, useAct } from "./ui";
import { Approval } from "./panes/Approval";
import { BudgetPane, BudgetStrip } from "./panes/Budget";
import { Chat } from "./panes/Chat";
import { EvidenceDrawer } from "./panes/Evidence";
import { PhonePane, StepsPane, TaskPane } from "./panes/Phone";
import { PlanPane } from "./panes/Plan";
import { ReportPane } from "./panes/Report";
import { ActivityPane, ChartsPane, StatePane } from "./panes/Small";
import { SourcesPane } from "./panes/Sources";

type Pane = "chat" | "report" | "plan" | "sources" | "activity" | "charts" | "budget" | "state" | "phone" | "steps" | "task";
const SIDE: Pane[] = ["plan", "sources", "activity", "charts", "budget"];
const SIDES: Record<string, Pane[]> = { edr: SIDE, phone: ["steps", "task", "activity", "budget"] };
const MIDDLES: Record<string, Pane> = { edr: "report", phone: "phone" };
const PHONE = "(max-width: 899px)";
const OVER = new Set(["completed", "failed", "cancelled"]);

function useMedia(query: string): boolean {
  const media = useMemo(() => matchMedia(query), [query]);
  return useSyncExternalStore((told) => { media.addEventListener("change", told); return () => media.removeEventListener("change", told); }, () => media.matches);
}

function Controls({ current }: { current: Current }) {
  const words = useWords();
  const act = useAct();
  const [asked, setAsked] = useState("");
  const [sure, setSure] = useState(false);
  const { status } = current;
  useEffect(() => setAsked(""), [status]);
  const going = status === "running" || status === "queued";
  const give = (verb: "pause" | "resume" | "cancel" | "finish") => {
    setAsked(verb);
    setSure(false);
    void act(() => api.control(current.id, verb).then(() => true)).then((ok) => { if (!ok) setAsked(""); });
  };
  useEffect(() => {
    const onKey = (event: globalThis.KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (event.ctrlKey || event.metaKey || event.altKey || target.closest("input, textarea, select, dialog")) return;
      if (event.key === "p" && going) give("pause");
      else if (event.key === "p" && (status === "paused" || status === "interrupted")) give("resume");
      else if (event.key === "s") { event.preventDefault(); document.getElementById("steer")?.focus(); }
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  });
  if (status === "completed" || status === "cancelled") return null;
  return (
    <div className="controls" role="group" aria-label={words.yourRun}>
      {asked === "pause" && <span className="quiet small" role="status">{words.pausing}</span>}
      {going && <button type="button" disabled={asked !== ""} onClick={() => give("pause")} data-testid="pause">{words.pause}</button>}
      {(status === "paused" || status === "interrupted" || status === "failed") && <button type="button" className="main" disabled={asked !== ""} onClick={() => give("resume")} data-testid="resume">{words.resume}</button>}
      {(going || status === "paused") && <button type="button" disabled={asked === "finish"} onClick={() => give("finish")} data-testid="finish">{words.finish}</button>}
      {!OVER.has(status) && (sure ? (
        <span className="sure">{words.stopSure} <button type="button" className="danger" autoFocus onClick={() => give("cancel")} data-testid="stop-yes">{words.yes}</button> <button type="button" onClick={() => setSure(false)}>{words.no}</button></span>
      ) : <button type="button" onClick={() => setSure(true)} data-testid="stop">{words.stop}</button>)}
    </div>
  );
}

function Tabs({ panes, chosen, choose, phone, marks }: {
  panes: Pane[]; chosen: Pane; choose: (pane: Pane) => void; phone: boolean; marks: Partial<Record<Pane, number>>;
}) {
  const words = useWords();
  const onKey = (event: KeyboardEvent) => {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (!by) return;
    event.preventDefault();
    const next = panes[(panes.indexOf(chosen) + by + panes.length) % panes.length]!;
    choose(next);
    document.getElementById(`tab-${next}`)?.focus();
  };
  return (
    <div role="tablist" aria-label={words.menu} className={phone ? "tabs phone" : "tabs"} onKeyDown={onKey}>
      {panes.map((pane) => (
        <button key={pane} type="button" role="tab" id={`tab-${pane}`} aria-selected={pane === chosen} aria-controls="panel" tabIndex={pane === chosen ? 0 : -1} onClick={() => choose(pane)} data-testid={`tab-${pane}`}>
          {words.pane[pane]}{marks[pane] ? <span className="count">{marks[pane]}</span> : null}
        </button>
      ))}
    </div>
  );
}

function paneOf(pane: Pane): ReactNode {
  switch (pane) {
    case "chat": return <Chat />;
    case "report": return <ReportPane />;
    case "plan": return <PlanPane />;
    case "sources": return <SourcesPane />;
    case "activity": return <ActivityPane />;
    case "charts": return <ChartsPane />;
    case "budget": return <BudgetPane />;
    case "state": return <StatePane />;
    case "phone": return <PhonePane />;
    case "steps": return <StepsPane />;
    case "task": return <TaskPane />;
  }
}

function Body({ current }: { current: Current }) {
  const words = useWords();
  const phone = useMedia(PHONE);
  const side = SIDES[current.graph] ?? (["activity", "budget"] as Pane[]);
  const middle: Pane = MIDDLES[current.graph] ?? "state";
  const panes: Pane[] = phone ? ["chat", middle, ...side] : side;
  const [wanted, choose] = useState<Pane>(phone ? "chat" : side[0]!);
  const chosen = panes.includes(wanted) ? wanted : panes[0]!;
  const { doc } = current.view;
  const marks = {
    sources: Object.keys(doc.sources ?? {}).length, charts: Object.keys(doc.charts ?? {}).length,
    steps: Object.keys((doc.phone as { steps?: object } | undefined)?.steps ?? {}).length,
    plan: (doc.todo?.items ?? []).filter((item) => item.status === "pending" || item.status === "in_progress").length,
  };
  useEffect(() => {
    const onKey = (event: globalThis.KeyboardEvent) => {
      const target = event.target as HTMLElement;
      const pane = panes[Number(event.key) - 1];
      if (!pane || event.ctrlKey || event.metaKey || event.altKey || target.closest("input, textarea, select, dialog")) return;
      choose(pane);
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  });
  const tabs = <Tabs panes={panes} chosen={chosen} choose={choose} phone={phone} marks={marks} />;
  if (phone)
    return <><BudgetStrip onOpen={() => choose("budget")} /><div className="phone-body"><Approval /><div role="tabpanel" id="panel" aria-labelledby={`tab-${chosen}`}>{paneOf(chosen)}</div></div>{tabs}</>;
  return (
    <>
      <BudgetStrip onOpen={() => choose("budget")} />
      <div className="columns-3">
        <div className="left">{paneOf("chat")}</div>
        <main className="middle" aria-label={words.pane[middle]}><Approval />{paneOf(middle)}</main>
        <div className="right">{tabs}<div role="tabpanel" id="panel" aria-labelledby={`tab-${chosen}`} className="panel">{paneOf(chosen)}</div></div>
      </div>
    </>
  );
}

export function RunPage({ id, tools }: { id: string; tools: ReactNode }) {
  const words = useWords();
  const store = useMemo(() => new RunStore(id), [id]);
  useEffect(() => store.open(), [store]);
  const view = useView(store);
  const link = useLink(store);
  const mine = useMemo(() => new Set<string>(), [id]);
  const [shown, setShown] = useState<{ ids: string[]; n: number } | null>(null);
  const openEvidence = useMemo(() => (ids: string[], n: number) => setShown({ ids, n }), []);
  const run = view.doc.run ?? {};
  const status = run.status ?? "queued";
  const graph = run.graph || "edr";
  const edr = graph === "edr";
  const [steerable, setSteerable] = useState(true);
  useEffect(() => {
    if (!edr) void api.graphs().then((all) => setSteerable(all.find((one) => one.name === run.graph)?.steerable ?? false), () => {});
  }, [edr, run.graph]);
  const current: Current = { id, graph, view, mine, status, steerable, over: OVER.has(status), openEvidence };
  useEffect(() => { document.title = run.question ? `${words.status[status]} · ${run.question}` : words.brand; }, [run.question, status, words]);
  return (
    <CurrentContext value={current}>
      <div className="frame run" data-testid="run" data-seq={view.seq} data-missed={view.missed} data-ready={view.ready} data-status={status} data-link={link}>
        <header className="top">
          <span className="brand">{words.brand}</span>
          <h1 className="run-title" title={run.question}>{run.question ?? " "}</h1>
          {view.ready && <Badge kind={status} testid="status">{words.status[status] ?? status}{status === "running" && view.doc.loop != null ? ` · ${words.loop} ${view.doc.loop}` : ""}</Badge>}
          <span className={`link-state ${link}`} role="status" data-testid="link">{link === "live" ? "" : words.link[link]}</span>
          {view.ready && <Controls current={current} />}
          {tools}
        </header>
        {link === "refused" ? <p className="empty">{store.refused === 404 ? words.notFound : words.link.refused}</p> : (
          <>
            {run.error && <p className="notice bad" role="alert" data-testid="run-error">{words.error}: {run.error}</p>}
            {view.ready && <Body current={current} />}
          </>
        )}
      </div>
      {shown && <EvidenceDrawer run={id} ids={shown.ids} n={shown.n} onClose={() => setShown(null)} />}
    </CurrentContext>
  );
}
