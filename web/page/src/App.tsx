/** The page: who is there, which run is shown, and what lies over it. */

import { useCallback, useEffect, useMemo, useState, useSyncExternalStore } from "react";
import * as api from "./lib/api";
import { dictionary, useWords, WordsContext, type Language } from "./i18n";
import { Notices, useAct } from "./ui";
import { Compare } from "./panes/Compare";
import { Help } from "./panes/Help";
import { History } from "./panes/History";
import { Login } from "./panes/Login";
import { Start } from "./panes/Start";
import { RunPage } from "./RunPage";

type Theme = "light" | "dark";

function kept(name: string): string | null {
  try { return localStorage.getItem(name); } catch { return null; }
}
function keep(name: string, value: string): void {
  try { localStorage.setItem(name, value); } catch { /* a browser that keeps nothing still shows the page */ }
}

const subscribeHash = (told: () => void) => {
  addEventListener("hashchange", told);
  return () => removeEventListener("hashchange", told);
};
function useRoute(): [string | null, (id: string | null) => void] {
  const hash = useSyncExternalStore(subscribeHash, () => location.hash);
  const id = /^#\/runs\/([A-Za-z0-9_-]{1,100})$/.exec(hash)?.[1] ?? null;
  return [id, useCallback((next: string | null) => { location.hash = next ? `#/runs/${next}` : "#/"; }, [])];
}

export interface TopProps {
  session: api.Session; language: Language; theme: Theme;
  setLanguage(language: Language): void; setTheme(theme: Theme): void;
  show(what: "history" | "help" | null): void; go(id: string | null): void; onLogout(): void;
}

function Tools({ session, language, setLanguage, theme, setTheme, show, go, onLogout }: TopProps) {
  const words = useWords();
  return (
    <nav className="tools" aria-label={words.brand}>
      <button type="button" onClick={() => go(null)} data-testid="new">{words.newRun}</button>
      <button type="button" onClick={() => show("history")} data-testid="history-open">{words.history}</button>
      <button type="button" className="plain" onClick={() => setLanguage(language === "en" ? "ko" : "en")} lang={language === "en" ? "ko" : "en"} data-testid="language">{words.language}</button>
      <button type="button" className="plain icon" aria-label={words.theme} title={words.theme} aria-pressed={theme === "dark"} onClick={() => setTheme(theme === "dark" ? "light" : "dark")} data-testid="theme">◐</button>
      <button type="button" className="plain icon" aria-label={words.help} title={words.help} onClick={() => show("help")} data-testid="help-open">?</button>
      {session.mode === "accounts" && <button type="button" className="plain" onClick={onLogout} data-testid="logout">{words.logout} ({session.user})</button>}
    </nav>
  );
}

/** Keys that work wherever nobody is writing. */
function useShortcuts(keys: Record<string, () => void>): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (event.ctrlKey || event.metaKey || event.altKey || target.closest("input, textarea, select, dialog, [contenteditable]")) return;
      const work = keys[event.key];
      if (work) { event.preventDefault(); work(); }
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [keys]);
}

function Inside(props: Omit<TopProps, "show" | "go">) {
  const words = useWords();
  const [run, go] = useRoute();
  const [over, show] = useState<"history" | "help" | null>(null);
  const [pair, setPair] = useState<[string, string] | null>(null);
  const open = (id: string) => { show(null); setPair(null); go(id); };
  const keys = useMemo(() => ({ n: () => go(null), h: () => show("history"), "?": () => show("help") }), [go]);
  useShortcuts(keys);
  useEffect(() => { if (!run) document.title = words.brand; }, [run, words]);
  const tools = <Tools {...props} show={show} go={go} />;
  return (
    <>
      <a className="skip" href="#report" onClick={(event) => { event.preventDefault(); document.getElementById("report")?.focus(); }}>{words.skip}</a>
      {run ? <RunPage key={run} id={run} tools={tools} /> : (
        <div className="frame">
          <header className="top"><span className="brand">{words.brand}</span><span className="grow" />{tools}</header>
          <Start session={props.session} onStarted={open} />
        </div>
      )}
      {over === "history" && !pair && <History current={run} onOpen={open} onCompare={(a, b) => setPair([a, b])} onClose={() => show(null)} />}
      {over === "help" && <Help onClose={() => show(null)} />}
      {pair && <Compare a={pair[0]} b={pair[1]} onClose={() => setPair(null)} />}
    </>
  );
}

function Door(props: Omit<TopProps, "session" | "onLogout" | "show" | "go">) {
  const act = useAct();
  const words = useWords();
  const [session, setSession] = useState<api.Session | null>(null);
  const [failed, setFailed] = useState(false);
  const load = useCallback(() => {
    setFailed(false);
    void act(api.session).then((found) => { if (found) setSession(found); else setFailed(true); });
  }, [act]);
  useEffect(load, [load]);
  useEffect(() => api.whenLoggedOut(() => { void api.session().then(setSession, () => {}); }), []);
  if (!session) return <div className="login">{failed && <button type="button" onClick={load}>{words.retry}</button>}</div>;
  if (session.mode === "accounts" && !session.user) return <Login session={session} onLogin={setSession} />;
  const onLogout = () => void act(() => api.logout()).then(() => { location.hash = "#/"; load(); });
  return <Inside {...props} session={session} onLogout={onLogout} />;
}

export function App() {
  const [language, setLanguage] = useState<Language>(() => (kept("language") ?? navigator.language.slice(0, 2)) === "ko" ? "ko" : "en");
  const [theme, setTheme] = useState<Theme>(() => (kept("theme") as Theme | null) ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"));
  useEffect(() => { document.documentElement.lang = language; }, [language]);
  useEffect(() => { document.documentElement.dataset.theme = theme; }, [theme]);
  return (
    <WordsContext value={dictionary[language]}>
      <Notices>
        <Door
          language={language} theme={theme}
          setLanguage={(next) => { keep("language", next); setLanguage(next); }}
          setTheme={(next) => { keep("theme", next); setTheme(next); }}
        />
      </Notices>
    </WordsContext>
  );
}
