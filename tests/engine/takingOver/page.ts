// The commands of docs/guides/taking-over.md, and what the page says that they print.
import { readFileSync } from "node:fs";

export interface PageCommand {
  /** The words after `npm run`, without `--`: `pulumi up --stack prod`. */
  readonly words: readonly string[];
  /** Lines that it prints; `…` stands for anything. Of several commands in one block, those of the last. */
  readonly prints: readonly string[];
}

const BLOCK = /^```(sh|text)\n([^]*?)\n```$/gm;

/** In the page's order. */
export function commandsOf(page: string): readonly PageCommand[] {
  const text = readFileSync(new URL(`../../../docs/guides/${page}`, import.meta.url), "utf8");
  const commands: { words: readonly string[]; prints: readonly string[] }[] = [];
  for (const [, kind, content = ""] of text.matchAll(BLOCK)) {
    if (kind === "text") {
      const last = commands.at(-1);
      if (last !== undefined) last.prints = content.split("\n");
      continue;
    }
    for (const line of content.replaceAll(/\\\n\s*/g, "").split("\n")) {
      const [npm, run, name = "", ...words] = line.trim().split(/\s+/);
      if (`${npm ?? ""} ${run ?? ""}` !== "npm run") throw new Error(`not a command that the test can run: ${line}`);
      commands.push({ words: [name, ...words.filter((word) => word !== "--")], prints: [] });
    }
  }
  return commands;
}

/** The lines of the page that the output does not have. */
export function missingIn(output: string, prints: readonly string[]): readonly string[] {
  const flat = output.replaceAll(/\s+/g, " ");
  return prints.filter((line) => {
    const parts = line
      .trim()
      .split("…")
      .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
    return !new RegExp(parts.join(".*?")).test(flat);
  });
}
