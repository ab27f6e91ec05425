import { ERROR_CODES } from "../core/errorCodes.ts";

/** The page of all error codes, as Markdown. */
export function documentErrors(): string {
  const systems = Object.entries(ERROR_CODES).map(([system, codes]) => {
    const rows = Object.entries(codes).map(([code, meaning]) => `| \`${code}\` | ${meaning} |`);
    return [`## ${system}`, "", "| code | what it means, and what to do |", "| --- | --- |", ...rows].join("\n");
  });
  return [
    "<!-- Made by `npm run docs` from core/errorCodes.ts. -->",
    "# Errors",
    "Each error has a code, which stays the same across releases. The message says what is wrong, with the setting and its value, and what to do.",
    ...systems,
    "",
  ].join("\n\n");
}
