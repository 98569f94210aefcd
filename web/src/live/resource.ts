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
  /** Why nothing fresh is known of it, and since when; absent when it is fresh. */
  stale?: { reason: string; since: number | undefined };
  /** The tags that people gave it; absent when none. */
  given?: readonly string[];
  /** Whether the values of its columns have come; before, those that are missing are not unknown but under way. */
  known?: true;
  /** Its document, as far as it is shown: what the page's view asks for. */
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
