/** The list of sub-questions: a person may change it at any time; the change counts from the next step on. */

import { useRef, useState, type DragEvent, type KeyboardEvent } from "react";
import * as api from "../lib/api";
import type { TodoItem } from "../lib/document";
import { moved, operationsOf, overlay, waitingEdits, type Row, type TodoOperation } from "../lib/plan";
import { useCurrent } from "../context";
import { useWords } from "../i18n";
import { Badge, useAct } from "../ui";

interface ListProps {
  rows: Row[]; apply: (operation: TodoOperation) => void;
  /** Nothing can be changed: the run is over. */
  disabled?: boolean;
}

function ItemMenu({ item, apply, onEdit }: { item: TodoItem; apply: ListProps["apply"]; onEdit: () => void }) {
  const words = useWords();
  const set = (status: "pending" | "blocked" | "done" | "cancelled") => apply({ op: "status", id: item.id, status });
  const open = item.status === "pending" || item.status === "in_progress" || item.status === "blocked";
  return (
    <div className="item-tools">
      <button type="button" onClick={onEdit} data-testid="todo-edit">{words.edit}</button>
      {open && (item.status === "blocked"
        ? <button type="button" onClick={() => set("pending")} data-testid="todo-unblock">{words.unblock}</button>
        : <button type="button" onClick={() => set("blocked")} data-testid="todo-block">{words.block}</button>)}
      {open && <button type="button" onClick={() => set("done")} data-testid="todo-done">{words.done}</button>}
      {open ? <button type="button" onClick={() => set("cancelled")} data-testid="todo-cancel">{words.drop}</button>
        : <button type="button" onClick={() => set("pending")} data-testid="todo-restore">{words.restore}</button>}
    </div>
  );
}

function EditForm({ item, onSave, onClose }: { item: TodoItem; onSave: (title: string) => void; onClose: () => void }) {
  const words = useWords();
  const [title, setTitle] = useState(item.title);
  return (
    <form className="item-form" onSubmit={(event) => { event.preventDefault(); if (title.trim()) onSave(title.trim()); }}>
      <textarea
        aria-label={words.titleOf} autoFocus rows={2} maxLength={300} value={title} data-testid="todo-title"
        onChange={(event) => setTitle(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") { event.stopPropagation(); onClose(); }
          if (event.key === "Enter" && !event.nativeEvent.isComposing) { event.preventDefault(); if (title.trim()) onSave(title.trim()); }
        }}
      />
      <div className="row"><button type="submit" className="main" data-testid="todo-save">{words.save}</button><button type="button" onClick={onClose}>{words.cancelEdit}</button></div>
    </form>
  );
}

function Item({ row, place, count, apply, move, disabled, onDrop }: {
  row: Row; place: number; count: number; apply: ListProps["apply"]; move: (by: number) => void; disabled?: boolean;
  onDrop: (dragged: string) => void;
}) {
  const words = useWords();
  const [editing, setEditing] = useState(false);
  const [over, setOver] = useState(false);
  const { item } = row;
  const fixed = disabled || row.ghost;
  const onKey = (event: KeyboardEvent) => {
    if (!event.altKey || fixed || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
    event.preventDefault();
    move(event.key === "ArrowUp" ? -1 : 1);
  };
  const drag = {
    draggable: !fixed && !editing,
    onDragStart: (event: DragEvent) => { event.dataTransfer.setData("text/plain", item.id); event.dataTransfer.effectAllowed = "move"; },
    onDragOver: (event: DragEvent) => { event.preventDefault(); setOver(true); },
    onDragLeave: () => setOver(false),
    onDrop: (event: DragEvent) => { event.preventDefault(); setOver(false); onDrop(event.dataTransfer.getData("text/plain")); },
  };
  return (
    <li className={`item ${item.status}${over ? " over" : ""}`} data-testid="todo" data-id={item.id} data-status={item.status} data-waiting={row.waiting} onKeyDown={onKey} {...drag}>
      <div className="item-line">
        {!disabled && <span className="grip" aria-hidden="true" title={words.drag}>⠿</span>}
        <div className="grow">
          {editing ? <EditForm item={item} onClose={() => setEditing(false)} onSave={(title) => { setEditing(false); apply({ op: "edit", id: item.id, title }); }} />
            : <p className="item-title" tabIndex={0}>{item.title}</p>}
          <p className="item-meta small">
            <Badge kind={item.status}>{words.todo[item.status] ?? item.status}</Badge>
            <Badge kind={`origin ${item.origin}`} testid="origin">{words.origin[item.origin] ?? item.origin}</Badge>
            {item.locked_by_user && !row.ghost && item.origin !== "user_edit" && <Badge>{words.reviewLocked}</Badge>}
            {item.evidence_ids.length > 0 && <span className="quiet">{words.quotes(item.evidence_ids.length)}</span>}
            {row.waiting && <Badge kind="queued" testid="waiting">{words.waiting}</Badge>}
            {item.note && <span className="quiet">{item.note}</span>}
          </p>
        </div>
        {!disabled && <div className="movers">
          <button type="button" className="plain" aria-label={`${words.up}: ${item.title}`} disabled={fixed || place === 0} onClick={() => move(-1)} data-testid="todo-up">↑</button>
          <button type="button" className="plain" aria-label={`${words.down}: ${item.title}`} disabled={fixed || place === count - 1} onClick={() => move(1)} data-testid="todo-down">↓</button>
        </div>}
      </div>
      {!editing && !row.ghost && !disabled && <ItemMenu item={item} apply={apply} onEdit={() => setEditing(true)} />}
    </li>
  );
}

/** The items with their controls, and a line to add one; `apply` decides what becomes of an operation. */
export function TodoList({ rows, apply, disabled }: ListProps) {
  const words = useWords();
  const [title, setTitle] = useState("");
  const list = useRef<HTMLUListElement>(null);
  const ids = rows.filter((row) => !row.ghost).map((row) => row.item.id);
  const reorder = (order: string[] | null) => order && apply({ op: "reorder", ids: order });
  const move = (id: string, by: number) => reorder(moved(ids, id, by));
  return (
    <>
      <ul className="items" ref={list}>
        {rows.map((row, place) => (
          <Item
            key={row.item.id} row={row} place={place} count={ids.length} apply={apply} disabled={disabled} move={(by) => move(row.item.id, by)}
            onDrop={(dragged) => move(dragged, place - ids.indexOf(dragged))}
          />
        ))}
      </ul>
      {!disabled && <form className="adder" onSubmit={(event) => {
        event.preventDefault();
        if (!title.trim()) return;
        apply({ op: "add", title: title.trim(), origin: "user_edit", priority: 90 });
        setTitle("");
      }}>
        <input aria-label={words.addItem} placeholder={words.addItem} maxLength={300} value={title} onChange={(event) => setTitle(event.target.value)} data-testid="todo-new" />
        <button type="submit" disabled={!title.trim()} data-testid="todo-add">{words.add}</button>
      </form>}
    </>
  );
}

/** What was not done of this page's own edits, and why. */
function Conflicts() {
  const words = useWords();
  const { view, mine } = useCurrent();
  const [seen, setSeen] = useState<ReadonlySet<number>>(new Set());
  const told = Object.values(view.doc.messages ?? {}).filter(
    (m) => m.kind === "todo" && m.status !== "queued" && m.reason && mine.has(m.client_id) && !seen.has(m.seq));
  return (
    <div role="status">
      {told.map((message) => (
        <div className="notice warn" key={message.seq} data-testid="conflict">
          <p><b>{words.conflict}</b>: {message.reason}</p>
          <button type="button" className="plain" aria-label={words.dismiss} onClick={() => setSeen(new Set([...seen, message.seq]))}>×</button>
        </div>
      ))}
    </div>
  );
}

export function PlanPane() {
  const words = useWords();
  const act = useAct();
  const { id, view, mine, over, status } = useCurrent();
  const [sending, setSending] = useState<{ id: string; operation: TodoOperation }[]>([]);
  const { doc } = view;
  const waiting = waitingEdits(doc);
  const known = new Set(Object.values(doc.messages ?? {}).map((message) => message.client_id));
  const unsent = sending.filter((one) => !known.has(one.id));
  const operations = [...operationsOf(waiting), ...unsent.map((one) => one.operation)];
  const rows = overlay(doc.todo?.items ?? [], operations);
  const apply = (operation: TodoOperation) => {
    const key = api.clientId();
    mine.add(key);
    setSending((all) => [...all.filter((one) => !known.has(one.id)), { id: key, operation }]);
    void act(() => api.editTodo(id, doc.todo?.version ?? 0, [operation], key).then(() => true)).then((ok) => {
      if (!ok) setSending((all) => all.filter((one) => one.id !== key));
    });
  };
  return (
    <section className="pane plan" aria-label={words.pane.plan} data-testid="pane-plan" data-version={doc.todo?.version ?? 0}>
      <p className="plan-head small quiet">
        <span data-testid="todo-version">{words.version} {doc.todo?.version ?? 0}</span>
        <span role="status" data-testid="waiting-edits">{operations.length > 0 && `${words.waitingEdits(operations.length)}.${status === "paused" ? ` ${words.waitingPaused}` : ""}`}</span>
      </p>
      <Conflicts />
      {rows.length === 0 && <p className="empty">{words.planEmpty}</p>}
      <TodoList rows={rows} apply={apply} disabled={over} />
    </section>
  );
}
