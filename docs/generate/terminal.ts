import { spawnSync } from "node:child_process";

/** Larger than what is recorded, so that no line is cut or scrolls away. */
const ROWS = 300;
const COLUMNS = 300;

/** Runs a command on a terminal of util-linux' `script`, and returns what the terminal shows at the end. */
export function shownBy(command: string, env: NodeJS.ProcessEnv): string {
  const { status, stdout, stderr, error } = spawnSync(
    "script",
    ["--quiet", "--return", "--command", `stty rows ${ROWS} cols ${COLUMNS}; ${command}`, "/dev/null"],
    { encoding: "utf8", env: { ...env, TERM: "xterm" }, maxBuffer: Infinity },
  );
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ended with ${status}:\n${screenOf(stdout)}${stderr}`);
  return screenOf(stdout);
}

/** What a terminal shows after this output: the sequences with which a program moves the cursor and erases, and no colours. */
export function screenOf(output: string): string {
  const lines: string[] = [""];
  let [row, column] = [0, 0];
  const line = (): string => lines[row] ?? "";
  const moveTo = (to: number): void => {
    row = Math.max(0, to);
    while (lines.length <= row) lines.push("");
  };
  // oxlint-disable-next-line no-control-regex
  for (const [part, count, final] of output.matchAll(/\u001B\[[?]?([\d;]*)([A-Za-z])|\u001B.|[^]/gu)) {
    const by = Number(count === undefined || count === "" ? 1 : count);
    if (final === "A") moveTo(row - by);
    else if (final === "B") moveTo(row + by);
    else if (final === "G") column = by - 1;
    else if (final === "K") lines[row] = count === "2" ? "" : line().slice(0, column);
    else if (final === "J") lines.splice(row, lines.length, line().slice(0, column));
    else if (part.startsWith("\u001B")) continue;
    else if (part === "\r") column = 0;
    else if (part === "\n") moveTo(row + 1);
    else if (part >= " ") {
      const before = line().padEnd(column);
      lines[row] = before.slice(0, column) + part + before.slice(column + 1);
      column += 1;
    }
  }
  return lines.map((text) => text.trimEnd()).join("\n");
}
