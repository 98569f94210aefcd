import type { Status } from './status.ts';

/** A thing that users see. Its document is what its plugin says of it; how to read it is in the catalogue. */
export interface Resource {
  id: string;
  type: string;
  name: string;
  status: Status;
  /** The product's own word for the state. */
  word: string;
  /** When its source was last heard, Unix milliseconds. */
  lastSeen: number | undefined;
  doc: Readonly<Record<string, unknown>>;
}

/** An alert that fires. */
export interface Alert {
  id: string;
  level: string;
  resourceId: string;
  resourceName: string;
  message: string;
  start: number | undefined;
  acknowledged: boolean;
}
