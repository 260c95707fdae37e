/** All runs of this person: open, go on, fork at a checkpoint, compare two. */

import { useCallback, useEffect, useState } from "react";
import * as api from "../lib/api";
import { useWords } from "../i18n";
import { Badge, Drawer, time, useAct } from "../ui";

function Checkpoints({ run, onFork }: { run: string; onFork: (id: string) => void }) {
  const words = useWords();
  const act = useAct();
  const [points, setPoints] = useState<api.Checkpoint[] | null>(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => { void act(() => api.checkpoints(run)).then((found) => setPoints(found ?? [])); }, [run, act]);
  const fork = (point: string) => {
    setBusy(true);
    void act(() => api.fork(run, point)).then((made) => { setBusy(false); if (made) onFork(made.id); });
  };
  return (
    <div className="checkpoints" data-testid="checkpoints">
      <p className="quiet small">{words.forkHint}</p>
      <ol>
        {(points ?? []).map((point) => (
          <li key={point.id} data-testid="checkpoint">
            <span className="grow small">{words.step} {point.step}{point.loop != null && ` · ${words.loop} ${point.loop}`} · {words.next}: {[...new Set(point.next)].join(", ") || "–"}</span>
            <time className="quiet small">{time(point.at)}</time>
            <button type="button" disabled={busy} onClick={() => fork(point.id)} data-testid="fork">{words.forkHere}</button>
          </li>
        ))}
      </ol>
    </div>
  );
}

export function History({ current, onOpen, onCompare, onClose }: {
  current: string | null; onOpen: (id: string) => void; onCompare: (a: string, b: string) => void; onClose: () => void;
}) {
  const words = useWords();
  const act = useAct();
  const [runs, setRuns] = useState<api.Run[] | null>(null);
  const [next, setNext] = useState<string | null>(null);
  const [open, setOpen] = useState("");
  const [chosen, setChosen] = useState<string[]>([]);
  const load = useCallback((before?: string) => {
    void act(() => api.runs(before)).then((page) => {
      setRuns((old) => [...(before ? (old ?? []) : []), ...(page?.runs ?? [])]);
      setNext(page?.next ?? null);
    });
  }, [act]);
  useEffect(() => load(), [load]);
  const choose = (id: string) => setChosen((all) => (all.includes(id) ? all.filter((one) => one !== id) : [...all, id].slice(-2)));
  const resume = (id: string) => void act(() => api.control(id, "resume")).then((run) => run && onOpen(id));
  return (
    <Drawer title={words.history} onClose={onClose} testid="history">
      <div className="row between">
        <p className="quiet small">{words.compareChoose}</p>
        <button type="button" className="main" disabled={chosen.length !== 2} onClick={() => onCompare(chosen[0]!, chosen[1]!)} data-testid="compare-open">{words.compare}</button>
      </div>
      {runs?.length === 0 && <p className="empty">{words.historyEmpty}</p>}
      <ul className="rows history">
        {(runs ?? []).map((run) => (
          <li key={run.id} className={run.id === current ? "current" : ""} data-testid="history-run" data-id={run.id}>
            <div className="history-head">
              <input type="checkbox" checked={chosen.includes(run.id)} onChange={() => choose(run.id)} aria-label={`${words.compare}: ${run.question}`} data-testid="choose" />
              <button type="button" className="link grow" onClick={() => onOpen(run.id)} data-testid="open-run">{run.question || run.graph}</button>
              <Badge kind={run.status}>{words.status[run.status] ?? run.status}</Badge>
            </div>
            <div className="row history-tools">
              <span className="quiet small grow">{time(run.created)}{run.graph !== "edr" && ` · ${run.graph}`}{run.parent && ` · ${words.ofRun} ${run.parent.slice(-8)}`}</span>
              {(run.status === "paused" || run.status === "interrupted" || run.status === "failed") && <button type="button" onClick={() => resume(run.id)}>{words.resume}</button>}
              <button type="button" aria-expanded={open === run.id} onClick={() => setOpen(open === run.id ? "" : run.id)} data-testid="forks">{words.forks}</button>
            </div>
            {open === run.id && <Checkpoints run={run.id} onFork={onOpen} />}
          </li>
        ))}
      </ul>
      {next && <button type="button" onClick={() => load(next)}>{words.moreRuns}</button>}
    </Drawer>
  );
}
