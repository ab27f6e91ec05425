import { text } from "../../../../core/settings/types.ts";
import { isValidGlob } from "./match.ts";

/** What a valid glob is, for an error message. */
export const VALID_GLOB = "a glob with every bracket and brace closed, such as team/** or {a,b}/*";

/** A glob of repository names, as zot uses it. */
export const glob = text.refine(isValidGlob, { error: VALID_GLOB });
