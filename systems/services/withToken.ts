import { ZotAuthError, messageOf } from "../../core/errors.ts";
import type { ProofRow } from "../../core/proofRow.ts";
import { ArgoCd } from "../argocd/client.ts";
import type { ArgoCdConnection } from "../argocd/client.ts";
import { Authentik } from "../authentik/client.ts";
import type { AuthentikConnection } from "../authentik/client.ts";
import { Forgejo } from "../forgejo/client.ts";
import { runnersOf } from "../forgejo/jobs/jobs.ts";
import type { ForgejoConnection } from "../forgejo/client.ts";

// What only a token shows of the servers. What the token may not see, or the server's release does not show, is skipped and says so.

/** Authentik's worker makes the list of blueprint files: without it, this request alone gets no answer. It needs no permission. */
export async function workerRow(connection: AuthentikConnection, signal: AbortSignal): Promise<ProofRow> {
  const row = { name: "Authentik's worker", expected: "a list of blueprint files" };
  return tried(row, signal, async () => {
    try {
      await new Authentik(connection, signal).available();
    } catch (error) {
      if (!(error instanceof ZotAuthError) || error.code !== "SERVER_UNREACHABLE") throw error;
      return {
        measured: "no answer",
        outcome: "failed",
        lookAt: "Check that Authentik's worker runs, and its log: without it no blueprint is applied.",
      };
    }
    return passed(row.expected);
  });
}

export async function applicationRow(connection: ArgoCdConnection, signal: AbortSignal): Promise<ProofRow> {
  const name = `Argo CD's application ${connection.application}`;
  return tried({ name, expected: "Synced, Healthy" }, signal, async () => {
    const { sync, health } = await new ArgoCd(connection, signal).state();
    const measured = `${sync === "" ? "not compared" : sync}, ${health === "" ? "health unknown" : health}`;
    // In a rollout, which others may have started.
    if (sync === "Synced" && (health === "Healthy" || health === "Progressing")) return passed(measured);
    return { measured, outcome: "failed", lookAt: `See the application ${connection.application} in Argo CD.` };
  });
}

/** An online runner that may take the target's jobs. Forgejo lists runners from release 15 on. */
export async function runnersRow(
  connection: ForgejoConnection,
  target: string,
  signal: AbortSignal,
): Promise<ProofRow> {
  const row = { name: `Forgejo's runners for ${target}`, expected: "one that is online" };
  return tried(row, signal, async () => {
    const runners = await runnersOf(new Forgejo(connection, signal), target);
    if (runners === undefined)
      return skipped(
        "this release of Forgejo lists no runners",
        "A test build (acceptance.workflow) proves that a runner takes jobs.",
      );
    // An older release lists only the target's own runners.
    if (runners.length === 0)
      return skipped(
        "Forgejo lists none; those of its owner or of the instance may serve it",
        "A test build (acceptance.workflow) proves that a runner takes jobs.",
      );
    if (runners.some(({ status }) => status !== "offline")) return passed(row.expected);
    const names = runners.map(({ name }) => name).join(", ");
    return {
      measured: `offline: ${names}`,
      outcome: "failed",
      lookAt: "Start a runner, and check its log: no workflow runs without one.",
    };
  });
}

type Found = Pick<ProofRow, "measured" | "outcome" | "lookAt">;

function passed(measured: string): Found {
  return { measured, outcome: "passed", lookAt: "" };
}

function skipped(measured: string, lookAt: string): Found {
  return { measured, outcome: "skipped", lookAt };
}

/** A token that may not look, or a server that went down meanwhile, is reported with its own error, which names the remedy. */
async function tried(
  row: Pick<ProofRow, "name" | "expected">,
  signal: AbortSignal,
  look: () => Promise<Found>,
): Promise<ProofRow> {
  try {
    return { ...row, ...(await look()) };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof ZotAuthError)) throw error;
    return { ...row, ...skipped("its server did not let it be looked at", messageOf(error)) };
  }
}
