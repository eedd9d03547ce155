// What every card of the builder needs, wherever it stands.
import { createContext, useContext } from 'react';

import type { Flaw, Known } from './checks';
import type { CountState } from './counts';
import type { Change } from './draft';
import type { Speaker } from './words';

export interface Tools {
  known: Known;
  speaker: Speaker;
  change: (change: Change) => void;
  flaws: ReadonlyMap<string, Flaw[]>;
  // What the service refused, and where.
  refused: { id: string; text: string } | undefined;
  counts: ReadonlyMap<string, CountState>; // of top-level cards, by id
  readOnly: boolean;
  seesValues: boolean; // values of people are for operators
  now: Date;
  // Where the keyboard goes once the change is there, and what a screen reader is told.
  focus: (elementId: string) => void;
  say: (text: string) => void;
}

const Context = createContext<Tools | undefined>(undefined);
export const ToolsProvider = Context.Provider;

export function useTools(): Tools {
  const tools = useContext(Context);
  if (!tools) throw new Error('outside of the builder');
  return tools;
}
