/** One run's view, kept current by its event stream; what arrives between two paints is folded in one go. */

import { useSyncExternalStore } from "react";
import { eventsUrl } from "./api";
import { emptyView, fold, type Frame, type View } from "./document";
import { EventStream, type Link } from "./stream";

export class RunStore {
  view: View = emptyView;
  link: Link = "connecting";
  refused = 0;
  private waiting: [Frame, number | null][] = [];
  private scheduled = false;
  private readonly listeners = new Set<() => void>();
  private stream: EventStream | null = null;
  private received = 0;

  constructor(readonly id: string) {}

  open(): () => void {
    this.stream = new EventStream(eventsUrl(this.id), {
      onFrames: (frames) => this.take(frames),
      onLink: (link, status) => {
        this.link = link;
        this.refused = status ?? 0;
        this.tell();
      },
      after: () => this.received,
    });
    const hurry = () => this.stream?.hurry();
    addEventListener("online", hurry);
    document.addEventListener("visibilitychange", hurry);
    return () => {
      removeEventListener("online", hurry);
      document.removeEventListener("visibilitychange", hurry);
      this.stream?.close();
    };
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  private take(frames: [Frame, number | null][]): void {
    for (const [frame, id] of frames) {
      if (id !== null) this.received = id;
      else if (frame.type === "CUSTOM" && frame.name === "tail") this.received = Number(frame.value?.seq ?? 0);
      this.waiting.push([frame, id]);
    }
    if (this.scheduled) return;
    this.scheduled = true;
    // A hidden page gets no animation frames.
    if (document.hidden) setTimeout(() => this.flush(), 100);
    else requestAnimationFrame(() => this.flush());
  }

  private flush(): void {
    this.scheduled = false;
    const frames = this.waiting;
    this.waiting = [];
    let view = this.view;
    for (const [frame, id] of frames) view = fold(view, frame, id);
    this.view = view;
    this.tell();
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}

export function useView(store: RunStore): View {
  return useSyncExternalStore(store.subscribe, () => store.view);
}
export function useLink(store: RunStore): Link {
  return useSyncExternalStore(store.subscribe, () => store.link);
}
