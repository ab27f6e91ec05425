// Who may import whom. The folders are the layers, and arrows go down only.
import { dirname, matchesGlob, relative, resolve } from "node:path";

/**
 * What each layer may import besides itself: folders, or single files. Folders that are not listed (tests, lab, docs, …) are free to import.
 *
 * @type {Readonly<Record<string, readonly string[]>>}
 */
const LAYERS = {
  "index.ts": ["stack", "components", "settings", "systems", "core"],
  stack: ["components", "settings", "systems", "core"],
  components: ["systems", "provider/resource.ts", "provider/formerTypes.ts", "core"],
  settings: ["systems", "core"],
  systems: ["provider/resource.ts", "core"],
  provider: ["core"],
  report: ["core"],
  commands: ["report", "settings", "systems", "core", "toolchain/system/processes.js"],
  core: [],
};

/** The table of the provider's handlers and its entry point load the systems. */
const PROVIDER_ENTRIES = ["provider/handlers.ts", "provider/definition.ts"];

/**
 * Which other systems each system may import.
 *
 * @type {Readonly<Record<string, readonly string[]>>}
 */
const SYSTEMS = {
  argocd: ["onePassword"],
  authentik: ["onePassword"],
  forgejo: ["onePassword"],
  kubernetes: [],
  onePassword: [],
  zot: ["authentik", "onePassword"],
  // Asks every server whether it works.
  services: ["argocd", "authentik", "forgejo", "kubernetes", "onePassword", "zot"],
  // Checks every system before anything changes.
  preflight: ["argocd", "authentik", "forgejo", "kubernetes", "onePassword", "zot"],
};

/** Layers that may import Pulumi's packages. */
const PULUMI_LAYERS = ["index.ts", "stack", "components", "provider"];
const PULUMI = /^@(pulumi|1password|grpc)\//;

/** Files that decide, render or parse, and ask nobody. They import only one another. */
const PURE = [
  "core/{acceptRemoved,errorCodes,errors,json,time/duration,yaml}.ts",
  "core/secrets/{fingerprint,reference,secret}.ts",
  "core/settings/*",
  "settings/**",
  "systems/*/{settings,settingsProblems}.ts",
  "systems/zot/*/{settings,settingsProblems}.ts",
  "systems/authentik/blueprint/*",
  "systems/authentik/issuer.ts",
  "systems/authentik/rights/needed.ts",
  "systems/authentik/session/claims.ts",
  "systems/forgejo/{secrets/secretMarker,target}.ts",
  "systems/forgejo/jobToken/{issuer,settings,tokenTargets}.ts",
  "systems/onePassword/item/{field,item,place}.ts",
  "systems/zot/access/{*,globs/*}",
  "systems/zot/config/**",
  "systems/zot/host/{facts/*,shell/shell,zotHost}.ts",
  "systems/zot/host/{deploy,files,service}/**",
  "systems/zot/keys/rotation.ts",
  "systems/zot/signIn/usernameClaim.ts",
  "systems/zot/signIn/diagnosis/*",
  "systems/zot/takeOver/*",
  "systems/zot/version.ts",
];
const CLIENT_PACKAGES =
  /^(undici|tough-cookie|oauth4webapi|(node:)?(child_process|cluster|dgram|dns|http|http2|https|net|tls)(\/|$))/;

/**
 * Why a file may not import something; `undefined` if it may.
 *
 * @param {string} file path of the importing file, from the root of the repository
 * @param {string} source what it imports: a relative path, or a package
 * @returns {string | undefined}
 */
export function refusal(file, source) {
  const layer = layerOf(file);
  const allowed = LAYERS[layer];
  if (allowed === undefined) return undefined;
  if (!source.startsWith(".")) {
    if (PULUMI.test(source) && !PULUMI_LAYERS.includes(layer)) return `${layer} must not import Pulumi: ${source}.`;
    if (isPure(file) && CLIENT_PACKAGES.test(source)) return `A pure file must not import a client: ${source}.`;
    return undefined;
  }
  const target = relative("/", resolve("/", dirname(file), source));
  const targetLayer = layerOf(target);
  if (["lab", "tests"].includes(targetLayer)) return `The product must not import ${targetLayer}: ${target}.`;
  if (layer === targetLayer) {
    const [, system = ""] = file.split("/");
    const [, other = ""] = target.split("/");
    if (layer === "systems" && system !== other && SYSTEMS[system]?.includes(other) !== true)
      return `The system ${system} must not import the system ${other}: ${target}.`;
  } else if (
    !allowed.includes(targetLayer) &&
    !allowed.includes(target) &&
    !(PROVIDER_ENTRIES.includes(file) && targetLayer === "systems")
  ) {
    return `${layer} must not import ${targetLayer}: ${target}.`;
  }
  return isPure(file) && !isPure(target)
    ? `A pure file must not import one that is not (see PURE): ${target}.`
    : undefined;
}

/** @param {string} path */
function layerOf(path) {
  return path.split("/")[0] ?? "";
}

/** @param {string} path */
function isPure(path) {
  return PURE.some((glob) => matchesGlob(path, glob));
}

/**
 * What the rule uses of the linter's interface for plugins.
 *
 * @typedef {{ readonly value?: unknown }} Source
 * @typedef {{ readonly filename: string, report(what: { readonly node: Source, readonly message: string }): void }} Context
 */

/** The lint plugin with the one rule `imports`. */
export default {
  meta: { name: "layers" },
  rules: {
    imports: {
      /** @param {Context} context */
      create(context) {
        const file = relative(import.meta.dirname, context.filename).replaceAll("\\", "/");
        /** @param {{ readonly source?: Source | null }} node */
        const check = ({ source }) => {
          if (typeof source?.value !== "string") return;
          const message = refusal(file, source.value);
          if (message !== undefined) context.report({ node: source, message });
        };
        return {
          ImportDeclaration: check,
          ExportNamedDeclaration: check,
          ExportAllDeclaration: check,
          ImportExpression: check,
        };
      },
    },
  },
};
