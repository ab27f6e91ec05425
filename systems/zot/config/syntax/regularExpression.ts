import { text } from "../../../../core/settings/types.ts";
import { regularExpressionProblem } from "../checks/regularExpressions.ts";

/** A regular expression, as zot reads it. */
export const regularExpression = text.refine((value) => regularExpressionProblem(value) === undefined, {
  error: "a regular expression of Go (RE2), which has no look-around and no references to groups",
});
