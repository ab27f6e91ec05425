import { createInterface } from "node:readline/promises";

/** The options with which `pulumi up` asks nothing. */
const CONSENT = /^(--yes|-y|--skip-preview|-f)(=true)?$/;

/** Whether the user has agreed in advance, as `pulumi up` understands it. */
export function agreesInAdvance(options: readonly string[], environment: NodeJS.ProcessEnv): boolean {
  const variable = environment["PULUMI_SKIP_CONFIRMATIONS"] ?? "";
  return options.some((option) => CONSENT.test(option)) || ["1", "true"].includes(variable.toLowerCase());
}

/** Whether there is somebody to ask. */
export function canAsk(options: readonly string[], input: { readonly isTTY?: boolean }): boolean {
  return input.isTTY === true && !options.some((option) => /^--non-interactive(=true)?$/.test(option));
}

/** Asks a question; only `y` and `yes` agree. The end of the input is a no. */
export async function agrees(
  question: string,
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream,
): Promise<boolean> {
  const lines = createInterface({ input, output });
  const closed = new Promise<string>((done) => lines.once("close", () => done("")));
  try {
    return /^y(es)?$/i.test((await Promise.race([lines.question(`${question} [y/N] `), closed])).trim());
  } finally {
    lines.close();
  }
}
