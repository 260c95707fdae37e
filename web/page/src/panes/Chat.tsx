/** What was said, and what came of it; below it the box in which to say more. */

import { lazy, Suspense, useState, type KeyboardEvent } from "react";
import * as api from "../lib/api";
import { bodyOf, continuation, effects } from "../lib/report";
import type { Message, Text } from "../lib/document";
import { useCurrent } from "../context";
import { useWords, type Words } from "../i18n";
import { Badge, StickyList, time, useAct } from "../ui";

interface Sent { id: string; text: string; state: "sending" | "sent" | "failed" }

// Only a graph that talks needs it; a research run's page is painted without waiting for a Markdown parser.
const Prose = lazy(() => import("./Prose"));

/** What a typed message asked for, in a line. */
export function asked(message: Message, words: Words): string {
  const body = bodyOf(message);
  if (message.kind === "finish") return words.finish;
  if (message.kind === "text" || message.kind === undefined || typeof body === "string") return String(body);
  const operations = (Array.isArray(body) ? body : ((body as { operations?: unknown[] })?.operations ?? [])) as Record<string, unknown>[];
  return operations.map((operation) => {
    if (operation.op === "add") return `${words.add}: ${operation.title}`;
    if (operation.op === "edit") return `${words.edit} ${operation.id}: ${operation.title ?? ""}`;
    if (operation.op === "status") return `${operation.id}: ${words.todo[operation.status as keyof Words["todo"]] ?? operation.status}`;
    if (operation.op === "reorder") return `${words.effect.tasks_first}: ${(operation.ids as string[]).join(", ")}`;
    if (operation.kind === "budget") return `${words.unit[operation.unit as keyof Words["unit"]]} ≤ ${operation.amount}`;
    if (operation.kind === "source_policy") return `${words.exclude}: ${((operation.urls_deny ?? operation.domains_deny ?? []) as string[]).join(", ")}`;
    if (operation.kind === "undo") return `${words.undo}: ${operation.text ?? ""}`;
    return `${operation.kind ?? operation.op}: ${operation.text ?? ""}`;
  }).join("; ");
}

function Delivery({ message }: { message: Message }) {
  const words = useWords();
  const { graph, view } = useCurrent();
  const label = message.status === "queued" ? words.delivery.queued
    : message.status === "rejected" ? words.delivery.rejected
    : message.loop != null && graph === "edr" ? words.delivery.appliedAt(message.loop) : words.delivery.applied;
  const done = effects(message, view.doc, words);
  return (
    <div className="delivery">
      <Badge kind={message.status} testid="delivery">{label}</Badge>
      {done.length > 0 && <span data-testid="effect"> {done.join(" · ")}</span>}
      {message.reason && <span className="reason" data-testid="reason"> {message.status === "applied" ? `${words.partly}: ` : ""}{message.reason}</span>}
    </div>
  );
}

function Box({ onSend, say, hint, always }: {
  onSend: (text: string) => Promise<boolean> | void; say: string; hint: string;
  /** The hint is shown on a phone too. */
  always?: boolean;
}) {
  const words = useWords();
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const send = () => {
    const said = text.trim();
    if (!said || busy) return;
    setText("");
    const done = onSend(said);
    if (!done) return;
    setBusy(true);
    void done.then((ok) => { setBusy(false); if (!ok) setText((now) => now || said); });
  };
  const onKey = (event: KeyboardEvent) => {
    // While a Korean syllable is being composed, Enter ends the syllable and not the message.
    if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) {
      event.preventDefault();
      send();
    }
  };
  return (
    <form className="steer" onSubmit={(event) => { event.preventDefault(); send(); }}>
      <label className="hidden" htmlFor="steer">{say}</label>
      <textarea
        id="steer" data-testid="steer" rows={3} maxLength={4000} value={text} aria-describedby="steer-hint"
        placeholder={say} onChange={(event) => setText(event.target.value)} onKeyDown={onKey}
      />
      <div className="row">
        <p id="steer-hint" className={always ? "quiet small always" : "quiet small"}>{hint}</p>
        <button type="submit" className="main" disabled={busy || !text.trim()} data-testid="send">{words.send}</button>
      </div>
    </form>
  );
}

function Rules() {
  const words = useWords();
  const act = useAct();
  const { id, view, over } = useCurrent();
  const rules = (view.doc.constraints ?? []).filter((rule) => rule.status === "active");
  if (!rules.length) return null;
  return (
    <details className="rules" data-testid="rules">
      <summary>{words.rules} ({rules.length})</summary>
      <ul>
        {rules.map((rule) => (
          <li key={rule.id}>
            <span><code>{rule.id}</code> {rule.kind}: {rule.text || JSON.stringify(rule.predicate)}</span>
            <button type="button" disabled={over} onClick={() => void act(() => api.operate(id, [{ kind: "undo", text: rule.id }]))}>{words.undo}</button>
          </li>
        ))}
      </ul>
    </details>
  );
}

export function Chat() {
  const words = useWords();
  const act = useAct();
  const { id, graph, view, mine, over, steerable } = useCurrent();
  const phone = graph === "phone";
  const [sent, setSent] = useState<Sent[]>([]);
  const messages = Object.values(view.doc.messages ?? {}).sort((a, b) => a.seq - b.seq);
  const known = new Set(messages.map((message) => message.client_id));
  const texts = Object.values(view.texts).filter((text: Text) => !text.id.startsWith("draft:"));
  const waiting = sent.filter((one) => !known.has(one.id));
  const send = (text: string) => {
    const one: Sent = { id: api.clientId(), text, state: "sending" };
    mine.add(one.id);
    setSent((all) => [...all.filter((old) => !known.has(old.id)), one]);
    void act(() => api.say(id, text, one.id).then(() => true)).then((ok) =>
      setSent((all) => all.map((old) => (old.id === one.id ? { ...old, state: ok ? "sent" : "failed" } : old))));
  };
  const goOn = async (text: string) => {
    const made = await act(async () => {
      const point = continuation(await api.checkpoints(id));
      if (!point) throw new Error(words.noCheckpoint);
      return api.fork(id, point.id, { text, client_id: api.clientId() });
    });
    if (made) location.hash = `#/runs/${made.id}`;
    return Boolean(made);
  };
  const parent = view.doc.run?.parent;
  const stamp = `${messages.length}/${waiting.length}/${texts.length}/${texts.at(-1)?.text.length ?? 0}/${messages.at(-1)?.status}`;
  return (
    <section className="pane chat" aria-label={words.pane.chat} data-testid="pane-chat">
      <StickyList label={words.pane.chat} live stamp={stamp}>
        <article className="said you"><h3>{phone ? words.phone.task : words.asked}</h3><p>{view.doc.run?.question}</p></article>
        {parent && <p className="lineage quiet small" data-testid="lineage">{words.goesOnFrom} <a href={`#/runs/${parent}`}>{words.earlierRun}</a></p>}
        {texts.map((text) => (
          <article className="said" key={text.id}><h3>{words.assistant}</h3><Suspense fallback={<p>{text.text}</p>}><Prose text={text.text} /></Suspense></article>
        ))}
        {messages.length === 0 && waiting.length === 0 && <p className="empty">{steerable && !over ? (phone ? words.phone.noMessages : words.noMessages) : ""}</p>}
        {messages.map((message) => (
          <article className="said you" key={message.seq} data-testid="message" data-status={message.status}>
            <h3>{message.kind === "text" || !message.kind ? words.you : (words.kind[message.kind as keyof Words["kind"]] ?? message.kind)} <time>{time(message.at)}</time></h3>
            <p>{asked(message, words)}</p>
            <Delivery message={message} />
          </article>
        ))}
        {waiting.map((one) => (
          <article className="said you" key={one.id} data-testid="message" data-status={one.state}>
            <h3>{words.you}</h3><p>{one.text}</p>
            <div className="delivery"><Badge kind={one.state === "failed" ? "rejected" : "queued"} testid="delivery">{one.state === "failed" ? words.notSent : one.state === "sent" ? words.delivery.queued : words.sending}</Badge></div>
          </article>
        ))}
      </StickyList>
      <Rules />
      {steerable && !(over && phone) && (over ? <Box key="on" onSend={goOn} say={words.goOn} hint={words.goOnHint} always /> : <Box key="steer" onSend={send} say={phone ? words.phone.say : words.say} hint={words.sayHint} />)}
    </section>
  );
}
