// What the user declares, did, and cannot know yet.
import { REPOSITORIES } from "../homelab/servers.ts";
import type { Story } from "./story.ts";

/** What decides how a story goes on besides the world. */
export interface Known {
  grace: Story["grace"];
  rotation: number;
  revocation: number;
  people: boolean;
  repositories: readonly string[];
  /** CI may hold a revoked key until the next successful `up`, because the user requested it or someone revoked it by hand. */
  excused: boolean;
  /** The servers differ from the state, and no refresh has found it yet. */
  hidden: boolean;
  /** Keys created by hand. */
  byHand: number;
}

export const BEGINNING: Omit<Known, "grace"> = {
  rotation: 0,
  revocation: 0,
  people: false,
  repositories: REPOSITORIES.slice(0, 2),
  excused: false,
  hidden: false,
  byHand: 1,
};
