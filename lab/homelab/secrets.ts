// Part of the lab: its random tokens and passwords, created once per lab.
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Layout } from "./layout.ts";
import { fileOf } from "./layout.ts";
import { Store } from "../shared/store.ts";

export interface LabSecrets {
  readonly authentik: string;
  readonly argocd: string;
  /** The administrator's token, for the first sync. */
  readonly argocdAdmin: string;
  readonly forgejo: string;
  readonly connect: string;
  readonly kubernetes: string;
  readonly clientSecret: string;
}

/** The lab's passphrase for Pulumi's state. Public, because the lab contains nothing of value. */
export const LAB_PASSPHRASE = "lab";

/** Creates the secrets of a new lab, and writes each token to the file named in the settings. */
export function labSecrets(layout: Layout): LabSecrets {
  const { settings, directory } = layout;
  const hex = (bytes: number): string => randomBytes(bytes).toString("hex");
  const { data } = Store.open<LabSecrets>(join(directory, "secrets", "all.json"), () => ({
    authentik: hex(30),
    argocd: `lab.${hex(30)}`,
    argocdAdmin: `lab.${hex(30)}`,
    forgejo: hex(20),
    connect: `lab.${hex(30)}`,
    kubernetes: hex(30),
    clientSecret: hex(64),
  }));
  put(fileOf(settings.authentik.token), data.authentik);
  put(fileOf(settings.forgejo.token), data.forgejo);
  put(fileOf(settings.onePassword.connectToken), data.connect);
  if (settings.argocd !== undefined) put(fileOf(settings.argocd.token), data.argocd);
  put(join(directory, "passphrase"), LAB_PASSPHRASE);
  return data;
}

function put(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(file, text, { mode: 0o600 });
}
