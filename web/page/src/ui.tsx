/** Small parts that several panes use. */

import { createContext, useCallback, useContext, useEffect, useId, useRef, useState, type ReactNode } from "react";
import { ApiError } from "./lib/api";
import { useWords } from "./i18n";

type Act = <T>(work: () => Promise<T>) => Promise<T | undefined>;
const ActContext = createContext<Act>(async () => undefined);
/** Do something that may fail; a failure is told in a notice, and gives undefined. */
export const useAct = () => useContext(ActContext);

export function Notices({ children }: { children: ReactNode }) {
  const words = useWords();
  const [told, setTold] = useState<{ id: number; text: string; mend: string }[]>([]);
  const count = useRef(0);
  const act: Act = useCallback(async (work) => {
    try {
      return await work();
    } catch (error) {
      const id = (count.current += 1);
      const text = error instanceof ApiError && error.status === 0 ? words.unreachable : String((error as Error).message ?? error);
      const mend = error instanceof ApiError ? error.mend : "";
      setTold((all) => [...all.filter((one) => one.text !== text), { id, text, mend }].slice(-3));
      setTimeout(() => setTold((all) => all.filter((one) => one.id !== id)), 12_000);
      return undefined;
    }
  }, [words]);
  return (
    <ActContext.Provider value={act}>
      {children}
      <div className="notices" role="alert" data-testid="notices">
        {told.map((one) => (
          <div className="notice bad" key={one.id}>
            <p>{one.text} {one.mend && <span className="quiet">{one.mend}</span>}</p>
            <button type="button" className="plain" aria-label={words.dismiss} onClick={() => setTold((all) => all.filter((o) => o.id !== one.id))}>×</button>
          </div>
        ))}
      </div>
    </ActContext.Provider>
  );
}

/** A panel over the page: focus goes in, stays in, and returns to where it was; Esc closes. */
export function Drawer({ title, onClose, children, wide, testid }: {
  title: string; onClose: () => void; children: ReactNode; wide?: boolean; testid: string;
}) {
  const words = useWords();
  const box = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = box.current;
    const before = document.activeElement as HTMLElement | null;
    dialog?.showModal();
    return () => {
      dialog?.close();
      before?.focus?.();
    };
  }, []);
  return (
    <dialog
      ref={box} className={wide ? "drawer wide" : "drawer"} aria-labelledby={id} data-testid={testid}
      onCancel={(event) => { event.preventDefault(); onClose(); }}
      onClick={(event) => event.target === box.current && onClose()}
    >
      <div className="drawer-body">
        <header>
          <h2 id={id}>{title}</h2>
          <button type="button" className="plain" onClick={onClose} aria-label={words.close} data-testid="close">×</button>
        </header>
        <div className="drawer-scroll" tabIndex={0} role="group" aria-labelledby={id}>{children}</div>
      </div>
    </dialog>
  );
}

/** A list that stays at its end while it grows, unless the reader has scrolled away. */
export function StickyList({ children, label, live, stamp, testid }: {
  children: ReactNode; label: string; live?: boolean; stamp: unknown; testid?: string;
}) {
  const box = useRef<HTMLDivElement>(null);
  const stuck = useRef(true);
  useEffect(() => {
    const element = box.current;
    if (element && stuck.current) element.scrollTop = element.scrollHeight;
  }, [stamp]);
  return (
    <div
      ref={box} className="sticky-list" role="log" aria-label={label} aria-live={live ? "polite" : "off"} tabIndex={0} data-testid={testid}
      onScroll={() => {
        const element = box.current!;
        stuck.current = element.scrollHeight - element.scrollTop - element.clientHeight < 60;
      }}
    >
      {children}
    </div>
  );
}

export function Badge({ kind, children, testid }: { kind?: string; children: ReactNode; testid?: string }) {
  return <span className={`badge ${kind ?? ""}`} data-testid={testid}>{children}</span>;
}

export function time(iso: string | undefined | null): string {
  const at = iso ? new Date(iso) : null;
  return at && !Number.isNaN(at.valueOf()) ? at.toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" }) : "";
}
