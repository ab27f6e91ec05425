import { createInterface } from "node:readline/promises";
import type { Interface } from "node:readline/promises";
import { problemsOf, valueFromText } from "../settings/schema.ts";
import { isOpen } from "./questions.ts";
import type { Question } from "./questions.ts";
import { Stop } from "../stop.ts";
import { withValue } from "../settings/tree.ts";
import type { Tree } from "../settings/tree.ts";

/** Where to ask; `undefined` if there is nobody. */
export interface Terminal {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
}

/**
 * Asks each open question until its answer is valid.
 *
 * @returns the settings with the answers
 * @throws Stop at the end of the input
 */
export async function askAll(questions: readonly Question[], tree: Tree, terminal: Terminal): Promise<Tree> {
  const lines = createInterface(terminal);
  const ended = new Promise<undefined>((done) => lines.once("close", () => done(undefined)));
  try {
    let answered = tree;
    for (const question of questions) {
      if (isOpen(question, answered)) answered = await answerTo(question, answered, { lines, ended, ...terminal });
    }
    return answered;
  } finally {
    lines.close();
  }
}

interface Asking extends Terminal {
  readonly lines: Interface;
  readonly ended: Promise<undefined>;
}

async function answerTo(question: Question, tree: Tree, { lines, ended, output }: Asking): Promise<Tree> {
  const { setting, asks, optional, suggests } = question;
  const suggestion = suggests?.(tree);
  for (;;) {
    const prompt = `${asks}${suggestion === undefined ? "" : ` [${suggestion}]`}\n  ${setting}: `;
    const line = await Promise.race([lines.question(prompt), ended]);
    if (line === undefined) {
      output.write("\n");
      throw new Stop("Nothing was written: the questions were not answered.", 2);
    }
    const answer = line.trim() === "" ? suggestion : line.trim();
    if (answer === undefined) {
      if (optional === true) return tree;
      continue;
    }
    const value = valueFromText(setting, answer);
    const [problem] = problemsOf(withValue({}, setting.split("."), value));
    if (problem === undefined) return withValue(tree, setting.split("."), value);
    output.write(`  ✗ ${problem.message}\n`);
  }
}
