import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { atExit } from "./atExit.js";

/** The holder shows every five seconds that it is there; a lock that is this old belongs to nobody, even if its pid is in use again. */
const DEAD_AFTER = 60_000;

/**
 * Does some work that only one process on this machine may do at a time.
 * @template T
 * @param {string} file
 * @param {object} options
 * @param {(holder: number) => void} options.onWait told once, with the pid of the process that has the lock
 * @param {number} [options.poll] milliseconds between two looks
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(file, { onWait, poll = 500 }, work) {
  mkdirSync(dirname(file), { recursive: true });
  const mine = `${process.pid} ${hostname()} ${Math.random()}`;
  let waiting = false;
  while (!take(file, mine)) {
    const holder = holderOf(file);
    if (holder === undefined) continue;
    if (isDead(holder)) {
      remove(file, holder.text);
      continue;
    }
    if (!waiting) onWait(holder.pid);
    waiting = true;
    await sleep(poll);
  }
  const release = () => remove(file, mine);
  const forget = atExit(release);
  const alive = setInterval(() => {
    const now = new Date();
    try {
      utimesSync(file, now, now);
    } catch {
      // Somebody removed the lock by hand; the work goes on, and its result is renamed into place whole.
    }
  }, 5000);
  try {
    return await work();
  } finally {
    clearInterval(alive);
    forget();
    release();
  }
}

/**
 * Makes the lock with its content at once: a link fails when the name is there.
 * @param {string} file
 * @param {string} text
 */
function take(file, text) {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, text);
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EEXIST") throw error;
    return false;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** @typedef {{ text: string, pid: number, host: string, seen: number }} Holder */

/**
 * @param {string} file
 * @returns {Holder | undefined} undefined when the lock has just been released
 */
function holderOf(file) {
  try {
    const text = readFileSync(file, "utf8");
    const [pid = "", host = ""] = text.split(" ");
    return { text, pid: Number(pid), host, seen: statSync(file).mtimeMs };
  } catch {
    return undefined;
  }
}

/** @param {Holder} holder */
function isDead({ pid, host, seen }) {
  if (Date.now() - seen > DEAD_AFTER) return true;
  // A container that shares the cache folder has other pids: only the age of the lock tells.
  if (host !== hostname()) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "ESRCH";
  }
}

/**
 * Removes the lock if it still is the one with this content. It is moved aside first, so that of two processes that both saw a
 * dead lock, the second does not remove the new lock of the first.
 * @param {string} file
 * @param {string} text
 */
function remove(file, text) {
  const aside = `${file}.${process.pid}.aside`;
  try {
    renameSync(file, aside);
    if (readFileSync(aside, "utf8") !== text) linkSync(aside, file);
  } catch {
    // It was removed by somebody else, or the name has been taken again: either way there is nothing left to remove.
  }
  rmSync(aside, { force: true });
}
