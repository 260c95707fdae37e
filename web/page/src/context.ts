/** The run that the panes show. */

import { createContext, useContext } from "react";
import type { View } from "./lib/document";

export interface Current {
  id: string;
  graph: string;
  view: View;
  /** Client ids of what this page sent: conflict notices are for whoever made the edit. */
  mine: Set<string>;
  /** The run takes no more commands. */
  over: boolean;
  status: string;
  /** Its nodes read messages. */
  steerable: boolean;
  openEvidence(ids: string[], n: number): void;
}
export const CurrentContext = createContext<Current | null>(null);
export function useCurrent(): Current {
  const current = useContext(CurrentContext);
  if (!current) throw new Error("no run");
  return current;
}
