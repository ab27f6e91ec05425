import { stripVTControlCharacters as withoutColours } from "node:util";

/** How much of a log an error shows. */
const LINES = 15;
const CHARACTERS = 2000;

/** How often something may be encoded in base64: the Secret of a docker config is base64 of JSON with base64 of user and password. */
const LEVELS = 3;

/**
 * The end of a job's log, for an error. The runner masks secrets, but only as a whole. Masked here in any case: an API key of zot, what follows the name of a
 * credential or of a way to sign in, what an address has before its host, and base64 of text, as `Authorization` and `config.json` of docker have it.
 *
 * @param secrets other values that must not be shown
 */
export function endOfLog(log: string, secrets: readonly string[]): string {
  const lines = log
    .split(/\r?\n/)
    // Without the time of the line, and without colours, which could stand between a name and its secret.
    .map((line) => withoutColours(line).replace(/^\d{4}-\d\d-\d\dT[\d:.]+Z /, ""))
    .map((line) => line.replaceAll(/[^\t\x20-\u{10FFFF}]/gu, "").trimEnd())
    .filter((line) => line !== "");
  return masked(lines.slice(-LINES).join("\n"), secrets).slice(-CHARACTERS);
}

function masked(text: string, secrets: readonly string[]): string {
  return secrets
    .filter((secret) => secret !== "")
    .reduce((rest, secret) => rest.replaceAll(secret, "***"), text)
    .replaceAll(/zak_[0-9a-zA-Z]+/g, "***")
    .replaceAll(/:\/\/[^\s/@]+@/g, "://***@")
    .replaceAll(
      // More than one name, as in `Authorization: Bearer …`.
      /((?:(?:authorization|basic|bearer|token|password)(?:["']?[ \t]*[:=][ \t]*|[ \t]+)["']?)+)([^\s"',;]+)/gi,
      (all, names: string, value: string) => (isProse(value) ? all : `${names}***`),
    )
    .replaceAll(/[A-Za-z0-9+/_-]{16,}={0,2}/g, (word) => (hidesText(word, LEVELS) ? "***" : word));
}

/** A word of an error, such as `token expired`, or `realm=`. */
function isProse(value: string): boolean {
  return /^[a-z]{1,15}[.:=]?$/.test(value);
}

/** Whether it is base64 of text, which may begin anywhere in the word. A digest is of bytes. */
function hidesText(word: string, levels: number): boolean {
  return [0, 1, 2, 3].some((from) => {
    const text = Buffer.from(word.slice(from), "base64").toString("latin1");
    if (text.includes("zak_") || /^[\t\n\r\x20-\x7E]+$|[\t\n\r\x20-\x7E]{18}/.test(text)) return true;
    if (levels <= 1) return false;
    return (text.match(/[A-Za-z0-9+/_-]{16,}/g) ?? []).some((inner) => hidesText(inner, levels - 1));
  });
}
