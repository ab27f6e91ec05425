import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { atExit } from "./atExit.js";
import { isAlive } from "./processes.js";

/** The holder touches the lock every five seconds. An older lock is stale, even if another process has its pid by now. */
const DEAD_AFTER = 60_000;

/**
 * Runs work that only one process on this machine may do at a time.
 * @template T
 * @param {string} file
 * @param {object} options
 * @param {(holder: number) => void} options.onWait called once, with the pid of the process that holds the lock
 * @param {number} [options.poll] milliseconds between two attempts
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
      // Somebody removed the lock. The work can continue, since its result is renamed into place as a whole.
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
 * Creates the lock together with its content: a link fails if the name exists.
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
 * @returns {Holder | undefined} undefined if the lock has just been released
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
  // The pid means nothing on another host, such as a container that shares the cache folder. There only the age counts.
  return host === hostname() && !isAlive(pid);
}

/**
 * Removes the lock if it still has this content. It moves the lock aside first: if two processes see a stale lock, the second must not
 * remove the first one's new lock.
 * @param {string} file
 * @param {string} text
 */
function remove(file, text) {
  const aside = `${file}.${process.pid}.aside`;
  try {
    renameSync(file, aside);
    if (readFileSync(aside, "utf8") !== text) linkSync(aside, file);
  } catch {
    // Another process removed the lock or has created its own. Either way this one is gone.
  }
  rmSync(aside, { force: true });
}
